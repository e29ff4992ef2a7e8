//! The text form of a plan: one line that people can read and that the program reads back.
//!
//! ```text
//! plan   := "none" | fault (";" fault)*
//! fault  := "drop" send | "duplicate" send | "delay" send
//!         | "corrupt" send "bit" N
//!         | "replay" send "after" event
//!         | ("crash" | "crash-forever") party site
//!         | "partition" party ("," party)* "from" N"us" "for" N"us"
//! site   := "taking" event | "before" send | "before" "save" record | "after" event
//! send   := [N ":"] step "#" N            3#1 is the first send of step 3; 2:3#1 that of the second purchase
//! record := [N ":"] kind "#" N            signed#1
//! event  := send ["." N]                  3#1 arrives; 3#1.2 arrives for the second time
//!         | [N ":"] party "." timer "#" N C1.retry#2 fires
//!         | party ".restart#" N           M1 is back
//!         | [N ":"] "start"               the customer sets out
//!         | "top-up" | "settled" | "late"
//!         | "expiry#" N                   the next order lapses (in an order of events)
//! course := plan | [plan ";"] "order" event*   under the untimed clock: exactly these events, in this order
//! step   := 1 to 99 | "query-C" | "query-M" | "answer-C" | "answer-M"
//! party  := "C" N | "M" N | "P"           C and M alone are C1 and M1
//! ```
//!
//! Numbers start at 1, and a purchase that is not named is the first. A plan prints in one way only; spaces between words do not
//! matter when it is read.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use super::{Course, CrashSite, EventSite, Fault, FaultKind, Plan, SaveSite, SendSite};
use crate::protocol::party::{Party, Step};
use crate::protocol::record::RecordKind;
use crate::protocol::role::TimerKind;

fn purchase(f: &mut Formatter<'_>, number: u32) -> fmt::Result {
    if number == 1 { Ok(()) } else { write!(f, "{number}:") }
}

impl Display for SendSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        purchase(f, self.purchase)?;
        write!(f, "{}#{}", self.step, self.nth)
    }
}

impl Display for SaveSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        purchase(f, self.purchase)?;
        write!(f, "{}#{}", self.kind, self.nth)
    }
}

impl Display for EventSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            EventSite::Arrival { send, nth: 1 } => write!(f, "{send}"),
            EventSite::Arrival { send, nth } => write!(f, "{send}.{nth}"),
            EventSite::Timer { party, purchase: number, kind, nth } => {
                purchase(f, *number)?;
                write!(f, "{party}.{kind}#{nth}")
            }
            EventSite::Restart { party, nth } => write!(f, "{party}.restart#{nth}"),
            EventSite::Start { purchase: number } => {
                purchase(f, *number)?;
                f.write_str("start")
            }
            EventSite::TopUp => f.write_str("top-up"),
            EventSite::Settled => f.write_str("settled"),
            EventSite::Late => f.write_str("late"),
            EventSite::Expiry { nth } => write!(f, "expiry#{nth}"),
        }
    }
}

