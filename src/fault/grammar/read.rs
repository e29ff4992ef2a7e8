//! Plans from text, word by word.

use std::str::FromStr;

use super::ORDER;
use crate::fault::{Course, CrashSite, EventSite, Fault, FaultKind, Plan, SaveSite, SendSite};
use crate::party::{Party, Step};
use crate::protocol::record::RecordKind;
use crate::protocol::role::TimerKind;

/// A text that is no plan: where it goes wrong, and what would be right there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: `{found}`: expected {expected}")]
pub struct PlanError {
    /// The column of the first wrong character, from 1, counted in characters.
    pub column: usize,
    /// What stands there, cut short.
    pub found: String,
    /// What would be accepted.
    pub expected: String,
}

/// No plan is longer than this, in bytes.
const PLAN_BYTES_MAX: usize = 1 << 20;

const SEND: &str = "a send: a step and its count, such as 3#1, query-C#2 or 2:4#1 (second purchase)";
const SAVE: &str = "a record and its count, such as signed#1 or payment#1";
const EVENT: &str =
    "an event: an arrival such as 3#1, a timer such as C1.retry#1, M1.restart#1, start, top-up, settled or late";
const ORDERED: &str =
    "an event: an arrival such as 3#1, a timer such as C1.retry#1, M1.restart#1, expiry#1, start or top-up";
const SITE: &str = "`taking`, `before`, `before save` or `after`";
const PARTY: &str = "a party: C1, C2, ..., M1, M2, ... or P";

/// A word of the text: its column and its letters.
type Word<'t> = (usize, &'t str);

struct Words<'t> {
    words: std::iter::Peekable<std::vec::IntoIter<Word<'t>>>,
    end: usize,
}

impl<'t> Words<'t> {
    /// Splits into words; a semicolon is a word of its own.
    fn new(text: &'t str) -> Self {
        let mut words = Vec::new();
        let mut start: Option<(usize, usize)> = None;
        let mut column = 0;
        for (at, letter) in text.char_indices() {
            column += 1;
            if letter.is_whitespace() || letter == ';' {
                words.extend(start.take().map(|(column, from)| (column, &text[from..at])));
                if letter == ';' {
                    words.push((column, &text[at..at + 1]));
                }
            } else if start.is_none() {
                start = Some((column, at));
            }
        }
        words.extend(start.map(|(column, from)| (column, &text[from..])));
        Words { words: words.into_iter().peekable(), end: column + 1 }
    }

    fn next(&mut self, expected: &str) -> Result<Word<'t>, PlanError> {
        match self.words.next() {
            Some((column, ";")) => Err(error((column, ";"), expected)),
            Some(word) => Ok(word),
            None => Err(error((self.end, "end of the plan"), expected)),
        }
    }

    /// A word that must be one of these.
    fn keyword(&mut self, expected: &str) -> Result<(), PlanError> {
        let word = self.next(&format!("`{expected}`"))?;
        if word.1 == expected { Ok(()) } else { Err(error(word, &format!("`{expected}`"))) }
    }

    fn read<T>(&mut self, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, PlanError> {
        let word = self.next(expected)?;
        read(word.1).ok_or_else(|| error(word, expected))
    }
}

fn error(word: Word<'_>, expected: &str) -> PlanError {
    let found = if word.1.chars().count() > 40 {
        word.1.chars().take(40).chain("...".chars()).collect()
    } else {
        word.1.to_owned()
    };
    PlanError { column: word.0, found, expected: expected.to_owned() }
}

/// A number that is written in one way only.
fn number<T: FromStr>(text: &str) -> Option<T> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

fn count(text: &str) -> Option<u32> {
    number(text).filter(|count| *count > 0)
}

/// Splits off the purchase, if one is named.
fn of_purchase(text: &str) -> Option<(u32, &str)> {
    match text.split_once(':') {
        Some((purchase, rest)) => Some((count(purchase)?, rest)),
        None => Some((1, text)),
    }
}

