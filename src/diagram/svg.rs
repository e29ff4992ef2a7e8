//! The picture as SVG: a line for each party, an arrow for each message from where it is sent to where it arrives, time downwards.
//!
//! Arrows slant as far as the message is late, so that messages that overtake each other cross. What is drawn is a [`View`] of the
//! run: perhaps one purchase of many. Colours are left to classes, so that a page can give its own; [`file()`] has its own.

mod shapes;

use std::collections::{BTreeSet, VecDeque};

use maud::{Markup, PreEscaped, html};

use super::{Act, Entry, Transcript, What, text};
use crate::drive::Finished;
use crate::party::Party;
use shapes::{LETTER, Sheet, wrap};

/// Where the first line stands, and how far from one to the next, in units of the picture: about a pixel each.
const FIRST: i64 = 92;
const LANE: i64 = 196;
/// Where time begins.
const TOP: i64 = 44;
/// The height of a line of text.
const LINE: i64 = 15;
/// The most entries that a picture has: what follows is counted.
const ENTRIES_MAX: usize = 400;

/// Where something broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// When, in virtual microseconds; `None` for the end.
    pub at_us: Option<u64>,
    /// What, in words.
    pub words: String,
}

/// What a picture shows of a run.
#[derive(Debug, Clone)]
pub struct View {
    /// What the picture is called.
    pub title: String,
    /// Its name among the pictures of a page: letters, digits and hyphens.
    pub id: String,
    /// The purchases that are shown; without them, all.
    pub purchases: Option<BTreeSet<u32>>,
    /// Nothing later is shown, in virtual microseconds.
    pub until_us: u64,
    /// What broke.
    pub breaks: Vec<Break>,
}

impl View {
    /// Everything until nothing told anybody anything new any more, or, if asked for, until the end.
    pub fn whole(title: &str, finished: &Finished<'_>, to_the_end: bool) -> View {
        let until_us = if to_the_end { u64::MAX } else { finished.checker.last_news_us() };
        let breaks = finished.checker.violations().iter().map(|violation| Break {
            at_us: (!violation.at_the_end).then_some(violation.at_us),
            words: format!("{}: {}: {}", violation.invariant.name(), violation.clause, violation.about),
        });
        View { title: title.to_owned(), id: "run".to_owned(), purchases: None, until_us, breaks: breaks.collect() }
    }

    /// The entries that are shown: between the first and the last of the purchases, all that concerns these or nobody's.
    fn shown<'t>(&self, transcript: &'t Transcript) -> Vec<&'t Entry> {
        let early = transcript.entries().iter().filter(|entry| entry.at_us <= self.until_us);
        let Some(purchases) = &self.purchases else { return early.collect() };
        let ours = |entry: &Entry| entry.purchase.is_some_and(|purchase| purchases.contains(&purchase));
        let entries: Vec<&Entry> = early.collect();
        let first = entries.iter().position(|entry| ours(entry)).unwrap_or(0);
        let end = entries.iter().rposition(|entry| ours(entry)).map_or(0, |last| last + 1);
        let between = entries.get(first..end).unwrap_or_default();
        let involved: BTreeSet<Party> = between.iter().filter(|e| ours(e)).flat_map(|e| parties(e)).collect();
        let common = |entry: &Entry| entry.purchase.is_none() && parties(entry).all(|party| involved.contains(&party));
        between.iter().copied().filter(|entry| ours(entry) || common(entry)).collect()
    }
}

fn parties(entry: &Entry) -> impl Iterator<Item = Party> {
    let (one, other) = match &entry.what {
        What::Sent { from, to, .. } => (*from, Some(*to)),
        What::At { party, .. } => (*party, None),
    };
    std::iter::once(one).chain(other)
}

/// Draws the run as an element of a page, whose style sheet gives the colours.
pub fn draw(transcript: &Transcript, view: &View) -> Markup {
    picture(transcript, view, &html! {})
}

/// Draws the run as a file of its own.
pub fn file(transcript: &Transcript, view: &View) -> String {
    let style = html! { style { (PreEscaped(concat!(include_str!("colours.css"), include_str!("svg.css")))) } };
    picture(transcript, view, &style).into_string() + "\n"
}

