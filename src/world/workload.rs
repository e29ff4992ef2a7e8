//! What customers set out to do, and what happens to the network meanwhile.

use std::sync::Arc;

use crate::party::Party;
use crate::protocol::order::Cents;
use crate::protocol::role::Wish;

/// A customer's purchase to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errand {
    /// The customer's number, from zero.
    pub customer: u32,
    /// What it is to buy.
    pub wish: Wish,
    /// When, in virtual microseconds.
    pub at_us: u64,
}

/// What the customers set out to do, and what reaches their accounts on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// The purchases, in the order in which they start.
    pub errands: Vec<Errand>,
    /// When every customer's account receives money from outside, and how much.
    pub top_up: Option<(u64, Cents)>,
    /// Times during which some parties cannot reach the others.
    pub partitions: Vec<Separation>,
    /// Purchases that are worked out as they come, in place of a list.
    pub drawn: Option<Drawn>,
}

impl Workload {
    /// How many purchases.
    pub fn purchases(&self) -> u32 {
        self.drawn.as_ref().map_or(self.errands.len() as u32, |drawn| drawn.0.purchases())
    }

    /// The purchase of that number, from zero.
    pub fn errand(&self, number: u32) -> Option<Errand> {
        match &self.drawn {
            Some(drawn) => drawn.0.errand(number),
            None => self.errands.get(number as usize).copied(),
        }
    }

    /// When the last purchase starts, in virtual microseconds.
    pub fn last_start_us(&self) -> u64 {
        match &self.drawn {
            Some(drawn) => drawn.0.last_start_us(),
            None => self.errands.last().map_or(0, |errand| errand.at_us),
        }
    }
}

/// A list of purchases that takes no room: a pure function from a number to a purchase, made to be asked in order.
pub trait Supply: std::fmt::Debug + Send + Sync {
    /// How many there are.
    fn purchases(&self) -> u32;
    /// The purchase of that number, from zero.
    fn errand(&self, number: u32) -> Option<Errand>;
    /// When the last one starts, in virtual microseconds.
    fn last_start_us(&self) -> u64;
}

/// A [`Supply`] that is shared.
#[derive(Debug, Clone)]
pub struct Drawn(pub Arc<dyn Supply>);

/// The same supply, not one that happens to say the same.
impl PartialEq for Drawn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Drawn {}

/// A partition of the network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Separation {
    /// The parties that are cut off from all others, in order.
    pub group: Vec<Party>,
    /// When it starts, in virtual microseconds.
    pub from_us: u64,
    /// When it has ended.
    pub until_us: u64,
}
