//! Values by number, in order, most of which are forgotten after a while: what is forgotten takes next to no room.

/// How many values lie together.
const CHUNK: usize = 256;

/// The values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Numbered<T> {
    chunks: Vec<Option<Box<Chunk<T>>>>,
    /// One more than the greatest number.
    len: usize,
    kept: usize,
    /// No value is kept in a chunk before this one.
    first: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Chunk<T> {
    values: Vec<Option<T>>,
    kept: usize,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { chunks: Vec::new(), len: 0, kept: 0, first: 0 }
    }
}

impl<T> Numbered<T> {
    /// How many numbers have been given out, those of what is forgotten included.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no number has been given out.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many values are kept.
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// Adds a value under the next number.
    pub fn push(&mut self, value: T) {
        *self.place(self.len) = Some(value);
    }

    /// The value of a number, unless it is forgotten.
    pub fn get(&self, number: u32) -> Option<&T> {
        let number = number as usize;
        self.chunks.get(number / CHUNK)?.as_ref()?.values.get(number % CHUNK)?.as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let number = number as usize;
        self.chunks.get_mut(number / CHUNK)?.as_mut()?.values.get_mut(number % CHUNK)?.as_mut()
    }

    /// The value of any number; one that is not there is made.
    pub fn get_or_default(&mut self, number: u32) -> &mut T
    where
        T: Default,
    {
        if self.get(number).is_none() {
            *self.place(number as usize) = Some(T::default());
        }
        self.get_mut(number).expect("it has just been made")
    }

    /// Forgets a value.
    pub fn forget(&mut self, number: u32) -> Option<T> {
        let place = self.chunks.get_mut(number as usize / CHUNK)?;
        let chunk = place.as_mut()?;
        let value = chunk.values.get_mut(number as usize % CHUNK)?.take()?;
        chunk.kept -= 1;
        self.kept -= 1;
        if chunk.kept == 0 {
            *place = None;
            while self.first < self.chunks.len() && self.chunks[self.first].is_none() {
                self.first += 1;
            }
        }
        Some(value)
    }

    /// What is kept, in order, with its numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let chunks = self.chunks.iter().enumerate().skip(self.first);
        let chunks = chunks.filter_map(|(at, chunk)| chunk.as_ref().map(|chunk| (at * CHUNK, chunk)));
        chunks.flat_map(|(start, chunk)| {
            let values = chunk.values.iter().enumerate();
            values.filter_map(move |(at, value)| value.as_ref().map(|value| ((start + at) as u32, value)))
        })
    }

    /// The number of the value that so many others that are kept come before.
    pub fn nth(&self, mut before: usize) -> Option<u32> {
        for (at, chunk) in self.chunks.iter().enumerate().skip(self.first) {
            let Some(chunk) = chunk else { continue };
            if before < chunk.kept {
                let kept = chunk.values.iter().enumerate().filter(|(_, value)| value.is_some());
                return kept.map(|(place, _)| (at * CHUNK + place) as u32).nth(before);
            }
            before -= chunk.kept;
        }
        None
    }

    /// A number's place, which is empty; to be filled.
    fn place(&mut self, number: usize) -> &mut Option<T> {
        let at = number / CHUNK;
        if self.chunks.len() <= at {
            self.chunks.resize_with(at + 1, || None);
        }
        self.first = self.first.min(at);
        self.len = self.len.max(number + 1);
        self.kept += 1;
        // Whoever has come to a second chunk will fill it: it need not grow step by step.
        let room = if at == 0 { 0 } else { CHUNK };
        let chunk =
            self.chunks[at].get_or_insert_with(|| Box::new(Chunk { values: Vec::with_capacity(room), kept: 0 }));
        chunk.kept += 1;
        if chunk.values.len() <= number % CHUNK {
            chunk.values.resize_with(number % CHUNK + 1, || None);
        }
        &mut chunk.values[number % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Held against a map.
        #[test]
        fn what_is_kept_is_found_in_order(moves in prop::collection::vec((0..4_u8, 0..2_000_u32), 0..2_000)) {
            let (mut numbered, mut map) = (Numbered::<u32>::default(), BTreeMap::new());
            let mut len = 0;
            for (what, number) in moves {
                match what {
                    0 | 1 => {
                        numbered.push(number);
                        map.insert(len, number);
                        len += 1;
                    }
                    2 => prop_assert_eq!(numbered.forget(number % (len + 1)), map.remove(&(number % (len + 1)))),
                    _ => {
                        *numbered.get_or_default(number) += 1;
                        *map.entry(number).or_default() += 1;
                        len = len.max(number + 1);
                    }
                }
                prop_assert_eq!((numbered.len(), numbered.kept()), (len as usize, map.len()));
            }
            prop_assert!(numbered.iter().map(|(number, value)| (number, *value)).eq(map.clone()));
            for (before, number) in map.keys().enumerate() {
                prop_assert_eq!(numbered.nth(before), Some(*number));
            }
            prop_assert_eq!(numbered.nth(map.len()), None);
        }
    }
}
