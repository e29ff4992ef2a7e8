//! The contract between a party and the world: what goes into a role and what comes out of it.
//!
//! A role does no input or output of its own. It is handed one [`Input`] at a time and answers with an ordered list of
//! [`Effect`]s, which the world carries out one by one; a crash may strike between any two of them. Its own fields are volatile
//! and die with a crash. What it saved survives, and [`Protocol::role`](super::Protocol::role) rebuilds it from that alone, so
//! that a fresh start and a recovery are the same path. Whatever a role does beyond its own fields goes through
//! [`Context`]: it signs as itself only, and every cryptographic operation is counted there.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::mechanism::Mechanism;
use super::message::Message;
use super::order::Cents;
use super::record::Record;
use super::setup::Setup;
use super::wire::Writer;
use crate::crypto::streams::Purpose;
use crate::crypto::{Blob, Digest, Key, Signature};
use crate::party::{Party, PurchaseKey};

/// What a customer sets out to buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wish {
    /// From whom, counted from zero.
    pub merchant: u32,
    /// The item's number in that merchant's catalogue.
    pub item: u32,
}

/// What a role is handed.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// To a customer, once: make this purchase.
    Start(Wish),
    /// A message has arrived.
    Message {
        /// Who it came from, as far as the network knows.
        from: Party,
        /// What it says.
        message: &'a Arc<Message>,
    },
    /// A timer has fired.
    Timeout(Timer),
    /// The party is back, and has just been rebuilt from its journal.
    Restart,
    /// To P: every customer's account receives this much from outside.
    TopUp(Cents),
}

/// What a role wants done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Write a record. Where it is not durable, the next crash takes it.
    Save {
        /// The record.
        record: Arc<Record>,
        /// Whether it survives a crash.
        durable: bool,
    },
    /// Send a message.
    Send {
        /// To whom.
        to: Party,
        /// What.
        message: Arc<Message>,
    },
    /// Set a timer, in place of any earlier one of the same name.
    SetTimer {
        /// Which.
        timer: Timer,
        /// How long from now, in virtual microseconds.
        after_us: u64,
    },
    /// Forget a timer, set or not.
    CancelTimer(Timer),
    /// Tell the party's owner what it holds to be true of a purchase.
    Believe {
        /// The purchase.
        about: PurchaseKey,
        /// The belief.
        belief: Belief,
    },
}

/// What a party tells its owner of a purchase. Having said nothing is the absence of a belief.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Belief {
    /// Not known yet, and said so.
    InDoubt,
    /// To C: you have paid.
    Charged,
    /// To C: you have not paid and never will.
    NotCharged,
    /// To M: you have been paid.
    Paid,
    /// To M: you have not been paid and never will.
    NotPaid,
}

impl Belief {
    /// Whether the party rests on it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Belief::InDoubt)
    }

    /// The words that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Belief::InDoubt => "in-doubt",
            Belief::Charged => "charged",
            Belief::NotCharged => "not-charged",
            Belief::Paid => "paid",
            Belief::NotPaid => "not-paid",
        }
    }
}

/// A timer's name: a party has at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    /// The purchase that it is about.
    pub about: PurchaseKey,
    /// What it is for.
    pub kind: TimerKind,
}

/// How often each cryptographic operation was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Signatures made.
    pub signs: u64,
    /// Signatures checked.
    pub verifies: u64,
    /// Items sealed.
    pub seals: u64,
    /// Ciphertexts opened, or tried.
    pub opens: u64,
    /// Digests of items, ciphertexts and keys.
    pub digests: u64,
}

/// Virtual time, as a role reads it.
#[derive(Debug)]
pub struct Clock {
    now_us: u64,
    read: Cell<bool>,
}

impl Clock {
    /// A clock that stands at this moment, in virtual microseconds, and has not been read.
    pub const fn at(now_us: u64) -> Self {
        Clock { now_us, read: Cell::new(false) }
    }

    /// Whether anybody has read it. What a role does without reading it, it would do at any time.
    pub fn was_read(&self) -> bool {
        self.read.get()
    }
}

/// What a role may use while it handles an input.
#[derive(Debug)]
pub struct Context<'a> {
    /// The party itself.
    pub me: Party,
    /// Virtual time.
    pub clock: &'a Clock,
    /// What does not change during a run.
    pub setup: &'a Setup,
    /// Where effects go, in order.
    pub effects: &'a mut Vec<Effect>,
    /// How many random values the party has drawn in its life, crashes included.
    pub draws: &'a mut u64,
    /// The count of cryptographic operations.
    pub work: &'a mut Work,
}

