//! Where the runs of a campaign come from, and where they are kept.
//!
//! A campaign asks for its runs one by one, always in the same order, and counts them. Whether a run is made, is known from an earlier
//! process, is read from the part that has it, or is none of this part's business is decided here; what the campaign then does with
//! it is the same in each case, so that results are the same to the byte.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::BatchError;
use super::partition::{Partition, owner};
use super::rows::Kept;
use crate::drive::exhaustive::Given;
use crate::results::{
    CoverageRow, FileSum, LeftOut, LineReader, LineWriter, Manifest, OutcomeRow, ResultsError, SummaryRow, ViolationRow,
};

/// The file of a part's scenario.
pub(super) const KEPT: &str = "kept.jsonl";

/// A line of the file.
#[derive(Deserialize)]
enum Line {
    Run(Box<Kept<'static>>),
    Search(Box<Searched>),
}

/// The same, for writing.
#[derive(Serialize)]
enum LineOf<'l, 'a> {
    Run(&'l Kept<'a>),
    Search(&'l Searched),
}

/// Lines that wait to be asked for.
struct Known {
    path: PathBuf,
    lines: Option<LineReader<Line>>,
}

impl Known {
    fn next(&mut self) -> Result<Option<Line>, ResultsError> {
        self.lines.as_mut().map_or(Ok(None), LineReader::read)
    }
}

/// What a search leaves in the results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Searched {
    /// The protocol's name.
    pub(super) protocol: String,
    pub(super) violations: Vec<ViolationRow<'static>>,
    pub(super) outcomes: Vec<OutcomeRow<'static>>,
    pub(super) coverage: Vec<CoverageRow<'static>>,
    pub(super) summary: Vec<SummaryRow<'static>>,
    pub(super) sometimes: Vec<(String, u64)>,
    pub(super) left_out: Vec<LeftOut>,
    /// How much was searched, and what no row has room for.
    pub(super) extent: Vec<String>,
}

/// Which run is asked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) scenario: &'w str,
    pub(super) protocol: &'w str,
    /// Its number, from 1.
    pub(super) run: u64,
    pub(super) seed: u64,
    /// Its plan, where that is known beforehand.
    pub(super) plan: &'w str,
}

/// The runs of a scenario.
pub(super) struct Shelf {
    /// What is known, by owner.
    known: Vec<Known>,
    /// How many of the runs that come next are on the disk already.
    on_disk: u64,
    /// How many parts there are.
    of: NonZero<u32>,
    /// The part that is made, if it is not the whole.
    only: Option<Partition>,
    /// Where runs are kept that have been made; nowhere in a merge, which makes none.
    writer: Option<LineWriter>,
}

impl Shelf {
    /// Every run is made, and kept in the folder until the scenario is done; with `resume`, but for those that an earlier process
    /// has kept there. With a partition, only those of the part.
    pub(super) fn open(
        folder: &Path,
        manifest: &Manifest,
        only: Option<Partition>,
        resume: bool,
    ) -> Result<Shelf, ResultsError> {
        let (writer, earlier) = if resume {
            LineWriter::resume(folder, KEPT, manifest)?
        } else {
            (LineWriter::create(folder, KEPT, manifest)?, None)
        };
        let (lines, on_disk) = earlier.map_or((None, 0), |(lines, on_disk)| (Some(lines), on_disk));
        let known = vec![Known { path: folder.to_owned(), lines }];
        let of = only.map_or(NonZero::<u32>::MIN, Partition::of);
        Ok(Shelf { known, on_disk, of, only, writer: Some(writer) })
    }

    /// No run is made: each is taken from the part that has it. Folders are those of the scenario, in the order of the parts.
    pub(super) fn merge(folders: &[PathBuf]) -> Result<Shelf, ResultsError> {
        let open = |folder: &PathBuf| {
            let path = folder.join(KEPT);
            let (_, lines) = LineReader::open::<Manifest>(&path)?;
            Ok(Known { path, lines: Some(lines) })
        };
        let known: Vec<Known> = folders.iter().map(open).collect::<Result<_, ResultsError>>()?;
        let of = u32::try_from(known.len()).ok().and_then(NonZero::new).unwrap_or(NonZero::<u32>::MIN);
        Ok(Shelf { known, on_disk: 0, of, only: None, writer: None })
    }

    /// Whether this is a part, from which nothing is concluded.
    pub(super) const fn is_a_part(&self) -> bool {
        self.only.is_some()
    }

