//! A state of the untimed search, packed into a few words, exact: two states are equal if and only if their words are.
//!
//! The first word holds the number of each party's share, sixteen bits each. The second holds the moment, how many purchases have
//! started, whether money has come from outside, which properties were broken on the way, a fifth party's share, what has been spent
//! of the budgets of single kinds of fault, and the first eight letters; every further word holds 21 letters, three bits each.
//!
//! # How many copies of a letter are under way
//!
//! A party that repeats itself may put any number of equal copies under way, so that counting them would never end. A step that
//! changes nothing but adds letters can be taken again and again before anything else happens; so after it the letters that it adds
//! are under way *any number of times, at least once* ([`FRESH`]), and all those numbers are reachable. (It is the acceleration of
//! Karp and Miller, 1969, for loops of one step.) Delivering or losing one of at least one leaves any number, zero included
//! ([`STALE`]): such copies may arrive at any time, or never. Copies that no such loop makes are counted. Four equal ones that were
//! sent apart from each other are taken for any number, which can only add behaviours; so is what becomes of two or three that must
//! still arrive where a loop can add to them, after the first has arrived. A counterexample that came of it does not survive being
//! followed step by step in a world that counts ([`trace`](super::trace)); a search that tells at least two from at least one
//! ([`Counting`]) then says what is the case.
//!
//! What an outsider makes of what it hears it may send from then on, at any time and as often as it likes, or never: any number of
//! copies, or none. That is more than it does in a run, where it speaks once about each message.

use std::cmp::Ordering;

/// A packed state of `W` words.
#[derive(Debug, Clone, Copy, Eq, PartialOrd, Ord)]
pub(super) struct State<const W: usize>(pub(super) [u64; W]);

/// Found out word by word and without a branch: it is asked of every step, of states that have just been written word by word.
impl<const W: usize> PartialEq for State<W> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |differ, (a, b)| differ | a ^ b) == 0
    }
}

/// The number of each party's share: sixteen bits for four of them, twelve for a fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Shares(u64, u16);

impl Shares {
    /// The numbers of four shares, and of the fifth.
    pub(super) const fn words(self) -> (u64, u64) {
        (self.0, self.1 as u64)
    }

    #[inline]
    pub(super) const fn local(self, seat: u8) -> u16 {
        if seat < 4 { (self.0 >> (16 * seat)) as u16 } else { self.1 }
    }

    #[inline]
    pub(super) fn with(self, seat: u8, local: u16) -> Self {
        if seat < 4 {
            let shift = 16 * seat;
            Shares(self.0 & !(0xffff << shift) | u64::from(local) << shift, self.1)
        } else {
            Shares(self.0, local)
        }
    }
}

/// So many parties have room in a state.
pub const PARTIES_MAX: usize = 5;

/// Never sent; or nothing under way, and no replay can strike any more.
pub(super) const ABSENT: u8 = 0;
/// None under way, but recorded by the network.
pub(super) const CARRIED: u8 = 1;
/// One copy is under way.
pub(super) const ONE: u8 = 2;
/// Two copies.
pub(super) const TWO: u8 = 3;
/// Three copies.
pub(super) const THREE: u8 = 4;
/// Any number of copies, at least one of which must still arrive.
pub(super) const FRESH: u8 = 5;
/// Any number of copies, or none.
pub(super) const STALE: u8 = 6;
/// Any number of copies, at least two of which must still arrive.
pub(super) const TWICE: u8 = 7;

/// How exactly copies are counted that must still arrive among any number of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// At least one is not told from at least two: several times fewer states.
    Coarse,
    /// At least one, and at least two.
    Fine,
}

impl Counting {
    /// Two copies or more that must still arrive, among any number of others.
    const fn several(self) -> u8 {
        match self {
            Counting::Coarse => FRESH,
            Counting::Fine => TWICE,
        }
    }
}

/// What becomes of the code of a letter: for each code another, four bits each, so that a change is one look and no branch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change(u32);

impl Change {
    /// `codes`: what nought, 1, 2 and so on become.
    const fn of(codes: [u8; 8]) -> Self {
        let (mut all, mut code) = (0, 0);
        while code < codes.len() {
            all |= (codes[code] as u32) << (4 * code);
            code += 1;
        }
        Change(all)
    }

    /// One copy more.
    pub(super) const fn add(counting: Counting) -> Self {
        let several = counting.several();
        Change::of([ONE, ONE, TWO, THREE, several, FRESH, FRESH, several])
    }

