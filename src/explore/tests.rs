//! What cannot be seen from outside a search.

use std::sync::Arc;

use super::search::{Halt, Search};
use super::state::{ABSENT, CARRIED, Counting, FRESH, ONE, STALE, State, THREE, TWICE, TWO};
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
                assert!(at_once.add_some(word, mask[usize::from(word)], counting));
                assert!(!at_once.add_some(word, mask[usize::from(word)], counting), "nothing is new the second time");
            }
            for &place in places.iter().filter(|place| is_meant(**place)) {
                one_by_one.set_letter(place, more(state.letter(place), counting));
            }
            assert_eq!(at_once, one_by_one);
        }
        for &place in &places {
            let alone = State::<4>::mask_of([place].into_iter());
            let found = (1..4).any(|word| state.has_any_number(word, alone[usize::from(word)]));
            assert_eq!(found, state.letter(place) >= FRESH);
        }
        let wide = State::<7>(super::state::widened(state.0, 0));
        assert_eq!(wide.hash(), state.hash(), "a state keeps its hash");
    }
}