    /// What is to become of a run.
    pub(super) fn run(&mut self, wanted: Wanted<'_>) -> Result<Given<Kept<'static>>, BatchError> {
        self.given(wanted, |line| match line {
            Line::Run(kept) => {
                let row = &kept.run;
                let fits = (&*row.protocol, row.run, row.seed) == (wanted.protocol, wanted.run, wanted.seed);
                fits.then_some(*kept)
            }
            Line::Search(_) => None,
        })
    }

    /// What is to become of a search.
    pub(super) fn search(&mut self, wanted: Wanted<'_>) -> Result<Given<Searched>, BatchError> {
        self.given(wanted, |line| match line {
            Line::Search(searched) => Some(*searched).filter(|searched| searched.protocol == wanted.protocol),
            Line::Run(_) => None,
        })
    }

    fn given<T>(&mut self, wanted: Wanted<'_>, take: impl FnOnce(Line) -> Option<T>) -> Result<Given<T>, BatchError> {
        let Wanted { scenario, protocol, run, seed, plan } = wanted;
        let owner = owner(self.of, scenario, protocol, seed, plan);
        let known = match self.only {
            Some(only) if only.index() != owner => return Ok(Given::Elsewhere),
            Some(_) => self.known.first_mut(),
            None => self.known.get_mut(owner),
        };
        let Some(known) = known else { return Ok(Given::Run) };
        let wrong = |why: String| Err(ResultsError::Folder { path: known.path.clone(), why }.into());
        match (known.lines.as_mut().map_or(Ok(None), LineReader::read)?, &self.writer) {
            (Some(line), writer) => match take(line) {
                Some(kept) => Ok(Given::Known(kept)),
                None if writer.is_some() => {
                    wrong(format!("has runs of another build where run {run} is due: run without --resume"))
                }
                None => wrong(format!("has something else where run {run} of {protocol} is due: run this part again")),
            },
            (None, Some(_)) => Ok(Given::Run),
            (None, None) => wrong(format!("lacks run {run} of {protocol}: run this part again")),
        }
    }

    /// Keeps a run, unless it is kept already.
    pub(super) fn keep(&mut self, kept: &Kept<'_>) -> Result<(), ResultsError> {
        self.write(&LineOf::Run(kept))?;
        // Every so often, so that little is lost; what is over sooner is not worth a file.
        if kept.run.run.is_multiple_of(64) { self.writer.as_mut().map_or(Ok(()), LineWriter::flush) } else { Ok(()) }
    }

    /// Keeps what a search has found.
    pub(super) fn keep_search(&mut self, searched: &Searched) -> Result<(), ResultsError> {
        self.write(&LineOf::Search(searched))
    }

    fn write(&mut self, line: &LineOf<'_, '_>) -> Result<(), ResultsError> {
        match &mut self.writer {
            _ if self.on_disk > 0 => self.on_disk -= 1,
            Some(writer) => writer.write(line)?,
            None => {}
        }
        Ok(())
    }

    /// Nothing more is asked for: nothing may be left.
    pub(super) fn exhausted(&mut self) -> Result<(), ResultsError> {
        for known in &mut self.known {
            if known.next()?.is_some() {
                let why = "has more runs than the scenario: it was made by another build".to_owned();
                return Err(ResultsError::Folder { path: known.path.clone(), why });
            }
        }
        Ok(())
    }

    /// A whole scenario is done: its results say everything.
    pub(super) fn discard(self) -> Result<(), ResultsError> {
        self.writer.map_or(Ok(()), LineWriter::discard)
    }

    /// A part of a scenario is done.
    pub(super) fn finish(self) -> Result<Option<FileSum>, ResultsError> {
        self.writer.map(LineWriter::finish).transpose()
    }
}

/// Gives the one copy of a name that lives as long as the process: clauses and conditions are told apart by names that the program
/// itself has, and there are few.
pub(super) fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match names.get(name) {
        Some(known) => known,
        None => {
            let new: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(new);
            new
        }
    }
}

/// Names on the disk, and the program's own in memory.
pub(super) mod names {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(names: &[&'static str], to: S) -> Result<S::Ok, S::Error> {
        names.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<&'static str>, D::Error> {
        Ok(Vec::<String>::deserialize(from)?.iter().map(|name| super::interned(name)).collect())
    }
}

/// Violations, whose names are the program's own.
pub(super) mod violations {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::invariant::{Invariant, Violation};
    use crate::party::{Party, PurchaseKey};

    #[derive(Serialize, Deserialize)]
    struct Line<'a> {
        invariant: Invariant,
        clause: Cow<'a, str>,
        about: Cow<'a, str>,
        victim: Party,
        purchase: PurchaseKey,
        at_us: u64,
        at_the_end: bool,
        events: u64,
    }

    pub(in super::super) fn serialize<S: Serializer>(violations: &[Violation], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(violations.iter().map(|violation| {
            let Violation { invariant, clause, about, victim, purchase, at_us, at_the_end, events } = *violation;
            Line { invariant, clause: clause.into(), about: about.into(), victim, purchase, at_us, at_the_end, events }
        }))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Violation>, D::Error> {
        let read = |line: Line<'_>| {
            let Line { invariant, clause, about, victim, purchase, at_us, at_the_end, events } = line;
            let (clause, about) = (super::interned(&clause), super::interned(&about));
            Violation { invariant, clause, about, victim, purchase, at_us, at_the_end, events }
        };
        Ok(Vec::<Line<'static>>::deserialize(from)?.into_iter().map(read).collect())
    }
}