    /// As many copies more as you like, at least one. Where the loop that makes them has to be taken (`due`), there is one more that
    /// must arrive than there was, which is told apart where copies are counted. Otherwise it need not have been, and nothing is new.
    pub(super) const fn add_any(due: bool, counting: Counting) -> Self {
        let several = counting.several();
        let fresh = if due { several } else { FRESH };
        let stale = if due && matches!(counting, Counting::Fine) { FRESH } else { STALE };
        Change::of([FRESH, FRESH, FRESH, several, several, fresh, stale, TWICE])
    }

    /// As many copies more as you like, or none.
    pub(super) const fn add_some(counting: Counting) -> Self {
        let several = counting.several();
        Change::of([STALE, STALE, FRESH, several, several, FRESH, STALE, TWICE])
    }

    /// One copy less; `none` is the code of none.
    pub(super) const fn take(none: u8) -> Self {
        Change::of([STALE, STALE, none, ONE, TWO, STALE, STALE, FRESH])
    }

    const fn apply(self, code: u64) -> u64 {
        (self.0 >> (4 * code)) as u64 & 7
    }
}

/// Where a state keeps the code of a letter: the word, and how far up in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    word: u8,
    shift: u8,
}

impl Cell {
    pub(super) const fn of(letter: u16) -> Self {
        let (word, shift) = place(letter as usize);
        Cell { word: word as u8, shift: shift as u8 }
    }

    pub(super) const fn word(self) -> usize {
        self.word as usize
    }

    /// The lowest of its bits.
    pub(super) const fn lowest(self) -> u64 {
        1 << self.shift
    }
}

const LETTERS_IN_SECOND: usize = 8;
const LETTERS_PER_WORD: usize = 21;
const LETTERS_SHIFT: u32 = 40;
/// So many ways of having spent the budgets of single kinds have room in a state.
pub(super) const SPENT_MAX: u32 = 1 << 8;
/// The lowest bit of each letter of a word that holds 21.
const LOWEST: u64 = 0o111_111_111_111_111_111_111;

const fn place(letter: usize) -> (usize, u32) {
    if letter < LETTERS_IN_SECOND {
        (1, LETTERS_SHIFT + 3 * letter as u32)
    } else {
        let rest = letter - LETTERS_IN_SECOND;
        (2 + rest / LETTERS_PER_WORD, 3 * (rest % LETTERS_PER_WORD) as u32)
    }
}

/// A state has at most so many words.
pub(super) const WORDS_MAX: usize = 48;

/// The number of words that so many letters take.
pub(super) const fn words(letters: usize) -> usize {
    2 + letters.saturating_sub(LETTERS_IN_SECOND).div_ceil(LETTERS_PER_WORD)
}

/// The same words, and more of them.
pub(super) fn widened<const W: usize, const V: usize>(words: [u64; W], rest: u64) -> [u64; V] {
    std::array::from_fn(|word| words.get(word).copied().unwrap_or(rest))
}

/// By word: an odd number that it is multiplied by in a hash.
const FACTORS: [u64; WORDS_MAX] = {
    let (mut factors, mut word, mut seed) = ([0; WORDS_MAX], 0, 0_u64);
    while word < factors.len() {
        // The finalizer of SplitMix64.
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        factors[word] = (mixed ^ mixed >> 31) | 1;
        word += 1;
    }
    factors
};

impl<const W: usize> State<W> {
    /// A state has room for so many letters.
    pub(super) const LETTERS: u16 = (LETTERS_IN_SECOND + (W - 2) * LETTERS_PER_WORD) as u16;

    /// The state before anything has happened: every party's first share.
    pub(super) const START: Self = State([0; W]);

    #[inline]
    pub(super) const fn local(&self, seat: u8) -> u16 {
        self.shares().local(seat)
    }

    /// The number of each party's share.
    #[inline]
    pub(super) const fn shares(&self) -> Shares {
        Shares(self.0[0], (self.0[1] >> 20 & 0xfff) as u16)
    }

    #[inline]
    pub(super) fn set_local(&mut self, seat: u8, local: u16) {
        let Shares(four, fifth) = self.shares().with(seat, local);
        self.0[0] = four;
        self.0[1] = self.0[1] & !(0xfff << 20) | u64::from(fifth) << 20;
    }

    #[inline]
    pub(super) const fn moment(&self) -> u8 {
        (self.0[1] & 0xff) as u8
    }

    #[inline]
    pub(super) fn set_moment(&mut self, moment: u8) {
        self.0[1] = self.0[1] & !0xff | u64::from(moment);
    }