fn send(text: &str) -> Option<SendSite> {
    let (purchase, rest) = of_purchase(text)?;
    let (step, nth) = rest.split_once('#')?;
    Some(SendSite { purchase, step: step.parse::<Step>().ok()?, nth: count(nth)? })
}

fn event(text: &str) -> Option<EventSite> {
    let (purchase, rest) = of_purchase(text)?;
    let bare = !text.contains(':');
    match rest {
        "start" => return Some(EventSite::Start { purchase }),
        "top-up" if bare => return Some(EventSite::TopUp),
        "settled" if bare => return Some(EventSite::Settled),
        "late" if bare => return Some(EventSite::Late),
        _ => {}
    }
    if let (Some(("expiry", nth)), true) = (rest.split_once('#'), bare) {
        return Some(EventSite::Expiry { nth: count(nth)? });
    }
    if let Some((who, what)) = rest.split_once('.')
        && let Ok(party) = who.parse::<Party>()
    {
        let (what, nth) = what.split_once('#')?;
        let nth = count(nth)?;
        if what == "restart" {
            return bare.then_some(EventSite::Restart { party, nth });
        }
        let kind = TimerKind::ALL.iter().find(|kind| kind.name() == what)?;
        return Some(EventSite::Timer { party, purchase, kind: *kind, nth });
    }
    let (sent, nth) = text.rsplit_once('.').unwrap_or((text, "1"));
    Some(EventSite::Arrival { send: send(sent)?, nth: count(nth)? })
}

fn save(text: &str, party: Party) -> Option<SaveSite> {
    let (purchase, rest) = of_purchase(text)?;
    let (kind, nth) = rest.split_once('#')?;
    let kind = RecordKind::ALL.iter().find(|known| known.name() == kind)?;
    Some(SaveSite { party, purchase, kind: *kind, nth: count(nth)? })
}

fn micros(text: &str) -> Option<u64> {
    number(text.strip_suffix("us")?)
}

/// The party that the event itself names, if it names one.
const fn named(event: &EventSite) -> Option<Party> {
    match event {
        EventSite::Timer { party, .. } | EventSite::Restart { party, .. } => Some(*party),
        EventSite::TopUp => Some(Party::Server),
        _ => None,
    }
}

fn crash_event(words: &mut Words<'_>, party: Party) -> Result<EventSite, PlanError> {
    let word = words.next(EVENT)?;
    let event = event(word.1).ok_or_else(|| error(word, EVENT))?;
    if matches!(event, EventSite::Settled | EventSite::Late | EventSite::Expiry { .. }) {
        return Err(error(word, "an event that the party takes; nobody takes `settled`, `late` or `expiry`"));
    }
    match named(&event) {
        Some(other) if other != party => Err(error(word, &format!("an event that {party} takes, not {other}"))),
        _ => Ok(event),
    }
}

fn crash(words: &mut Words<'_>, forever: bool) -> Result<Fault, PlanError> {
    let party = words.read(PARTY, |text| text.parse().ok())?;
    let word = words.next(SITE)?;
    let site = match word.1 {
        "taking" => CrashSite::Taking(crash_event(words, party)?),
        "after" => CrashSite::After(crash_event(words, party)?),
        "before" => {
            let expected = format!("`save`, or {SEND}");
            let word = words.next(&expected)?;
            if word.1 == "save" {
                CrashSite::BeforeSave(words.read(SAVE, |text| save(text, party))?)
            } else {
                CrashSite::BeforeSend(send(word.1).ok_or_else(|| error(word, &expected))?)
            }
        }
        _ => return Err(error(word, SITE)),
    };
    Ok(Fault::Crash { party, site, forever })
}