impl Display for CrashSite {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            CrashSite::Taking(event) => write!(f, "taking {event}"),
            CrashSite::BeforeSend(send) => write!(f, "before {send}"),
            CrashSite::BeforeSave(save) => write!(f, "before save {save}"),
            CrashSite::After(event) => write!(f, "after {event}"),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().name())?;
        match self {
            Fault::Drop(send) | Fault::Duplicate(send) | Fault::Delay(send) => write!(f, " {send}"),
            Fault::Replay { send, after } => write!(f, " {send} after {after}"),
            Fault::Corrupt { send, bit } => write!(f, " {send} bit {bit}"),
            Fault::Crash { party, site, .. } => write!(f, " {party} {site}"),
            Fault::Partition { group, from_us, for_us } => {
                for (i, party) in group.iter().enumerate() {
                    write!(f, "{}{party}", if i == 0 { " " } else { "," })?;
                }
                write!(f, " from {from_us}us for {for_us}us")
            }
        }
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (i, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

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
const ORDER: &str = "order";
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

impl Display for Course {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(order) = &self.order else { return write!(f, "{}", self.plan) };
        if !self.plan.0.is_empty() {
            write!(f, "{}; ", self.plan)?;
        }
        f.write_str("order")?;
        order.iter().try_for_each(|event| write!(f, " {event}"))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::party::Side;

    fn party() -> impl Strategy<Value = Party> {
        prop_oneof![(0..9_u32).prop_map(Party::Customer), (0..9_u32).prop_map(Party::Merchant), Just(Party::Server)]
    }

    fn step() -> impl Strategy<Value = Step> {
        let side = prop_oneof![Just(Side::Customer), Just(Side::Merchant)];
        prop_oneof![
            (1..=99_u8).prop_map(Step::Numbered),
            side.clone().prop_map(Step::Query),
            side.prop_map(Step::Answer)
        ]
    }

    fn a_send() -> impl Strategy<Value = SendSite> {
        (1..20_u32, step(), 1..20_u32).prop_map(|(purchase, step, nth)| SendSite { purchase, step, nth })
    }

    fn taken(party: Party) -> impl Strategy<Value = EventSite> {
        let kind = proptest::sample::select(TimerKind::ALL);
        prop_oneof![
            (a_send(), 1..5_u32).prop_map(|(send, nth)| EventSite::Arrival { send, nth }),
            (1..5_u32, kind, 1..5_u32).prop_map(move |(purchase, kind, nth)| EventSite::Timer {
                party,
                purchase,
                kind,
                nth
            }),
            (1..5_u32).prop_map(move |nth| EventSite::Restart { party, nth }),
            (1..5_u32).prop_map(|purchase| EventSite::Start { purchase }),
        ]
    }

    fn a_crash() -> impl Strategy<Value = Fault> {
        party().prop_flat_map(|party| {
            let kind = proptest::sample::select(RecordKind::ALL);
            let site = prop_oneof![
                taken(party).prop_map(CrashSite::Taking),
                taken(party).prop_map(CrashSite::After),
                a_send().prop_map(CrashSite::BeforeSend),
                (1..5_u32, kind, 1..5_u32).prop_map(move |(purchase, kind, nth)| CrashSite::BeforeSave(SaveSite {
                    party,
                    purchase,
                    kind,
                    nth
                })),
            ];
            (site, any::<bool>()).prop_map(move |(site, forever)| Fault::Crash { party, site, forever })
        })
    }

    fn a_fault() -> impl Strategy<Value = Fault> {
        let point = prop_oneof![
            party().prop_flat_map(taken),
            Just(EventSite::TopUp),
            Just(EventSite::Settled),
            Just(EventSite::Late)
        ];
        let group = proptest::collection::btree_set(party(), 1..4).prop_map(|set| set.into_iter().collect());
        prop_oneof![
            a_send().prop_map(Fault::Drop),
            a_send().prop_map(Fault::Duplicate),
            a_send().prop_map(Fault::Delay),
            (a_send(), any::<u32>()).prop_map(|(send, bit)| Fault::Corrupt { send, bit }),
            (a_send(), point).prop_map(|(send, after)| Fault::Replay { send, after }),
            a_crash(),
            (group, 0..1_000_000_u64, 1..1_000_000_u64).prop_map(|(group, from_us, for_us)| Fault::Partition {
                group,
                from_us,
                for_us
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_plan_reads_back_as_it_prints(faults in proptest::collection::btree_set(a_fault(), 0..6)) {
            let plan = Plan(faults.into_iter().collect());
            let text = plan.to_string();
            prop_assert_eq!(text.parse::<Plan>().map_err(|e| e.to_string()), Ok(plan));
            prop_assert_eq!(text.replace(' ', "   ").parse::<Plan>().map(|plan| plan.to_string()), Ok(text));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = text.parse::<Plan>();
        }

        #[test]
        fn no_text_of_familiar_words_makes_the_reader_panic(
            words in proptest::collection::vec(
                proptest::sample::select(vec![
                    "drop", "replay", "crash", "partition", "C1", "M1,P", "3#1", "3#1.2", "after", "before", "save", "taking",
                    "signed#1", "bit", "7", "from", "for", "1us", ";", "#", ":", ".", "2:", "query-C#1", "C.retry#1", "late",
                ]),
                0..9,
            )
        ) {
            if let Ok(plan) = words.join(" ").parse::<Plan>() {
                prop_assert_eq!(plan.to_string().parse::<Plan>(), Ok(plan));
            }
        }
    }

    #[test]
    fn a_wrong_plan_says_where_and_what_would_be_right() {
        let long = "x".repeat(50);
        let cases = [
            ("", "column 1: `end of the plan`: expected a fault: drop, duplicate"),
            ("dorp 3#1", "did you mean `drop`?"),
            ("drop", "column 5: `end of the plan`: expected a send"),
            ("drop 0#1", "column 6: `0#1`: expected a send"),
            ("drop 3#0", "column 6: `3#0`"),
            ("drop 3#01", "column 6: `3#01`"),
            ("drop 3#1 4#1", "column 10: `4#1`: expected `;`"),
            ("drop 3#1; drop 3#1", "column 11: `drop`: expected each fault once"),
            ("drop 3#1;", "column 10: `end of the plan`: expected a fault"),
            ("none; drop 3#1", "column 5: `;`: expected nothing after `none`"),
            ("crash X before 4#1", "column 7: `X`: expected a party"),
            ("crash M1 near 4#1", "column 10: `near`: expected `taking`, `before`"),
            ("crash M1 before save kitten#1", "column 22: `kitten#1`: expected a record"),
            ("crash M1 taking C1.retry#1", "expected an event that M1 takes, not C1"),
            ("crash M1 after settled", "nobody takes `settled`"),
            ("corrupt 3#1 bot 4", "column 13: `bot`: expected `bit`"),
            ("replay 3#1 after noon", "column 18: `noon`: expected an event"),
            ("partition M1,M1 from 0us for 1us", "expected each party once"),
            ("partition M1 from 0 for 1us", "expected a time in microseconds"),
            ("partition M1 from 5us for 0us", "expected a time in microseconds"),
            (long.as_str(), "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...`"),
        ];
        for (text, message) in cases {
            let error = text.parse::<Plan>().map(|plan| plan.to_string()).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn bare_letters_are_the_first_of_their_kind() {
        let plan: Result<Plan, _> = "crash M before 4#1; crash C after 6#1".parse();
        assert_eq!(plan.map(|plan| plan.to_string()), Ok("crash M1 before 4#1; crash C1 after 6#1".to_owned()));
    }
}