fn picture(transcript: &Transcript, view: &View, style: &Markup) -> Markup {
    let all = view.shown(transcript);
    let (entries, left_out) = all.split_at(all.len().min(ENTRIES_MAX));
    let lanes: Vec<Party> = entries.iter().flat_map(|e| parties(e)).collect::<BTreeSet<_>>().into_iter().collect();
    let mut drawing = Drawing::new(&lanes);
    let mut early: VecDeque<&Break> = view.breaks.iter().filter(|broken| broken.at_us.is_some()).collect();
    early.make_contiguous().sort_by_key(|broken| broken.at_us);
    for (entry, silence) in entries.iter().zip(silences(entries)) {
        let earlier = |broken: &&Break| broken.at_us.is_some_and(|at| at < entry.at_us);
        while let Some(broken) = early.front().copied().filter(earlier) {
            drawing.break_(broken);
            early.pop_front();
        }
        match silence {
            None => drawing.entry(entry),
            Some(0) => {}
            Some(lines) => {
                drawing.remark(&format!("… {lines} lines in which questions are repeated and nothing is learned"));
            }
        }
    }
    drawing.leave();
    if !left_out.is_empty() {
        drawing.remark(&format!("{} more lines are left out", left_out.len()));
    }
    let late = view.breaks.iter().filter(|broken| broken.at_us.is_none());
    early.into_iter().chain(late).for_each(|broken| drawing.break_(broken));
    let (width, height, lines) = drawing.finish();
    let names = (format!("{}-title", view.id), format!("{}-desc", view.id));
    html! {
        svg.sequence xmlns="http://www.w3.org/2000/svg" role="img" viewBox={ "0 0 " (width) " " (height) }
            width=(width) height=(height) aria-labelledby={ (names.0) " " (names.1) } {
            title id=(names.0) { (view.title) }
            desc id=(names.1) { (narrate(entries, view)) }
            (style)
            @for (lane, party) in lanes.iter().enumerate() {
                rect.head x=(x(lane) - 26) y="6" width="52" height="24" rx="4" {}
                text.head x=(x(lane)) y="23" text-anchor="middle" { (party) }
            }
            (lines)
        }
    }
}

/// Which entries are left out: those in the middle of a long time without news. The first of them has their number, the others zero.
fn silences(entries: &[&Entry]) -> Vec<Option<usize>> {
    const AT_THE_START: usize = 16;
    const AT_THE_END: usize = 8;
    let news = |entry: &Entry| match &entry.what {
        What::Sent { fault, .. } => !fault.is_empty(),
        What::At { act, .. } => !matches!(act, Act::Begins | Act::Gets(_) | Act::Misses(_)),
    };
    let mut left_out = vec![None; entries.len()];
    let mut start = 0;
    for at in 0..=entries.len() {
        if entries.get(at).is_none_or(|entry| news(entry)) {
            let (from, to) = (start + AT_THE_START, at.saturating_sub(AT_THE_END));
            if to > from + 1 {
                left_out[from..to].fill(Some(0));
                left_out[from] = Some(to - from);
            }
            start = at + 1;
        }
    }
    left_out
}

/// The picture in words, for those who do not see it.
fn narrate(entries: &[&Entry], view: &View) -> String {
    let mut words = String::new();
    for entry in entries {
        words.push_str(text::plain(entry).trim_end());
        words.push_str(". ");
    }
    view.breaks.iter().for_each(|broken| words.push_str(&format!("Broken: {}. ", broken.words)));
    words.trim_end().to_owned()
}

const fn x(lane: usize) -> i64 {
    FIRST + lane as i64 * LANE
}

/// An envelope that has not arrived.
struct Flying {
    number: u32,
    from: (i64, i64),
    to: i64,
    fault: bool,
}

/// A picture that grows downwards.
struct Drawing<'l> {
    lanes: &'l [Party],
    sheet: Sheet,
    y: i64,
    width: i64,
    time_us: Option<u64>,
    flying: Vec<Flying>,
    /// Envelopes that have arrived, and where they were sent.
    landed: Vec<(u32, (i64, i64))>,
    /// For each line, from where on it goes, and whether its party is up.
    lives: Vec<(i64, bool)>,
}

impl<'l> Drawing<'l> {
    fn new(lanes: &'l [Party]) -> Self {
        let (width, lives) = (x(lanes.len()).max(LANE * 2), vec![(30, true); lanes.len()]);
        Drawing {
            lanes,
            sheet: Sheet::default(),
            y: TOP,
            width,
            time_us: None,
            flying: Vec::new(),
            landed: Vec::new(),
            lives,
        }
    }

    fn lane(&self, party: Party) -> usize {
        self.lanes.iter().position(|lane| *lane == party).unwrap_or(0)
    }

