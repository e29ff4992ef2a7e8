//! End states: where runs come to rest, and what `outcomes.csv` says of them.
//!
//! A run without further faults that is fair to every step ends up in a bottom strongly connected component of the fair
//! steps, and visits all of it for ever. A component of one state is rest in the plain sense; a larger one is made of
//! questions that are asked for ever and change nothing, which is asserted: all its states must say the same. Expiry
//! and restarts are fair steps that lead nowhere back, so in such a component they have come.

use super::{
    Case, Configuration,
    parties::{Party, Sale, Stage, Status},
    readings::{CIPHERTEXT_MUST_BE_SHOWN, FORGETFUL_IS_WRONGED, OPPONENT_KEEPS_SILENT, PAIR_REFUTES},
    world::{Action, State},
};
use stateright::Model;
use std::collections::{BTreeMap, HashMap, hash_map::Entry};
use std::hash::{BuildHasherDefault, Hasher};

/// A verdict column: `true` is `holds`.
type Held = bool;

/// The columns of `outcomes.csv`, in its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndState {
    /// none, committed, declined, aborted.
    pub payment: &'static str,
    /// none, sealed, item, wrong-item.
    pub customer_goods: &'static str,
    /// yes, no.
    pub obtainable: &'static str,
    /// none, in-doubt, charged, not-charged.
    pub customer_belief: &'static str,
    /// none, in-doubt, paid, not-paid.
    pub merchant_belief: &'static str,
    /// holds, violated.
    pub money: &'static str,
    /// holds, violated.
    pub goods: &'static str,
    /// holds, violated.
    pub content: &'static str,
    /// holds, violated.
    pub certified: &'static str,
    /// holds, violated.
    pub terminates: &'static str,
}

impl EndState {
    /// The columns in the order of `outcomes.csv`.
    pub fn columns(&self) -> [&'static str; 10] {
        let beliefs = [self.payment, self.customer_goods, self.obtainable, self.customer_belief, self.merchant_belief];
        let verdicts = [self.money, self.goods, self.content, self.certified, self.terminates];
        std::array::from_fn(|i| if i < 5 { beliefs[i] } else { verdicts[i - 5] })
    }

    /// What a state at rest comes to.
    pub fn of(config: &Configuration, state: &State) -> Self {
        let customer = &state.customer;
        let obtainable = customer.item || can_obtain(config, state);
        let customer_belief = match customer.stage {
            Stage::Ordered => "in-doubt",
            Stage::Charged => "charged",
            Stage::NotCharged => "not-charged",
            Stage::Idle | Stage::Asking | Stage::Blank | Stage::Quoted => "none",
        };
        let merchant_belief = match state.merchant.sale {
            Sale::None => "none",
            Sale::Submitted { .. } => "in-doubt",
            Sale::Paid => "paid",
            Sale::NotPaid => "not-paid",
        };
        // Who signed or submitted nothing is settled without knowing anything.
        let customer_knows =
            state.instrument == super::world::Instrument::Unsigned || customer_belief.ends_with("charged");
        let merchant_knows = merchant_belief.ends_with("paid") || (merchant_belief == "none" && !state.submitted);
        Self {
            payment: match state.ledger.record {
                Status::Unknown => "none",
                Status::Committed { .. } => "committed",
                Status::Aborted => "aborted",
            },
            customer_goods: match (customer.item, customer.sealed) {
                (true, _) => "item",
                (false, Some(_)) => "sealed",
                (false, None) => "none",
            },
            obtainable: if obtainable { "yes" } else { "no" },
            customer_belief,
            merchant_belief,
            money: verdict(!state.money_broken),
            goods: verdict(!state.unpaid_goods && (obtainable || !state.committed())),
            // A key that does not open the ciphertext yields nothing; honest merchants seal what they describe.
            content: verdict(true),
            certified: verdict(certified(config, state, obtainable)),
            terminates: verdict(customer_knows && merchant_knows),
        }
    }
}

