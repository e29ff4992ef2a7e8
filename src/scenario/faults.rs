//! The `[faults]` table: a mode, and the settings that go with it.
//!
//! A setting of another mode is an error rather than ignored: whoever writes `rates` into an exhaustive search believes that they
//! do something. What a plan may say is left to `fault`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use sha2::{Digest, Sha256};
use toml::Spanned;

use super::diagnostic::{Findings, Place, clip};
use super::names::quoted;
use super::raw::{AtMost, Given, RawFaults, Texts, Whole};
use super::{Clock, Faults, GivenPlan, Workload};
use crate::fault::{FaultKind, Plan};

/// The most faults of an exhaustive search under that clock; fewer where every plan is run to its end.
pub(super) const fn most_faults(clock: Clock, cuts: bool) -> u64 {
    match clock {
        Clock::Timed if !cuts => EVERY_PLAN_MAX,
        _ => AT_MOST_MAX,
    }
}

/// Whether plans are cut where they come to what is known, which is a search of its own under the timed clock.
pub(super) fn cuts(raw: &RawFaults) -> bool {
    raw.every_plan.as_ref().is_some_and(|every| !*every.get_ref())
}

/// The modes, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    None,
    Random,
    Exhaustive,
    Scripted,
}

impl Mode {
    const ALL: &'static [Mode] = &[Mode::None, Mode::Random, Mode::Exhaustive, Mode::Scripted];

    const fn name(self) -> &'static str {
        match self {
            Mode::None => "none",
            Mode::Random => "random",
            Mode::Exhaustive => "exhaustive",
            Mode::Scripted => "scripted",
        }
    }
}

/// A key of the table, where it is given, and the modes that it belongs to.
type Setting<'a> = (&'a str, Option<Range<usize>>, &'a [Mode]);

/// The kinds of an exhaustive search that names none.
pub const EXHAUSTIVE_KINDS: &[FaultKind] = &[
    FaultKind::Drop,
    FaultKind::Duplicate,
    FaultKind::Delay,
    FaultKind::Replay,
    FaultKind::Crash,
    FaultKind::CrashForever,
];
/// The most faults per plan where every plan is run to its end.
const EVERY_PLAN_MAX: u64 = 3;
/// What allows more of them.
const MORE: &str = "; up to 8 with every_plan = false or clock = \"untimed\"";
/// The most faults of one that does not say.
const AT_MOST_DEFAULT: u32 = 2;
/// The most faults of a search that visits what several plans come to once.
pub(super) const AT_MOST_MAX: u64 = 8;
/// The most purchases of an exhaustive search.
pub(super) const PURCHASES_MAX: u32 = 4;
/// The seeds of a random campaign that names none.
const SEEDS: Range<u64> = 0..100;
/// The most seeds of one scenario.
const SEEDS_MAX: u64 = 1_000_000_000;
const MILLION: f64 = 1_000_000.0;

/// How often a kind strikes at a site where a random campaign does not say, in parts per million: messages get lost more often
/// than machines do. A partition has no sites: its rate is that of runs that have one.
const fn default_rate_ppm(kind: FaultKind) -> u32 {
    match kind {
        FaultKind::Drop => 50_000,
        FaultKind::Duplicate | FaultKind::Delay => 20_000,
        FaultKind::Replay | FaultKind::Corrupt | FaultKind::Crash => 10_000,
        FaultKind::CrashForever => 1_000,
        FaultKind::Partition => 500_000,
    }
}

/// Reads seeds as scenarios and the command line write them: `A..B`, from A to before B.
///
/// # Errors
///
/// What would be accepted instead.
pub fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().ok();
    let seeds = text.split_once("..").and_then(|(start, end)| Some(number(start)?..number(end)?));
    match seeds {
        None => Err("accepted: A..B, such as 0..100, from A to before B".to_owned()),
        Some(seeds) if seeds.is_empty() => Err("accepted: A..B with A less than B".to_owned()),
        Some(seeds) if seeds.end - seeds.start > SEEDS_MAX => Err(format!("accepted: at most {SEEDS_MAX} seeds")),
        Some(seeds) => Ok(seeds),
    }
}

