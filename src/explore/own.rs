//! What is a thread's own in a search: it is never shared, and kept from one piece to the next for the room that it takes and for what
//! it has learned of the tables.

use super::coverage::Tried;
use super::deeds::Deeds;
use super::early::By;
use super::expand::RECENT;
use super::settle::Onto;
use super::state::State;
use super::store::{Next, Place};
use super::strike::{Garbles, Strikes};

/// What is a thread's own.
#[derive(Debug)]
pub(super) struct Own<const W: usize> {
    /// What was tried. It is added up at the end, so it does not matter who counted what.
    pub(super) tried: Tried,
    pub(super) deeds: Deeds,
    pub(super) garbles: Garbles,
    /// Where states stand among those that a piece leads to.
    pub(super) recent: Box<[u32; RECENT]>,
    /// Kept for the room that they take.
    pub(super) room: Room<W>,
    pub(super) onto: Vec<Onto<W>>,
}

impl<const W: usize> Own<W> {
    pub(super) fn new(strikes: Strikes) -> Self {
        Own {
            tried: Tried::new(strikes),
            deeds: Deeds::new(),
            garbles: Garbles::default(),
            recent: Box::new([0; RECENT]),
            room: Room::default(),
            onto: Vec::new(),
        }
    }

    /// The same for states of more words.
    pub(super) fn widen<const V: usize>(self) -> Own<V> {
        let Own { tried, deeds, garbles, recent, .. } = self;
        Own { tried, deeds, garbles, recent, room: Room::default(), onto: Vec::new() }
    }
}

/// What a thread works on a piece with.
#[derive(Debug, Default)]
pub(super) struct Room<const W: usize> {
    pub(super) states: Vec<State<W>>,
    /// The states before them.
    pub(super) parents: Vec<Place>,
    pub(super) before: Vec<State<W>>,
    pub(super) nexts: Vec<Next<W>>,
    pub(super) as_they_are: Vec<State<W>>,
    pub(super) by: Vec<By>,
}