fn verdict(holds: Held) -> &'static str {
    if holds { "holds" } else { "violated" }
}

/// C can get the item with what it remembers and what P's record says.
fn can_obtain(config: &Configuration, state: &State) -> bool {
    let helps = state.customer.signed() && config.queries();
    match (config.case, state.ledger.record) {
        (Case::Two, Status::Committed { key, .. }) => helps && state.customer.sealed == Some(key),
        (Case::Three, Status::Committed { .. }) => helps,
        _ => false,
    }
}

/// The judge decides every claim of section 5 rightly.
///
/// Where nothing is committed P's record says so, and that decides "I was not charged" for C and "C ordered and
/// received this" against M. Where something is, P's record decides: in Case 3 it holds the item itself; in Case 2 the
/// digest that C signed and the key, which show the item to a judge who is handed the ciphertext too. False claims are
/// rejected: no "Y" is ever shown, and who claims to have received nothing while the record's key opens what it signed
/// for has to hold back the ciphertext, without which nothing is shown to be wrong. What is left are the true claims,
/// which their claimants must be able to prove.
fn certified(config: &Configuration, state: &State, obtainable: bool) -> Held {
    let Status::Committed { signed, key } = state.ledger.record else { return true };
    let fits = key == signed;
    let keeps = |party| match party {
        _ if !CIPHERTEXT_MUST_BE_SHOWN => true,
        Party::Customer => state.customer.sealed == Some(signed),
        _ => state.merchant.kept >> signed & 1 == 1,
    };
    let shows =
        |party| keeps(party) || (!OPPONENT_KEEPS_SILENT && [Party::Customer, Party::Merchant].map(keeps) != [false; 2]);
    match config.case {
        Case::One => !PAIR_REFUTES && obtainable,
        // C "paid and received nothing": what the record shows was delivered is not refuted; a key that fits nothing is.
        Case::Two if !obtainable => {
            if fits {
                !FORGETFUL_IS_WRONGED
            } else {
                shows(Party::Customer)
            }
        }
        // C "received exactly X", and M "delivered exactly X".
        Case::Two => fits && shows(Party::Merchant) && (!state.customer.item || shows(Party::Customer)),
        Case::Three => obtainable || !FORGETFUL_IS_WRONGED,
    }
}

/// Multiply and rotate: the standard library's hash would take most of the exploration's time.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// All reachable states with their fair steps.
pub struct Graph {
    config: Configuration,
    states: Vec<State>,
    parents: Vec<Option<(u32, Action)>>,
    /// The fair steps out of state `i` are `fair[offsets[i]..offsets[i + 1]]`.
    offsets: Vec<usize>,
    fair: Vec<u32>,
}

