//! Values by purchase: found by hashing, walked in order.
//!
//! A long run has hundreds of thousands of purchases under way, and each event asks several times for what is kept of one. An ordered
//! map of so many is half a dozen levels deep, none of them in the processor's caches. Here the customers lie in a hash table, each
//! with its own purchases, of which it has a few, in order: one step to any of them, and one to all of a customer's. Whoever walks
//! through all sees them in the order of their keys, so that nothing depends on how the table lies.

use std::fmt;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::party::PurchaseKey;

/// A customer's purchases, in order. Most have one at a time, which lies in the table itself.
type Shelf<V> = SmallVec<[(PurchaseKey, V); 1]>;

/// The values.
#[derive(Clone, PartialEq, Eq)]
pub struct ByPurchase<V> {
    customers: FxHashMap<u32, Shelf<V>>,
    len: usize,
}

impl<V> Default for ByPurchase<V> {
    fn default() -> Self {
        ByPurchase { customers: FxHashMap::default(), len: 0 }
    }
}

fn place<V>(shelf: &[(PurchaseKey, V)], about: &PurchaseKey) -> Result<usize, usize> {
    shelf.binary_search_by(|(known, _)| known.cmp(about))
}

impl<V> ByPurchase<V> {
    /// Whether there is no value.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The value of a purchase.
    pub fn get(&self, about: &PurchaseKey) -> Option<&V> {
        let shelf = self.customers.get(&about.customer)?;
        place(shelf, about).ok().map(|at| &shelf[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, about: &PurchaseKey) -> Option<&mut V> {
        let shelf = self.customers.get_mut(&about.customer)?;
        place(shelf, about).ok().map(|at| &mut shelf[at].1)
    }

    /// The value of a purchase; one that is not there is made.
    pub fn get_or_insert_with(&mut self, about: PurchaseKey, make: impl FnOnce() -> V) -> &mut V {
        let shelf = self.customers.entry(about.customer).or_default();
        let at = place(shelf, &about).unwrap_or_else(|at| {
            shelf.insert(at, (about, make()));
            self.len += 1;
            at
        });
        &mut shelf[at].1
    }

    /// Puts a value in the place of the one that there may be.
    pub fn insert(&mut self, about: PurchaseKey, value: V) {
        let shelf = self.customers.entry(about.customer).or_default();
        match place(shelf, &about) {
            Ok(at) => shelf[at].1 = value,
            Err(at) => {
                shelf.insert(at, (about, value));
                self.len += 1;
            }
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, about: &PurchaseKey) -> Option<V> {
        let shelf = self.customers.get_mut(&about.customer)?;
        let (_, value) = shelf.remove(place(shelf, about).ok()?);
        self.len -= 1;
        if shelf.is_empty() {
            self.customers.remove(&about.customer);
        }
        Some(value)
    }

    /// The values of a customer's purchases, in order.
    pub fn of_customer(&self, customer: u32) -> impl Iterator<Item = (&PurchaseKey, &V)> {
        self.customers.get(&customer).into_iter().flatten().map(|(about, value)| (about, value))
    }

    /// All values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PurchaseKey, &V)> {
        let mut customers: SmallVec<[(u32, &Shelf<V>); 4]> = self.customers.iter().map(|(c, s)| (*c, s)).collect();
        customers.sort_unstable_by_key(|(customer, _)| *customer);
        customers.into_iter().flat_map(|(_, shelf)| shelf.iter().map(|(about, value)| (about, value)))
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&PurchaseKey, &mut V)> {
        let customers = self.customers.iter_mut().map(|(customer, shelf)| (*customer, shelf));
        let mut customers: SmallVec<[(u32, &mut Shelf<V>); 4]> = customers.collect();
        customers.sort_unstable_by_key(|(customer, _)| *customer);
        customers.into_iter().flat_map(|(_, shelf)| shelf.iter_mut().map(|(about, value)| (&*about, value)))
    }

    /// The purchases, in order.
    pub fn keys(&self) -> impl Iterator<Item = &PurchaseKey> {
        self.iter().map(|(about, _)| about)
    }

    /// The values, in the order of their purchases.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

impl<V> FromIterator<(PurchaseKey, V)> for ByPurchase<V> {
    fn from_iter<I: IntoIterator<Item = (PurchaseKey, V)>>(values: I) -> Self {
        let mut all = ByPurchase::default();
        values.into_iter().for_each(|(about, value)| all.insert(about, value));
        all
    }
}

impl<'a, V> IntoIterator for &'a ByPurchase<V> {
    type Item = (&'a PurchaseKey, &'a V);
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl<V: Hash> Hash for ByPurchase<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
        self.iter().for_each(|entry| entry.hash(state));
    }
}

impl<V: fmt::Debug> fmt::Debug for ByPurchase<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::party::Tid;

    proptest! {
        /// Held against an ordered map.
        #[test]
        fn what_is_found_by_hashing_is_walked_in_order(
            moves in prop::collection::vec((0..4_u8, 0..6_u32, 0..2_u32, 0..4_u8), 0..300)
        ) {
            let (mut table, mut map) = (ByPurchase::default(), BTreeMap::new());
            for (step, (what, customer, merchant, tid)) in moves.into_iter().enumerate() {
                let about = PurchaseKey { customer, merchant, tid: Tid([tid; 16]) };
                match what {
                    0 => {
                        table.insert(about, step);
                        map.insert(about, step);
                    }
                    1 => prop_assert_eq!(table.remove(&about), map.remove(&about)),
                    2 => prop_assert_eq!(table.get_or_insert_with(about, || step), map.entry(about).or_insert(step)),
                    _ => {
                        table.get_mut(&about).into_iter().for_each(|value| *value += 1);
                        map.get_mut(&about).into_iter().for_each(|value| *value += 1);
                    }
                }
                prop_assert_eq!(table.get(&about), map.get(&about));
                prop_assert!(table.iter().eq(&map) && table.len() == map.len());
                prop_assert!(table.of_customer(customer).eq(map.iter().filter(|(about, _)| about.customer == customer)));
                prop_assert!(table.iter_mut().map(|(about, value)| (*about, *value)).eq(map.clone()));
            }
            prop_assert_eq!(map.into_iter().collect::<ByPurchase<usize>>(), table);
        }
    }
}