    /// The same at another moment.
    pub(super) fn at(mut self, moment: u8) -> Self {
        self.set_moment(moment);
        self
    }

    /// How many purchases have been started.
    pub(super) const fn started(&self) -> u8 {
        (self.0[1] >> 8 & 0x7) as u8
    }

    pub(super) fn start_next(&mut self) {
        self.0[1] += 1 << 8;
    }

    pub(super) const fn topped_up(&self) -> bool {
        self.0[1] >> 11 & 1 == 1
    }

    pub(super) fn top_up(&mut self) {
        self.0[1] |= 1 << 11;
    }

    /// Which properties of which purchases were broken on the way.
    pub(super) const fn broken(&self) -> u8 {
        (self.0[1] >> 12) as u8
    }

    #[inline]
    pub(super) fn break_also(&mut self, broken: u8) {
        self.0[1] |= u64::from(broken) << 12;
    }

    /// What has been spent of the budgets of single kinds of fault.
    pub(super) const fn spent(&self) -> u8 {
        (self.0[1] >> 32) as u8
    }

    pub(super) fn spend(&mut self, price: u8) {
        self.0[1] += u64::from(price) << 32;
    }

    /// Whether another state is the same but for letters.
    #[inline]
    pub(super) const fn agrees_but_for_letters(&self, other: &Self) -> bool {
        self.0[0] == other.0[0] && (self.0[1] ^ other.0[1]) << (u64::BITS - LETTERS_SHIFT) == 0
    }

    /// Shows the places of the letters of which not as many copies are under way as in another state.
    pub(super) fn each_that_differs(&self, other: &Self, mut show: impl FnMut(u16)) {
        let mut differ: Self = State(std::array::from_fn(|word| self.0[word] ^ other.0[word]));
        differ.0[0] = 0;
        differ.each_letter(|place, _| show(place));
    }

    /// What of the state names no party: what has started and come from outside, and what has been spent.
    pub(super) fn without_names(&self) -> Self {
        let mut nameless = Self::START;
        nameless.0[1] = self.0[1] & (0xff << 32 | 0xf << 8);
        nameless
    }

    /// The code of the letter of that place.
    #[inline]
    pub(super) fn letter(&self, letter: u16) -> u8 {
        let (word, shift) = place(letter as usize);
        (self.0[word] >> shift & 7) as u8
    }

    /// The code of the letter in that cell.
    #[inline]
    pub(super) fn code(&self, Cell { word, shift }: Cell) -> u8 {
        (self.0[word as usize] >> shift & 7) as u8
    }

    /// Sets all bits of a cell.
    #[inline]
    pub(super) fn fill(&mut self, Cell { word, shift }: Cell) {
        self.0[word as usize] |= 7 << shift;
    }

    pub(super) fn set_letter(&mut self, letter: u16, code: u8) {
        let (word, shift) = place(letter as usize);
        self.0[word] = self.0[word] & !(7 << shift) | u64::from(code) << shift;
    }

    /// Shows the place and the code of every letter that is not absent.
    #[inline]
    pub(super) fn each_letter(&self, show: impl FnMut(u16, u8)) {
        self.each_letter_but(&[0; W], show);
    }

    /// The same without those whose lowest bits are given.
    #[inline]
    pub(super) fn each_letter_but(&self, without: &[u64; W], mut show: impl FnMut(u16, u8)) {
        for word in 1..W {
            let (first, bits, without) = if word == 1 {
                (0, self.0[1] >> LETTERS_SHIFT, without[1] >> LETTERS_SHIFT)
            } else {
                (LETTERS_IN_SECOND + (word - 2) * LETTERS_PER_WORD, self.0[word], without[word])
            };
            let mut left = (bits | bits >> 1 | bits >> 2) & LOWEST & !without;
            while left != 0 {
                let shift = left.trailing_zeros();
                left &= left - 1;
                show(first as u16 + (shift / 3) as u16, (bits >> shift & 7) as u8);
            }
        }
    }

    /// Changes how many copies of a letter are under way.
    #[inline]
    pub(super) fn change(&mut self, Cell { word, shift }: Cell, change: Change) {
        let word = &mut self.0[word as usize];
        let code = *word >> shift & 7;
        *word ^= (code ^ change.apply(code)) << shift;
    }

    /// One copy more.
    pub(super) fn add(&mut self, letter: u16, counting: Counting) {
        self.change(Cell::of(letter), Change::add(counting));
    }

    /// As many copies more as you like, at least one.
    pub(super) fn add_any(&mut self, letter: u16, due: bool, counting: Counting) {
        self.change(Cell::of(letter), Change::add_any(due, counting));
    }