/// So many seeds that follow from a text, such as a commit's id: other seeds for each text, and the same for the same, everywhere.
///
/// The first is the SHA-256 of the text modulo 10^12, so that people can read it out to each other.
pub fn seeds_from(text: &str, count: u64) -> Range<u64> {
    let sum: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let start = sum.iter().fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % 1_000_000_000_000);
    start..start + count.min(SEEDS_MAX)
}

impl Findings<'_> {
    /// Checks `[faults]`, and what elsewhere in the file depends on its mode.
    pub(super) fn faults(
        &mut self,
        given: &Given<RawFaults>,
        purchases: &Given<Whole>,
        workload: &Workload,
        seed: &Given<Whole>,
    ) -> Faults {
        let Some(section) = given else { return Faults::None };
        let raw = section.get_ref();
        let modes = Mode::ALL.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", ");
        let Some(mode) = &raw.mode else {
            self.error(section.span(), "`faults.mode` is missing", format!("accepted: {modes}"));
            return Faults::None;
        };
        let Some(mode) = self.named("faults.mode", mode, Mode::ALL, Mode::name) else { return Faults::None };
        self.foreign_settings(raw, mode);
        let clock = self.one_of("faults.clock", &raw.clock, Clock::ALL, Clock::name, Clock::Timed);
        if let (Clock::Untimed, Some(given), true) = (clock, &raw.clock, mode != Mode::Exhaustive) {
            let message = format!("`faults.clock` is \"untimed\" in mode \"{}\"", mode.name());
            self.error(given.span(), message, "accepted: mode = \"exhaustive\", or clock = \"timed\"");
        }
        match mode {
            Mode::None => Faults::None,
            Mode::Random => {
                if let Some(seed) = seed {
                    let help = "accepted: `faults.seeds` instead, such as seeds = \"0..100\"";
                    self.error(seed.span(), "`seed` has no meaning in mode \"random\"", help);
                }
                self.random(raw)
            }
            Mode::Exhaustive => {
                if let (Some(purchases), true) = (purchases, workload.purchases > PURCHASES_MAX) {
                    let message = format!("`workload.purchases` is {} in mode \"exhaustive\"", workload.purchases);
                    let help = format!("accepted: 1 to {PURCHASES_MAX}");
                    self.error(purchases.span(), message, help);
                }
                self.exhaustive(raw, clock)
            }
            Mode::Scripted => Faults::Scripted { plans: self.plans(&raw.plans, section) },
        }
    }

    /// Says which settings belong to another mode.
    fn foreign_settings(&mut self, raw: &RawFaults, mode: Mode) {
        fn span<T>(given: &Given<T>) -> Option<Range<usize>> {
            given.as_ref().map(Spanned::span)
        }
        let settings: [Setting<'_>; 11] = [
            ("every_plan", span(&raw.every_plan), &[Mode::Exhaustive]),
            ("states_at_most", span(&raw.states_at_most), &[Mode::Exhaustive]),
            ("events_at_most", span(&raw.events_at_most), &[Mode::Exhaustive]),
            ("mebibytes_at_most", span(&raw.mebibytes_at_most), &[Mode::Exhaustive]),
            ("at_most", span(&raw.at_most), &[Mode::Exhaustive]),
            ("kinds", span(&raw.kinds), &[Mode::Random, Mode::Exhaustive]),
            ("seeds", span(&raw.seeds), &[Mode::Random]),
            ("swarm", span(&raw.swarm), &[Mode::Random]),
            ("rates", span(&raw.rates), &[Mode::Random]),
            ("plans", span(&raw.plans), &[Mode::Scripted]),
            (
                "server_crash_forever",
                span(&raw.server_crash_forever),
                &[Mode::Random, Mode::Exhaustive, Mode::Scripted],
            ),
        ];
        for (key, span, modes) in settings {
            if let Some(span) = span
                && !modes.contains(&mode)
            {
                let names: Vec<String> = modes.iter().map(|mode| format!("\"{}\"", mode.name())).collect();
                let message = format!("`faults.{key}` has no meaning in mode \"{}\"", mode.name());
                self.error(span, message, format!("take it out, or accepted: mode = {}", names.join(" or ")));
            }
        }
    }

    fn random(&mut self, raw: &RawFaults) -> Faults {
        let seeds = match &raw.seeds {
            None => SEEDS,
            Some(seeds) => parse_seeds(seeds.get_ref()).unwrap_or_else(|help| {
                self.error(seeds.span(), format!("`faults.seeds` is {}", quoted(seeds.get_ref())), help);
                SEEDS
            }),
        };
        let kinds = self.kinds(&raw.kinds);
        let mut rates = BTreeMap::new();
        for (key, rate) in raw.rates.iter().flat_map(|rates| rates.get_ref()) {
            let Some(kind) = self.named("faults.rates", key, FaultKind::ALL, FaultKind::name) else { continue };
            if let (Some(kinds), Some(given)) = (&kinds, &raw.kinds)
                && !kinds.contains(&kind)
            {
                let message =
                    format!("`faults.rates` gives `{}`, which `faults.kinds` leaves out", clip(key.get_ref()));
                let line = Place::of(self.source, given.span()).line;
                self.error(key.span(), message, format!("take it out, or add it to `kinds` in line {line}"));
            }
            let what = format!("faults.rates.{}", kind.name());
            let ppm = (self.decimal(&what, &Some(rate.clone()), 0.0..=1.0, 0.0) * MILLION).round() as u32;
            if ppm == 0 && rate.get_ref().0 > 0.0 && rate.get_ref().0 <= 1.0 {
                let message = format!("`{what}` is {:?}, which is too small", rate.get_ref().0);
                self.error(rate.span(), message, "accepted: 0, or a number from 0.000001 to 1");
            }
            rates.insert(kind, ppm);
        }
        // Kinds without a rate of their own get the usual one; rates alone say which kinds there are.
        let rest = kinds.unwrap_or_else(|| if raw.rates.is_some() { Vec::new() } else { FaultKind::ALL.to_vec() });
        for kind in rest {
            rates.entry(kind).or_insert(default_rate_ppm(kind));
        }
        if let (Some(given), true, true) = (&raw.rates, rates.is_empty(), self.is_empty()) {
            self.error(given.span(), "`faults.rates` is empty", "accepted: at least one, such as { drop = 0.05 }");
        }
        self.server_needs(raw, rates.contains_key(&FaultKind::CrashForever));
        Faults::Random { seeds, swarm: raw.swarm.as_ref().is_none_or(|swarm| *swarm.get_ref()), rates }
    }

    fn exhaustive(&mut self, raw: &RawFaults, clock: Clock) -> Faults {
        if let (Some(at_most), Some(kinds)) = (&raw.at_most, &raw.kinds)
            && let AtMost::Each(_) = at_most.get_ref()
        {
            let help = "take it out: the table says which kinds there are";
            self.error(kinds.span(), "`faults.kinds` beside a `faults.at_most` that is a table", help);
        }
        for kind in raw.kinds.iter().flat_map(|kinds| kinds.get_ref()) {
            if kind.get_ref() == FaultKind::Partition.name() {
                let help = "take it out, or mode = \"random\": moments and lengths of a partition cannot be enumerated";
                self.error(kind.span(), "`faults.kinds` has \"partition\" in mode \"exhaustive\"", help);
            }
        }
        self.foreign_bounds(raw, clock);
        let given = self.kinds(&raw.kinds).unwrap_or_else(|| EXHAUSTIVE_KINDS.to_vec());
        let (at_most, kinds, each) = self.at_most(&raw.at_most, most_faults(clock, cuts(raw)), given);
        self.server_needs(raw, kinds.contains(&FaultKind::CrashForever));
        Faults::Exhaustive { at_most, kinds, each, clock }
    }

    /// Says which settings belong to another kind of exhaustive search.
    fn foreign_bounds(&mut self, raw: &RawFaults, clock: Clock) {
        let (untimed, every_plan) = (clock == Clock::Untimed, !cuts(raw));
        let timed = "accepted: clock = \"timed\"";
        let search = "accepted: clock = \"untimed\", or every_plan = false";
        let settings = [
            ("every_plan", raw.every_plan.as_ref().map(Spanned::span), untimed, timed),
            ("states_at_most", raw.states_at_most.as_ref().map(Spanned::span), !untimed && every_plan, search),
            ("mebibytes_at_most", raw.mebibytes_at_most.as_ref().map(Spanned::span), !untimed && every_plan, search),
            (
                "events_at_most",
                raw.events_at_most.as_ref().map(Spanned::span),
                !untimed,
                "accepted: clock = \"untimed\"",
            ),
        ];
        let clock = if untimed { "under the untimed clock" } else { "under the timed clock" };
        for (key, span, foreign, help) in settings {
            if let (Some(span), true) = (span, foreign) {
                let why = if every_plan && !untimed && help == search { ", where every plan is run" } else { "" };
                self.error(
                    span,
                    format!("`faults.{key}` has no meaning {clock}{why}"),
                    format!("take it out, or {help}"),
                );
            }
        }
    }

    /// How many faults in all, of which kinds, and of which fewer than of all.
    fn at_most(
        &mut self,
        given: &Given<AtMost>,
        most: u64,
        kinds: Vec<FaultKind>,
    ) -> (u32, Vec<FaultKind>, BTreeMap<FaultKind, u32>) {
        let Some(given) = given else { return (AT_MOST_DEFAULT, kinds, BTreeMap::new()) };
        let more = if most < AT_MOST_MAX { MORE } else { "" };
        let rows = match given.get_ref() {
            AtMost::All(number) => {
                let number = Some(Spanned::new(given.span(), *number));
                let number = self.whole_or_more("faults.at_most", &number, 0..=most, AT_MOST_DEFAULT, more);
                return (number, kinds, BTreeMap::new());
            }
            AtMost::Each(rows) => rows,
        };
        let countable: Vec<FaultKind> =
            FaultKind::ALL.iter().copied().filter(|kind| *kind != FaultKind::Partition).collect();
        let mut each = BTreeMap::new();
        for (key, number) in rows {
            let Some(kind) = self.named("faults.at_most", key, &countable, FaultKind::name) else { continue };
            let what = format!("faults.at_most.{}", kind.name());
            each.insert(kind, self.whole_or_more(&what, &Some(number.clone()), 1..=most, 1, more));
        }
        let sum: u32 = each.values().sum();
        if (each.is_empty() || u64::from(sum) > most) && self.is_empty() {
            let message = format!("`faults.at_most` allows {sum} faults in all");
            self.error(given.span(), message, format!("accepted: 1 to {most}{more}"));
        }
        (sum, each.keys().copied().collect(), each)
    }

    /// The kinds that are listed, in the order of the specification.
    fn kinds(&mut self, given: &Texts) -> Option<Vec<FaultKind>> {
        given.as_ref()?;
        let mut kinds = self.all_of("faults.kinds", given, FaultKind::ALL, FaultKind::name);
        self.not_empty("faults.kinds", given);
        kinds.sort_unstable();
        Some(kinds)
    }

    /// `server_crash_forever` widens a kind that has to be there.
    fn server_needs(&mut self, raw: &RawFaults, crash_forever: bool) {
        if let Some(flag) = &raw.server_crash_forever
            && *flag.get_ref()
            && !crash_forever
        {
            let help = "take it out, or add \"crash-forever\" to the kinds";
            self.error(flag.span(), "`faults.server_crash_forever` is true, but nothing crashes for ever", help);
        }
    }

    fn plans(&mut self, given: &Texts, section: &Spanned<RawFaults>) -> Vec<GivenPlan> {
        let Some(plans) = given else {
            let help = "accepted: plans = [\"...\"], each a line that `halfpaid` prints";
            self.error(section.span(), "`faults.plans` is missing in mode \"scripted\"", help);
            return Vec::new();
        };
        self.not_empty("faults.plans", given);
        let mut all = Vec::new();
        let mut taken = BTreeSet::new();
        for plan in plans.get_ref() {
            let (text, span) = (plan.get_ref(), plan.span());
            match text.parse::<Plan>() {
                Err(why) => {
                    let message = format!("`faults.plans` has {}, which is no plan", quoted(text));
                    self.error(span, message, why.to_string());
                }
                Ok(_) if !taken.insert(text) => {
                    self.error(span, format!("`faults.plans` lists {} twice", quoted(text)), "take one of them out");
                }
                Ok(plan) => all.push(GivenPlan { plan, span }),
            }
        }
        all
    }
}