impl Context<'_> {
    /// Virtual time, in microseconds.
    pub fn now_us(&self) -> u64 {
        self.clock.read.set(true);
        self.clock.now_us
    }

    /// Whether a mechanism is on.
    pub fn has(&self, mechanism: Mechanism) -> bool {
        self.setup.has(self.me.side(), mechanism)
    }

    /// Writes a record, durable only where the given mechanism is on.
    pub fn save(&mut self, journal: Mechanism, record: impl Into<Arc<Record>>) {
        let durable = self.has(journal);
        self.effects.push(Effect::Save { record: record.into(), durable });
    }

    /// Sends a message.
    pub fn send(&mut self, to: Party, message: Message) {
        self.send_again(to, &Arc::new(message));
    }

    /// Sends a message that was sent before, or may be sent again.
    pub fn send_again(&mut self, to: Party, message: &Arc<Message>) {
        self.effects.push(Effect::Send { to, message: Arc::clone(message) });
    }

    /// Sets a timer.
    pub fn set_timer(&mut self, about: PurchaseKey, kind: TimerKind, after_us: u64) {
        self.effects.push(Effect::SetTimer { timer: Timer { about, kind }, after_us });
    }

    /// Forgets a timer.
    pub fn cancel_timer(&mut self, about: PurchaseKey, kind: TimerKind) {
        self.effects.push(Effect::CancelTimer(Timer { about, kind }));
    }

    /// Tells the owner.
    pub fn believe(&mut self, about: PurchaseKey, belief: Belief) {
        self.effects.push(Effect::Believe { about, belief });
    }

    /// Fresh random bytes from the party's own stream.
    pub fn draw(&mut self) -> [u8; 32] {
        let bytes = self.setup.streams.draw(Purpose::Secret, Some(self.me), *self.draws);
        *self.draws += 1;
        bytes
    }

    /// The party's own signature.
    pub fn sign(&mut self, statement: Writer) -> Signature {
        self.work.signs += 1;
        self.setup.crypto.sign(self.me, statement.as_slice())
    }

    /// Whether the signature is the signer's.
    pub fn verify(&mut self, signer: Party, statement: Writer, signature: &Signature) -> bool {
        self.work.verifies += 1;
        self.setup.crypto.verify(signer, statement.as_slice(), signature)
    }

    /// The item sealed under the key.
    pub fn seal(&mut self, key: &Key, nonce: [u8; 12], item: &Blob) -> Blob {
        self.work.seals += 1;
        self.setup.crypto.seal(key, nonce, item)
    }

    /// What was sealed, if the key fits.
    pub fn open(&mut self, key: &Key, sealed: &Blob) -> Option<Blob> {
        self.work.opens += 1;
        self.setup.crypto.open(key, sealed)
    }

    /// `H(item)` or `H({item}k)`.
    pub fn digest(&mut self, blob: &Blob) -> Digest {
        self.work.digests += 1;
        self.setup.crypto.digest_blob(blob)
    }

    /// `H(k)`.
    pub fn digest_key(&mut self, key: &Key) -> Digest {
        self.work.digests += 1;
        self.setup.crypto.digest_key(key)
    }
}

/// A party's state machine.
pub trait Role: RoleState {
    /// Takes one input and pushes effects onto the context. Deterministic: the same state, input and context give the same
    /// state and effects. Never panics, whatever the message.
    fn handle(&mut self, input: Input<'_>, context: &mut Context<'_>);

    /// Drops what it remembers of a purchase about which nothing is under way any more, so that a long run does not fill the memory. It
    /// may keep it, and must keep what bears on other purchases, such as what accounts hold.
    fn forget(&mut self, _about: &PurchaseKey) {}

    /// Whether it remembers nothing, as if it had just been set up.
    fn is_blank(&self) -> bool {
        false
    }
}

/// What makes a boxed role a plain value: to be cloned, compared and hashed. Implemented for every role that derives these.
pub trait RoleState: fmt::Debug + Send + Sync {
    /// A copy.
    fn clone_role(&self) -> Box<dyn Role>;
    /// Whether both are in the same state.
    fn same_role(&self, other: &dyn Role) -> bool;
    /// Feeds the state to a hasher.
    fn hash_role(&self, hasher: &mut dyn Hasher);
    /// The role as a value of any type.
    fn as_any(&self) -> &dyn Any;
}

impl<R: Role + Clone + Eq + Hash + 'static> RoleState for R {
    fn clone_role(&self) -> Box<dyn Role> {
        Box::new(self.clone())
    }

    fn same_role(&self, other: &dyn Role) -> bool {
        other.as_any().downcast_ref::<R>() == Some(self)
    }

    fn hash_role(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A role as a plain value.
#[derive(Debug)]
pub struct AnyRole(pub Box<dyn Role>);

impl Clone for AnyRole {
    fn clone(&self) -> Self {
        AnyRole(self.0.clone_role())
    }
}

impl PartialEq for AnyRole {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_role(&*other.0)
    }
}

impl Eq for AnyRole {}

impl Hash for AnyRole {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash_role(hasher);
    }
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimerKind {
    /// The last message has not been answered: send it again.
    Retry,
    /// The outcome is not known: ask P.
    Query,
    /// P may forget that it has acted on a TID.
    Forget,
}

impl TimerKind {
    /// Every kind.
    pub const ALL: &'static [TimerKind] = &[TimerKind::Retry, TimerKind::Query, TimerKind::Forget];

    /// The name that plans and diagrams use.
    pub const fn name(self) -> &'static str {
        match self {
            TimerKind::Retry => "retry",
            TimerKind::Query => "query",
            TimerKind::Forget => "forget",
        }
    }
}

impl fmt::Display for TimerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
