//! Who takes part in a run, and which purchase a message belongs to.
//!
//! Parties are numbered from one in text (`C1`, `M2`) and from zero in memory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A party of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Party {
    /// A customer, counted from zero.
    Customer(u32),
    /// A merchant, counted from zero.
    Merchant(u32),
    /// The payment server.
    Server,
}

/// The part that a party plays, whatever its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Any customer, `C`.
    Customer,
    /// Any merchant, `M`.
    Merchant,
    /// The payment server, `P`.
    Server,
}

impl Side {
    /// The letter that the paper uses.
    pub const fn letter(self) -> char {
        match self {
            Side::Customer => 'C',
            Side::Merchant => 'M',
            Side::Server => 'P',
        }
    }

    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Side::Customer => "customer",
            Side::Merchant => "merchant",
            Side::Server => "server",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

impl Party {
    /// The part that this party plays.
    pub const fn side(self) -> Side {
        match self {
            Party::Customer(_) => Side::Customer,
            Party::Merchant(_) => Side::Merchant,
            Party::Server => Side::Server,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Customer(n) => write!(f, "C{}", u64::from(*n) + 1),
            Party::Merchant(n) => write!(f, "M{}", u64::from(*n) + 1),
            Party::Server => write!(f, "P"),
        }
    }
}

/// A text that names no party.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a party: expected C1, C2, ... (customers), M1, M2, ... (merchants) or P (the payment server)")]
pub struct NotAParty(pub String);

impl FromStr for Party {
    type Err = NotAParty;

    /// Reads `C3`, `M1` or `P`; a bare `C` or `M` is the first of its kind.
    fn from_str(text: &str) -> Result<Self, NotAParty> {
        let fail = || NotAParty(text.chars().take(40).collect());
        if text == "P" {
            return Ok(Party::Server);
        }
        let (make, rest): (fn(u32) -> Party, &str) = if let Some(rest) = text.strip_prefix('C') {
            (Party::Customer, rest)
        } else if let Some(rest) = text.strip_prefix('M') {
            (Party::Merchant, rest)
        } else {
            return Err(fail());
        };
        if rest.is_empty() {
            return Ok(make(0));
        }
        let canonical = rest.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with('0');
        match rest.parse::<u32>() {
            Ok(n) if canonical => Ok(make(n - 1)),
            _ => Err(fail()),
        }
    }
}

/// A transaction id: 128 bits that C draws for each purchase (or counts, where `unguessable-tid` is off).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tid(pub [u8; 16]);

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text that is no transaction id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 lower-case hexadecimal digits")]
pub struct NotATid;

impl FromStr for Tid {
    type Err = NotATid;

    fn from_str(text: &str) -> Result<Self, NotATid> {
        let lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let canonical = text.len() == 32 && text.as_bytes().iter().all(lower);
        let number = if canonical { u128::from_str_radix(text, 16).ok() } else { None };
        number.map(|number| Tid(number.to_be_bytes())).ok_or(NotATid)
    }
}

/// What names a purchase: two customers may well choose the same TID, so the TID alone does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PurchaseKey {
    /// The customer's number, from zero.
    pub customer: u32,
    /// The merchant's number, from zero.
    pub merchant: u32,
    /// The transaction id.
    pub tid: Tid,
}

impl PurchaseKey {
    /// The purchase's customer.
    pub const fn customer(&self) -> Party {
        Party::Customer(self.customer)
    }

    /// The purchase's merchant.
    pub const fn merchant(&self) -> Party {
        Party::Merchant(self.merchant)
    }
}

/// A message's place in the protocol: a numbered step, or one of the questions and answers beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// A step that the protocol numbers, from 1.
    Numbered(u8),
    /// A party asks P what became of a purchase.
    Query(Side),
    /// P's answer to that party.
    Answer(Side),
}

impl Step {
    /// The byte that stands for it on the wire; P asks nobody, so that two of each are enough beside the numbers.
    pub const fn code(self) -> u8 {
        match self {
            Step::Numbered(number) => number,
            Step::Query(Side::Customer) => 101,
            Step::Query(_) => 102,
            Step::Answer(Side::Customer) => 103,
            Step::Answer(_) => 104,
        }
    }

    /// The step that a byte stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1..=99 => Step::Numbered(code),
            101 => Step::Query(Side::Customer),
            102 => Step::Query(Side::Merchant),
            103 => Step::Answer(Side::Customer),
            104 => Step::Answer(Side::Merchant),
            _ => return None,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Numbered(n) => write!(f, "{n}"),
            Step::Query(side) => write!(f, "query-{side}"),
            Step::Answer(side) => write!(f, "answer-{side}"),
        }
    }
}

/// A text that names no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a step: expected a step's number from 1 to 99, query-C, query-M, answer-C or answer-M")]
pub struct NotAStep(pub String);

impl FromStr for Step {
    type Err = NotAStep;

    fn from_str(text: &str) -> Result<Self, NotAStep> {
        Ok(match text {
            "query-C" => Step::Query(Side::Customer),
            "query-M" => Step::Query(Side::Merchant),
            "answer-C" => Step::Answer(Side::Customer),
            "answer-M" => Step::Answer(Side::Merchant),
            _ => {
                let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
                match text.parse::<u8>() {
                    Ok(n @ 1..=99) if canonical => Step::Numbered(n),
                    _ => return Err(NotAStep(text.chars().take(40).collect())),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_and_steps_read_back_what_they_print() {
        for party in [Party::Customer(0), Party::Customer(u32::MAX - 1), Party::Merchant(6), Party::Server] {
            assert_eq!(party.to_string().parse(), Ok(party));
        }
        assert_eq!("C".parse(), Ok(Party::Customer(0)));
        let tid = Tid([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xab, 0xcd, 0xef, 0xff, 0]);
        assert_eq!(tid.to_string().parse(), Ok(tid));
        for bad in ["", "0", "+0000000000000000000000000000000", "0000000000000000000000000000000A"] {
            assert_eq!(bad.parse::<Tid>(), Err(NotATid), "{bad}");
        }
        for bad in ["", "C0", "C01", "M-1", "X1", "P1", "C+1", "C99999999999"] {
            assert!(bad.parse::<Party>().is_err(), "{bad}");
        }
        for step in [Step::Numbered(1), Step::Numbered(99), Step::Query(Side::Merchant), Step::Answer(Side::Customer)] {
            assert_eq!(step.to_string().parse(), Ok(step));
        }
        for bad in ["", "0", "100", "+1", "01", "query", "answer-P"] {
            assert!(bad.parse::<Step>().is_err(), "{bad}");
        }
    }
}