fn partition(words: &mut Words<'_>) -> Result<Fault, PlanError> {
    let expected = "parties separated by commas, such as M1,P";
    let word = words.next(expected)?;
    let group: Option<Vec<Party>> = word.1.split(',').map(|party| party.parse().ok()).collect();
    let mut group = group.ok_or_else(|| error(word, expected))?;
    group.sort_unstable();
    if group.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(error(word, "each party once"));
    }
    words.keyword("from")?;
    let expected = "a time in microseconds, such as 120000us";
    let from_us = words.read(expected, micros)?;
    words.keyword("for")?;
    let for_us = words.read(expected, |text| micros(text).filter(|us| *us > 0 && us.checked_add(from_us).is_some()))?;
    Ok(Fault::Partition { group, from_us, for_us })
}

fn fault(words: &mut Words<'_>) -> Result<Fault, PlanError> {
    let names = FaultKind::ALL.iter().map(|kind| kind.name());
    let expected = format!("a fault: {}", names.clone().collect::<Vec<_>>().join(", "));
    let word = words.next(&expected)?;
    let Some(kind) = FaultKind::ALL.iter().find(|kind| kind.name() == word.1) else {
        let near =
            names.map(|name| (strsim::osa_distance(name, word.1), name)).min().filter(|(distance, _)| *distance <= 2);
        let hint = near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"));
        return Err(error(word, &format!("{expected}{hint}")));
    };
    match kind {
        FaultKind::Drop => Ok(Fault::Drop(words.read(SEND, send)?)),
        FaultKind::Duplicate => Ok(Fault::Duplicate(words.read(SEND, send)?)),
        FaultKind::Delay => Ok(Fault::Delay(words.read(SEND, send)?)),
        FaultKind::Corrupt => {
            let send = words.read(SEND, send)?;
            words.keyword("bit")?;
            Ok(Fault::Corrupt { send, bit: words.read("a bit's number, from 0", number)? })
        }
        FaultKind::Replay => {
            let send = words.read(SEND, send)?;
            words.keyword("after")?;
            Ok(Fault::Replay { send, after: words.read(EVENT, event)? })
        }
        FaultKind::Crash => crash(words, false),
        FaultKind::CrashForever => crash(words, true),
        FaultKind::Partition => partition(words),
    }
}

impl FromStr for Course {
    type Err = PlanError;

    /// A plan, an order of events, or a plan and an order.
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut words = Words::new(text);
        // The order comes last; what stands before it is a plan, with a semicolon behind it.
        let all: Vec<Word<'_>> = words.words.by_ref().collect();
        let Some(at) = all.iter().position(|word| word.1 == ORDER) else {
            return Ok(Course { plan: text.parse()?, order: None });
        };
        let plan = match all[..at] {
            [] => Plan::default(),
            [.., (column, ";")] => text.chars().take(column - 1).collect::<String>().parse()?,
            _ => return Err(error(all[at], "`;` before `order`")),
        };
        let mut order = Vec::new();
        for word in &all[at + 1..] {
            let taken = event(word.1).filter(|event| !matches!(event, EventSite::Settled | EventSite::Late));
            order.push(taken.ok_or_else(|| error(*word, ORDERED))?);
        }
        Ok(Course { plan, order: Some(order) })
    }
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        if text.len() > PLAN_BYTES_MAX {
            return Err(error((1, text), "at most 1 MiB of text"));
        }
        let mut words = Words::new(text);
        if words.words.peek().is_some_and(|word| word.1 == "none") {
            words.words.next();
            return match words.words.next() {
                None => Ok(Plan::default()),
                Some(word) => Err(error(word, "nothing after `none`")),
            };
        }
        let mut plan = Plan::default();
        loop {
            let start = words.words.peek().copied();
            let fault = fault(&mut words)?;
            let repeatable = matches!(fault, Fault::Replay { .. } | Fault::Partition { .. });
            if let (false, true, Some(word)) = (repeatable, plan.0.contains(&fault), start) {
                return Err(error(word, "each fault once"));
            }
            plan.0.push(fault);
            match words.words.next() {
                None => return Ok(plan),
                Some((_, ";")) => {}
                Some(word) => return Err(error(word, "`;` and another fault, or the end of the plan")),
            }
        }
    }
}
