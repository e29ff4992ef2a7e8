//! What cannot be seen from outside a search.

use std::sync::Arc;

use super::search::{Halt, Search};
use super::state::{Counting, State};
use super::{Bounds, KINDS, Question, Reductions, explore};
use crate::batch::workload;
use crate::fault::Budget;
use crate::protocol;
use crate::scenario::{CryptoKind, Scenario};

/// A search that goes on with wider states whenever letters turn up finds, state by state and in the same order, what one finds that
/// has had them from the beginning.
#[test]
fn states_may_get_wider_at_any_time() {
    let scenario = Scenario::new("case2", "case2");
    let protocol: Arc<dyn protocol::Protocol> = protocol::by_name("case2").expect("a protocol");
    let setup = workload::without_time(workload::setup(&scenario, &protocol, CryptoKind::Symbolic, scenario.seed));
    let errands = workload::workload(&scenario, scenario.seed);
    let budget = Budget::new(1, KINDS);
    let (bounds, reductions) = (Bounds::default(), Reductions::ALL);
    let question = Question { setup: &setup, workload: &errands, budget: &budget, bounds, reductions };
    let grown = explore(&question, &mut ());
    let words = grown.state_bytes / 8;
    assert_eq!(words, 5, "of the widths that a search goes through this is not the first");
    let mut narrow = Search::<4>::new(&question);
    assert_eq!(narrow.go_on(&bounds, &mut ()), Err(Halt::Narrow));
    let mut wide = Search::<5>::new(&question);
    wide.go_on(&bounds, &mut ()).expect("there is room for all letters");
    assert_eq!(format!("{:?}", wide.answer(&question)), format!("{grown:?}"));
}

/// Adding to all letters of a mask at once is adding to one after the other, whatever their codes.
#[test]
fn letters_are_added_to_at_once_as_they_are_one_by_one() {
    let places: Vec<u16> = (0..State::<4>::LETTERS).collect();
    for shift in 0..8 {
        let mut state = State::<4>::START;
        places.iter().for_each(|place| state.set_letter(*place, ((place + shift) % 8) as u8));
        let some = || places.iter().copied().filter(|place| place % 3 != 1);
        let mask = State::<4>::mask_of(some());
        for counting in [Counting::Coarse, Counting::Fine] {
            let (mut at_once, mut one_by_one) = (state, state);
            at_once.add_some_of(&mask, counting);
            for place in some() {
                one_by_one.add_some(place, counting);
            }
            assert_eq!(at_once, one_by_one);
        }
        let mut heard = [0; 4];
        let found: Vec<u16> = state.any_number_of(&mask, &mut heard).collect();
        let expected: Vec<u16> = some().filter(|place| state.letter(*place) >= super::state::FRESH).collect();
        assert_eq!(found, expected);
        assert_eq!(state.any_number_of(&mask, &mut heard).count(), 0, "all of them have been heard of");
        let wide = State::<7>(super::state::widened(state.0, 0));
        assert_eq!(wide.hash(), state.hash(), "a state keeps its hash");
    }
}