impl Graph {
    /// Breadth first, so every state's parents lead back to the start in fewest events.
    pub fn explore(config: Configuration) -> Self {
        let states = config.init_states();
        let mut ids: HashMap<State, u32, BuildHasherDefault<Mix>> = states.iter().copied().zip(0..).collect();
        let mut graph = Self { config, parents: vec![None; states.len()], states, offsets: vec![0], fair: vec![] };
        let mut actions = Vec::new();
        for id in 0.. {
            let Some(state) = graph.states.get(id).copied() else { break };
            config.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let Some(next) = config.next_state(&state, action) else { continue };
                let count = graph.states.len() as u32;
                let target = match ids.entry(next) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        graph.states.push(*new.key());
                        graph.parents.push(Some((id as u32, action)));
                        *new.insert(count)
                    }
                };
                if action.faults() == 0 && target as usize != id {
                    graph.fair.push(target);
                }
            }
            graph.offsets.push(graph.fair.len());
        }
        graph
    }

    /// How many states there are.
    pub fn size(&self) -> usize {
        self.states.len()
    }

    fn fair_steps(&self, state: usize) -> &[u32] {
        &self.fair[self.offsets[state]..self.offsets[state + 1]]
    }

    /// The end states, each with the member of its components that takes fewest faults, then fewest events.
    pub fn end_states(&self) -> BTreeMap<EndState, usize> {
        let components = self.components();
        let mut bottom = vec![true; components.iter().max().map_or(0, |&last| last as usize + 1)];
        for state in 0..self.size() {
            let leaves = |&next: &u32| components[next as usize] != components[state];
            if self.fair_steps(state).iter().any(leaves) {
                bottom[components[state] as usize] = false;
            }
        }
        let (mut ends, mut said) = (BTreeMap::new(), HashMap::new());
        for (id, state) in self.states.iter().enumerate().filter(|&(id, _)| bottom[components[id] as usize]) {
            let end = EndState::of(&self.config, state);
            assert_eq!(*said.entry(components[id]).or_insert(end), end, "a component at rest changes: {state:?}");
            let best = ends.entry(end).or_insert(id);
            if state.faults > self.states[*best].faults {
                *best = id;
            }
        }
        ends
    }

    /// From which states fair steps lead to what is looked for.
    pub fn leads_to(&self, goal: impl Fn(&State) -> bool) -> Vec<(&State, bool)> {
        let mut leads: Vec<bool> = self.states.iter().map(goal).collect();
        let mut grows = true;
        while grows {
            grows = false;
            for state in (0..self.size()).rev().filter(|&state| !leads[state]).collect::<Vec<_>>() {
                leads[state] = self.fair_steps(state).iter().any(|&next| leads[next as usize]);
                grows |= leads[state];
            }
        }
        self.states.iter().zip(leads).collect()
    }

    /// The run that leads to a state, one line an event.
    pub fn trace(&self, state: usize) -> Vec<String> {
        let steps = std::iter::successors(self.parents[state], |&(parent, _)| self.parents[parent as usize]);
        let mut lines: Vec<_> = steps.map(|(_, action)| self.config.format_action(&action)).collect();
        lines.reverse();
        lines
    }

    /// The shortest run to a state that shows what is looked for.
    pub fn shortest(&self, shows: impl Fn(&State) -> bool) -> Option<Vec<String>> {
        self.states.iter().position(shows).map(|state| self.trace(state))
    }

    /// Tarjan's algorithm on the fair steps, without recursion: each state's component.
    fn components(&self) -> Vec<u32> {
        const NEW: u32 = u32::MAX;
        let mut component = vec![NEW; self.size()];
        let (mut order, mut low) = (vec![NEW; self.size()], vec![NEW; self.size()]);
        let (mut met, mut found) = (0, 0);
        let (mut open, mut calls) = (Vec::new(), Vec::new());
        for root in 0..self.size() {
            if order[root] == NEW {
                calls.push((root, 0));
            }
            while let Some((state, edge)) = calls.pop() {
                if edge == 0 {
                    (order[state], low[state]) = (met, met);
                    met += 1;
                    open.push(state);
                } else {
                    let child = self.fair_steps(state)[edge - 1] as usize;
                    low[state] = low[state].min(low[child]);
                }
                let rest = &self.fair_steps(state)[edge..];
                let unfinished = |&&next: &&u32| component[next as usize] == NEW;
                // Edges to states met earlier that are still open lower `low`; the first new state is entered.
                let mut enter = None;
                for (skipped, &next) in rest.iter().enumerate().filter(|(_, next)| unfinished(next)) {
                    if order[next as usize] == NEW {
                        enter = Some((edge + skipped + 1, next as usize));
                        break;
                    }
                    low[state] = low[state].min(order[next as usize]);
                }
                if let Some((resume, child)) = enter {
                    calls.extend([(state, resume), (child, 0)]);
                } else if low[state] == order[state] {
                    while let Some(member) = open.pop() {
                        component[member] = found;
                        if member == state {
                            break;
                        }
                    }
                    found += 1;
                }
            }
        }
        component
    }
}
