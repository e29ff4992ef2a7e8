//! What cannot be seen from outside a search.

use std::sync::Arc;

use super::deeds::Deeds;
use super::search::{Halt, Search};
use super::state::{ABSENT, CARRIED, Counting, FRESH, ONE, STALE, State, THREE, TWICE, TWO};
use super::step::{Step, Steps, Taken, View};
use super::table::Need;
use super::{Bounds, KINDS, Question, Reductions, Sought, explore};
use crate::batch::workload;
use crate::fault::Budget;
use crate::protocol;
use crate::protocol::setup::Setup;
use crate::scenario::{CryptoKind, Scenario};
use crate::world::Workload;

/// Case 2, hardened, without time, and what its customer sets out to do.
fn case2() -> (Setup, Workload) {
    let scenario = Scenario::new("case2", "case2");
    let protocol: Arc<dyn protocol::Protocol> = protocol::by_name("case2").expect("a protocol");
    let setup = workload::without_time(workload::setup(&scenario, &protocol, CryptoKind::Symbolic, scenario.seed));
    let errands = workload::workload(&scenario, scenario.seed);
    (setup, errands)
}

/// A search that goes on with wider states whenever letters turn up finds, state by state and in the same order, what one finds that
/// has had them from the beginning.
#[test]
fn states_may_get_wider_at_any_time() {
    let (setup, errands) = case2();
    let budget = Budget::new(1, KINDS);
    let (bounds, reductions) = (Bounds::default(), Reductions::ALL);
    let question =
        Question { setup: &setup, workload: &errands, budget: &budget, bounds, reductions, sought: Sought::Causes };
    let grown = explore(&question, &mut ());
    let words = grown.state_bytes / 8;
    assert_eq!(words, 5, "of the widths that a search goes through this is not the first");
    let mut narrow = Search::<4>::new(&question);
    assert_eq!(narrow.go_on(&bounds, &mut ()), Err(Halt::Narrow));
    let mut wide = Search::<5>::new(&question);
    wide.go_on(&bounds, &mut ()).expect("there is room for all letters");
    assert_eq!(format!("{:?}", wide.answer(&question)), format!("{grown:?}"));
}

/// Everything that is shown of a state, in its order.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    steps: Vec<(Step, Vec<u64>)>,
    between: Vec<(Step, u8, u16)>,
    taken: Vec<(u8, Taken, u32)>,
}

impl<const W: usize> Steps<W> for Shown {
    fn to(&mut self, step: Step, state: State<W>) {
        self.steps.push((step, state.0.to_vec()));
    }

    fn between(&mut self, step: Step, seat: u8, local: u16) {
        self.between.push((step, seat, local));
    }

    fn takes(&mut self, seat: u8, taken: Taken, number: u32) {
        self.taken.push((seat, taken, number));
    }

    fn missed(&mut self, need: Need) {
        panic!("everything has been worked out, and not {need:?}");
    }
}

/// The steps that a thread has deeds are those that the tables say, of every state.
#[test]
fn steps_that_are_ready_are_those_of_the_tables() {
    let (setup, errands) = case2();
    let budget = Budget::new(1, KINDS);
    let (bounds, reductions) = (Bounds::default(), Reductions::EXACT);
    let question =
        Question { setup: &setup, workload: &errands, budget: &budget, bounds, reductions, sought: Sought::Causes };
    let mut search = Search::<8>::new(&question);
    search.go_on(&bounds, &mut ()).expect("there is room for all letters");
    let mut deeds = Deeds::new();
    deeds.learn(&search.tables, 8);
    for (faults, level) in search.levels.iter().enumerate().flat_map(|(n, levels)| levels.iter().map(move |l| (n, l))) {
        for state in level.places().map(|place| search.state(place)) {
            let replays = search.replays(faults as u32);
            let (mut from_tables, mut from_rows) = (Shown::default(), Shown::default());
            View::new(&search.tables, &state, replays).fair(&mut from_tables);
            let here = deeds.here(&search.tables, &state).expect("it has been worked out");
            deeds.fair(&search.tables, &state, &here, replays, None, &mut from_rows).expect("it has been worked out");
            assert_eq!(from_rows, from_tables);
        }
    }
}

/// Adding to some letters of a word at once comes to the same as adding to one after the other, whatever their codes.
#[test]
fn letters_are_added_to_at_once_as_they_are_one_by_one() {
    let more = |code: u8, counting| match (code, counting) {
        (ABSENT | CARRIED, _) => STALE,
        (ONE, _) | (TWO | THREE, Counting::Coarse) => FRESH,
        (TWO | THREE, Counting::Fine) => TWICE,
        _ => code,
    };
    let places: Vec<u16> = (0..State::<4>::LETTERS).collect();
    for shift in 0..8 {
        let mut state = State::<4>::START;
        places.iter().for_each(|place| state.set_letter(*place, ((place + shift) % 8) as u8));
        let is_meant = |place: u16| place % 3 != 1;
        let mask = State::<4>::mask_of(places.iter().copied().filter(|place| is_meant(*place)));
        for counting in [Counting::Coarse, Counting::Fine] {
            let (mut at_once, mut one_by_one) = (state, state);
            for word in 1..4 {
                at_once.add_some(word, mask[usize::from(word)], counting);
                let once = at_once;
                at_once.add_some(word, mask[usize::from(word)], counting);
                assert_eq!(at_once, once, "nothing is new the second time");
            }
            for &place in places.iter().filter(|place| is_meant(**place)) {
                one_by_one.set_letter(place, more(state.letter(place), counting));
            }
            assert_eq!(at_once, one_by_one);
        }
        for &place in &places {
            let alone = State::<4>::mask_of([place].into_iter());
            let found = state.any_number().iter().zip(&alone).any(|(any, alone)| any & alone != 0);
            assert_eq!(found, state.letter(place) >= FRESH);
        }
        let wide = State::<7>(super::state::widened(state.0, 0));
        assert_eq!(wide.hash(), state.hash(), "a state keeps its hash");
    }
}