    /// The time, to the left, where it is another than before.
    fn time(&mut self, at_us: u64, y: i64) {
        if self.time_us.replace(at_us) != Some(at_us) {
            let time = format!("{}.{:03}", at_us / 1000, at_us % 1000);
            self.sheet.text("time", (FIRST - 16, y), "end", &[("", &time)]);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match &entry.what {
            What::Sent { envelope, from, to, site, says, fault, lost, .. } => {
                let (from, to) = (x(self.lane(*from)), x(self.lane(*to)));
                let right = to > from;
                let letters = ((to - from).abs() - 20) / LETTER;
                let lines = wrap(&site.to_string(), says, letters);
                let warning = if fault.is_empty() { Vec::new() } else { wrap(&format!("!! {fault}"), "", letters) };
                let (at, anchor) = if right { (from + 8, "start") } else { (from - 8, "end") };
                for (class, line) in lines.iter().map(|l| ("", l)).chain(warning.iter().map(|l| ("bad", l))) {
                    self.y += LINE;
                    self.time(entry.at_us, self.y);
                    self.sheet.text(class, (at, self.y), anchor, &[("name", &line.0), ("", &line.1)]);
                }
                self.y += 5;
                let faulty = !fault.is_empty();
                if *lost {
                    let end = (from + (to - from) * 6 / 10, self.y + 8);
                    self.sheet.arrow((from, self.y), end, true);
                    self.sheet.cross(end);
                    self.y += 8;
                } else {
                    self.flying.push(Flying { number: *envelope, from: (from, self.y), to, fault: faulty });
                }
                self.y += 4;
            }
            What::At { party, act, mark, note } => self.act(entry.at_us, *party, *act, mark, note),
        }
    }

    fn act(&mut self, at_us: u64, party: Party, act: Act, mark: &str, note: &str) {
        let lane = self.lane(party);
        let (left, silent) = (x(lane), matches!(act, Act::Gets(_)));
        let (name, rest) = match act {
            Act::Gets(_) => ("", ""),
            Act::Believes => (mark, ""),
            _ => (mark, note),
        };
        let y = self.y + 12;
        self.time(at_us, y + 4);
        if let Act::Gets(number) | Act::Misses(Some(number)) | Act::Forgoes(Some(number)) = act {
            self.land(number, (left, y));
        }
        let class = if act.is_fault() || matches!(act, Act::Misses(_)) { "bad" } else { "" };
        match act {
            Act::Gets(_) => {}
            Act::Saves { durable } => self.sheet.square((left, y), if durable { "save" } else { "note" }),
            Act::Misses(_) | Act::Forgoes(_) => self.sheet.cross((left, y)),
            Act::Crashes => {
                self.sheet.square((left, y), "crash");
                self.live(lane, y, false);
            }
            Act::Returns => self.live(lane, y, true),
            Act::Begins | Act::Believes => self.sheet.dot((left, y), if act == Act::Begins { "act" } else { "belief" }),
        }
        let lines = wrap(name, rest, (LANE - 24) / LETTER);
        // Words about an envelope stand below its arrow.
        let below = if matches!(act, Act::Misses(Some(_)) | Act::Forgoes(Some(_))) { 12 } else { 0 };
        for (nth, line) in lines.iter().enumerate() {
            let at = (left + 12, y + 4 + below + nth as i64 * LINE);
            self.sheet.text(class, at, "start", &[("name", &line.0), ("", &line.1)]);
        }
        self.y = y + if silent { 2 } else { 6 + below + (lines.len() as i64 - 1) * LINE };
    }

    /// An envelope arrives: the first of that number that is under way, since copies are alike.
    fn land(&mut self, number: u32, to: (i64, i64)) {
        if let Some(at) = self.flying.iter().position(|flying| flying.number == number) {
            let flying = self.flying.remove(at);
            // A duplicated or replayed envelope arrives again.
            self.sheet.arrow(flying.from, to, flying.fault);
            self.sheet.head(flying.from, to, flying.fault);
            self.landed.push((number, flying.from));
        } else if let Some((_, from)) = self.landed.iter().rev().copied().find(|(landed, _)| *landed == number) {
            self.sheet.arrow(from, to, true);
            self.sheet.head(from, to, true);
        }
    }

    /// The party's line changes here.
    fn live(&mut self, lane: usize, y: i64, up: bool) {
        if let Some((from, was_up)) = self.lives.get_mut(lane) {
            self.sheet.life(x(lane), *from, y, *was_up);
            (*from, *was_up) = (y, up);
        }
    }

    /// What is still under way is drawn as far as it has come.
    fn leave(&mut self) {
        self.y += 14;
        for flying in std::mem::take(&mut self.flying) {
            let end = (flying.from.0 + (flying.to - flying.from.0) * 3 / 10, self.y.min(flying.from.1 + 16));
            self.sheet.arrow(flying.from, end, flying.fault);
        }
    }

    /// Something broke: a bar across all lines.
    fn break_(&mut self, broken: &Break) {
        let when = if broken.at_us.is_some() { "here" } else { "in the end" };
        let lines = wrap(&format!("Broken {when}."), &broken.words, (self.width - 24) / LETTER);
        let height = lines.len() as i64 * LINE + 8;
        self.y += 6;
        self.sheet.bar(self.y, self.width, height);
        for line in &lines {
            self.y += LINE;
            self.sheet.text("over", (10, self.y - 1), "start", &[("name", &line.0), ("", &line.1)]);
        }
        self.y += 10;
    }

    /// Words in place of what is left out.
    fn remark(&mut self, words: &str) {
        self.y += LINE + 8;
        self.sheet.text("time", (FIRST + 12, self.y), "start", &[("", words)]);
        self.y += 8;
    }

    fn finish(mut self) -> (i64, i64, Markup) {
        let bottom = self.y + 4;
        for lane in 0..self.lanes.len() {
            self.live(lane, bottom, true);
        }
        (self.width, bottom + 6, self.sheet.into_markup())
    }
}
