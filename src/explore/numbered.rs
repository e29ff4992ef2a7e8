//! Numbers for values, given out in the order in which these are first met.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Values, numbered in the order in which they were first met.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    values: Vec<Arc<T>>,
    numbers: FxHashMap<Arc<T>, u32>,
}

impl<T: Eq + Hash> Numbered<T> {
    pub(super) fn new() -> Self {
        Numbered { values: Vec::new(), numbers: FxHashMap::default() }
    }

    /// The value's number, and whether it is new.
    pub(super) fn number(&mut self, value: T) -> (u32, bool) {
        if let Some(number) = self.numbers.get(&value) {
            return (*number, false);
        }
        let (number, value) = (self.values.len() as u32, Arc::new(value));
        self.values.push(Arc::clone(&value));
        self.numbers.insert(value, number);
        (number, true)
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    /// The same, to be kept.
    pub(super) fn share(&self, number: u32) -> Arc<T> {
        Arc::clone(&self.values[number as usize])
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}