    /// As many copies more as you like, or none, of some letters of a word.
    pub(super) fn add_some(&mut self, word: u8, letters: u64, counting: Counting) {
        let word = usize::from(word);
        let before = self.0[word];
        let lowest = letters & Self::lowest(word);
        let (zero, one, two) = self.bits(word);
        let none = lowest & !two & !one;
        let single = lowest & !two & one & !zero;
        let few = lowest & (!two & one & zero | two & !one & !zero);
        let cleared = before & !((none | single | few) * 7);
        let codes = [(none, STALE), (single, FRESH), (few, counting.several())];
        // A code times the lowest bits of some letters is that code for each of them.
        self.0[word] = codes.iter().fold(cleared, |word, (letters, code)| word | (letters * u64::from(*code)));
    }

    /// By word: the lowest bits of the letters of which any number of copies may be under way.
    #[inline]
    pub(super) fn any_number(&self) -> [u64; W] {
        std::array::from_fn(|word| {
            let (zero, one, two) = self.bits(word);
            if word == 0 { 0 } else { two & (one | zero) & Self::lowest(word) }
        })
    }

    /// By word: the lowest bits of the letters of which any number of copies, or none, is under way.
    #[inline]
    pub(super) fn stale(&self) -> [u64; W] {
        std::array::from_fn(|word| {
            let (zero, one, two) = self.bits(word);
            if word == 0 { 0 } else { two & one & !zero & Self::lowest(word) }
        })
    }

    /// By word: the lowest bits of the letters whose places are less.
    #[inline]
    pub(super) fn below(Cell { word, shift }: Cell) -> [u64; W] {
        std::array::from_fn(|other| match other.cmp(&usize::from(word)) {
            Ordering::Less => u64::MAX,
            Ordering::Equal => (1 << shift) - 1,
            Ordering::Greater => 0,
        })
    }

    /// The lowest bits of the letters of a word.
    pub(super) const fn lowest(word: usize) -> u64 {
        if word == 1 { LOWEST << LETTERS_SHIFT } else { LOWEST }
    }

    /// The three bits of each letter of a word, each in the place of the lowest.
    const fn bits(&self, word: usize) -> (u64, u64, u64) {
        let word = self.0[word];
        (word, word >> 1, word >> 2)
    }

    /// One copy less; `none` is the code of none.
    pub(super) fn take(&mut self, letter: u16, none: u8) {
        self.change(Cell::of(letter), Change::take(none));
    }

    /// Forgets what the network has recorded and does not carry: nothing will be replayed.
    #[inline]
    pub(super) fn forget_carried(&mut self) {
        for word in 1..W {
            let (zero, one, two) = self.bits(word);
            self.0[word] &= !(zero & !one & !two & Self::lowest(word));
        }
    }

    /// Sets bits apart: those of the letters of the given places.
    pub(super) fn mask_of(places: impl Iterator<Item = u16>) -> [u64; W] {
        let mut mask = State([0; W]);
        places.for_each(|place| mask.set_letter(place, 7));
        mask.0
    }

    /// Whether a letter of a mask is there.
    pub(super) fn has_any(&self, mask: &[u64; W]) -> bool {
        self.0.iter().zip(mask).any(|(word, mask)| word & mask != 0)
    }

    /// Leaves out the letters of a mask.
    pub(super) fn leave_out(&mut self, dead: &[u64; W]) {
        for (word, dead) in self.0.iter_mut().zip(dead) {
            *word &= !dead;
        }
    }

    /// Whether nothing is under way that must still arrive.
    #[inline]
    pub(super) fn nothing_due(&self) -> bool {
        (1..W).all(|word| {
            let (zero, one, two) = self.bits(word);
            // All codes but nought, 1 and 6.
            (one ^ two | zero & one & two) & Self::lowest(word) == 0
        })
    }

    /// A hash of all words, good enough to pick a shard by its top bits and a slot by its bottom ones. Words that are nought add nothing,
    /// so that a state keeps its hash when it gets more of them.
    #[inline]
    pub(super) fn hash(&self) -> u64 {
        let fold = |wide: u128| (wide >> 64) as u64 ^ wide as u64;
        let mut sum = 0_u64;
        for (word, factor) in self.0.iter().zip(&FACTORS) {
            sum = sum.wrapping_add(fold(u128::from(*word) * u128::from(*factor)));
        }
        fold(u128::from(sum ^ sum >> 32) * 0xd6e8_feb8_6659_fd93)
    }
}
