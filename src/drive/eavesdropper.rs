//! The outsider's ear on the wire: keeps what crosses it, and asks the [`outsider`] what to send upon it.
//!
//! Of messages that say the same to the same party only the first is news to the outsider, so that it says something finitely often
//! where parties repeat themselves for ever. Its own messages it does not hear.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::protocol::message::Message;
use crate::protocol::outsider::{self, Forged, Overheard};
use crate::protocol::party::Party;
use crate::protocol::setup::Setup;
use crate::world::{Happening, Observer};

/// An outsider in a run.
#[derive(Debug, Clone)]
pub struct Eavesdropper<'s> {
    outsider: outsider::Known,
    setup: &'s Setup,
    heard: Vec<Overheard>,
    known: BTreeSet<(Party, Arc<Message>)>,
    says: Vec<Forged>,
}

impl<'s> Eavesdropper<'s> {
    /// The run's outsider, if it has one.
    pub fn of(setup: &'s Setup) -> Option<Self> {
        let outsider = setup.outsider?;
        Some(Eavesdropper { outsider, setup, heard: Vec::new(), known: BTreeSet::new(), says: Vec::new() })
    }

    /// What it has to say since it was last asked.
    pub fn says(&mut self) -> Vec<Forged> {
        std::mem::take(&mut self.says)
    }
}

impl Hash for Eavesdropper<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.heard, &self.says).hash(state);
    }
}

impl Observer for Eavesdropper<'_> {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        let Happening::Sent { envelope, message, .. } = happening else { return };
        if self.known.insert((envelope.to, Arc::clone(message))) {
            let (from, to, message) = (envelope.from, envelope.to, Arc::clone(message));
            self.heard.push(Overheard { at_us: now_us, from, to, message });
            self.says.extend(self.outsider.meddle(&self.heard, self.setup));
        }
    }
}
