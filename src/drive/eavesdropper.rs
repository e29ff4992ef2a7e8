//! The outsider's ear on the wire: keeps what crosses it, and asks the [`outsider`] what to send upon it.
//!
//! Of messages that say the same to the same party only the first is news to the outsider, so that it says something finitely often
//! where parties repeat themselves for ever. Its own messages it does not hear. Nor does it listen to one step of a purchase for
//! ever: a party that answers each repetition with something new (a fresh key, where `one-key-per-tid` is off) would keep the two
//! talking without end, and a network is to be fair in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::party::{Party, PurchaseKey, Step};
use crate::protocol::message::Message;
use crate::protocol::outsider::{self, Forged, Overheard};
use crate::protocol::setup::Setup;
use crate::world::{Happening, Observer};

/// An outsider in a run.
#[derive(Debug, Clone)]
pub struct Eavesdropper<'s> {
    outsider: outsider::Known,
    setup: &'s Setup,
    heard: Vec<Overheard>,
    known: BTreeSet<(Party, Arc<Message>)>,
    /// How much was news of each step of each purchase.
    news: BTreeMap<(Party, PurchaseKey, Step), u32>,
    says: Vec<Forged>,
}

/// Of one step of a purchase so many different messages to one party are news: more than any party says that does not answer the
/// outsider itself (`tests/dishonest/outsiders.rs` counts).
pub const NEWS_MAX: u32 = 8;

impl<'s> Eavesdropper<'s> {
    /// The run's outsider, if it has one.
    pub fn of(setup: &'s Setup) -> Option<Self> {
        let outsider = setup.outsider?;
        Some(Eavesdropper {
            outsider,
            setup,
            heard: Vec::new(),
            known: BTreeSet::new(),
            news: BTreeMap::new(),
            says: Vec::new(),
        })
    }

    /// A party sends something, at that time in virtual microseconds.
    pub fn hear(&mut self, at_us: u64, (from, to): (Party, Party), message: &Arc<Message>) {
        let news = self.news.entry((to, message.about, message.step)).or_default();
        if *news < NEWS_MAX && self.known.insert((to, Arc::clone(message))) {
            *news += 1;
            self.heard.push(Overheard { at_us, from, to, message: Arc::clone(message) });
            self.says.extend(self.outsider.meddle(&self.heard, self.setup));
        }
    }

    /// What it has to say since it was last asked.
    pub fn says(&mut self) -> Vec<Forged> {
        std::mem::take(&mut self.says)
    }
}

/// By what it has heard: everything else that it knows follows from that.
impl Hash for Eavesdropper<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.heard, &self.says).hash(state);
    }
}

impl Observer for Eavesdropper<'_> {
    fn observe(&mut self, now_us: u64, happening: &Happening<'_>) {
        if let Happening::Sent { envelope, message, .. } = happening {
            self.hear(now_us, (envelope.from, envelope.to), message);
        }
    }
}
