//! What keys make of ciphertexts, each tried on each once.

use crate::crypto::{Blob, Crypto, Key};

/// The keys and the ciphertexts of a purchase that have come together, and what each makes of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened {
    keys: Vec<Key>,
    sealed: Vec<Sealed>,
}

/// A ciphertext, and what those of the keys that have been tried make of it, in the order of the keys.
#[derive(Debug, Clone)]
struct Sealed {
    blob: Blob,
    items: Vec<Option<Blob>>,
}

impl Opened {
    /// Tries every key on every ciphertext, unless that has been done.
    pub(super) fn try_all<'p>(
        &mut self,
        keys: impl Iterator<Item = &'p Key>,
        sealed: impl Iterator<Item = &'p Blob>,
        crypto: &dyn Crypto,
    ) {
        for key in keys {
            if self.key(key).is_none() {
                self.keys.push(*key);
            }
        }
        for blob in sealed {
            let known = self.sealed.iter().position(|other| other.blob == *blob);
            let at = known.unwrap_or_else(|| {
                self.sealed.push(Sealed { blob: blob.clone(), items: Vec::new() });
                self.sealed.len() - 1
            });
            let Sealed { blob, items } = &mut self.sealed[at];
            items.extend(self.keys[items.len()..].iter().map(|key| crypto.open(key, blob)));
        }
    }

    fn key(&self, key: &Key) -> Option<usize> {
        self.keys.iter().position(|other| other == key)
    }

    fn sealed(&self, blob: &Blob) -> Option<&Sealed> {
        self.sealed.iter().find(|other| other.blob == *blob)
    }

    /// What a key makes of a ciphertext, if that has been tried.
    pub(super) fn open(&self, key: &Key, blob: &Blob) -> Option<&Option<Blob>> {
        self.sealed(blob)?.items.get(self.key(key)?)
    }

    /// What some keys make of some ciphertexts, all of which have been tried: ciphertext by ciphertext.
    pub(super) fn contents<'k, 'b>(
        &self,
        keys: impl Iterator<Item = &'k Key>,
        sealed: impl Iterator<Item = &'b Blob>,
    ) -> Vec<&Blob> {
        let mut numbers: Vec<usize> = Vec::new();
        for number in keys.filter_map(|key| self.key(key)) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let mut contents = Vec::new();
        if numbers.is_empty() {
            return contents;
        }
        for Sealed { items, .. } in sealed.filter_map(|blob| self.sealed(blob)) {
            contents.extend(numbers.iter().filter_map(|number| items.get(*number)?.as_ref()));
        }
        contents
    }
}
