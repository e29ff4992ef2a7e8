//! The parts of a partitioned run, looked at together before they are joined: all there, each once, and of one and the same run.
//!
//! Joining is a run like any other, whose runs come from here ([`Runs::Merged`](super::Runs)).

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use super::partition::Partition;
use crate::results::{Manifest, PartList, ResultsError};
use crate::scenario::{Scenario, parse, parse_seeds};

/// All the parts of a run.
#[derive(Debug)]
pub struct Parts {
    /// Their folders, in order.
    pub folders: Vec<PathBuf>,
    /// The names of the scenarios, in the order of the run.
    pub scenarios: Vec<String>,
}

/// Parts that cannot be joined.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// One of them is not a part.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A part's name is none.
    #[error("`{}` is part \"{partition}\": {why}", folder.display())]
    Name {
        /// The folder.
        folder: PathBuf,
        /// What it says.
        partition: String,
        /// What is wrong.
        why: super::partition::NotAPart,
    },
    /// Two of them do not belong together.
    #[error("`{}` and `{}` are not parts of one run: {why}", one.display(), other.display())]
    Differ {
        /// A folder.
        one: PathBuf,
        /// Another.
        other: PathBuf,
        /// What differs.
        why: String,
    },
    /// There are two of one.
    #[error("part {partition} is there twice: `{}` and `{}`; leave one out", one.display(), other.display())]
    Double {
        /// Which.
        partition: Partition,
        /// A folder.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// Some are not there.
    #[error("of {of} parts {missing} is missing; run it with `--partition` and name its folder too")]
    Missing {
        /// Which, such as `2, 3 and 7`.
        missing: String,
        /// How many there are in all.
        of: NonZero<u32>,
    },
    /// The scenario of a part cannot be used.
    #[error("`{}`: {why}", folder.display())]
    Scenario {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Parts {
    /// Looks at the folders of parts, which may come in any order.
    ///
    /// # Errors
    ///
    /// A folder that is no whole part, or parts that are not all the parts of one run.
    pub fn open(folders: &[PathBuf]) -> Result<Parts, PartsError> {
        let mut found: BTreeMap<u32, (Partition, PathBuf, PartList)> = BTreeMap::new();
        for folder in folders {
            let list = PartList::read(folder)?;
            let name = |why| PartsError::Name { folder: folder.clone(), partition: list.partition.clone(), why };
            let partition: Partition = list.partition.parse().map_err(name)?;
            if let Some((_, one, first)) = found.values().next() {
                let (one, other) = (one.clone(), folder.clone());
                differ(first, &list).map_or(Ok(()), |why| Err(PartsError::Differ { one, other, why }))?;
            }
            if let Some((_, one, _)) = found.insert(partition.number(), (partition, folder.clone(), list)) {
                return Err(PartsError::Double { partition, one, other: folder.clone() });
            }
        }
        let Some((partition, _, list)) = found.values().next() else {
            return Err(PartsError::Missing { missing: "every one".to_owned(), of: NonZero::<u32>::MIN });
        };
        let missing: Vec<String> =
            (1..=partition.of().get()).filter(|number| !found.contains_key(number)).map(|n| n.to_string()).collect();
        if let Some((last, others)) = missing.split_last() {
            let others = others.join(", ");
            let missing = if others.is_empty() { last.clone() } else { format!("{others} and {last}") };
            return Err(PartsError::Missing { missing, of: partition.of() });
        }
        let scenarios = list.scenarios.clone();
        Ok(Parts { scenarios, folders: found.into_values().map(|(_, folder, _)| folder).collect() })
    }

    /// A scenario as all the parts have run it, and its text.
    ///
    /// # Errors
    ///
    /// Where they have not run the same, or one has changed since.
    pub fn scenario(&self, name: &str) -> Result<(Scenario, Arc<str>), PartsError> {
        let mut first: Option<(PathBuf, Manifest)> = None;
        for part in &self.folders {
            let folder = part.join(name);
            let refuse = |why: &str| PartsError::Scenario { folder: folder.clone(), why: why.to_owned() };
            let again = "run this part again with the same --partition and --out";
            let manifest =
                Manifest::read(&folder)?.ok_or_else(|| refuse(&format!("the scenario is not finished: {again}")))?;
            if manifest.differs_in(&folder, [super::KEPT])?.is_some() {
                return Err(refuse(&format!("its {} is not what its manifest says: {again}", super::KEPT)));
            }
            match &first {
                None => first = Some((folder, manifest)),
                Some((one, before)) => {
                    let partition = before.partition.clone();
                    let why = match () {
                        () if before.scenario_text != manifest.scenario_text => {
                            "the texts of the scenario differ".into()
                        }
                        () if before.seeds != manifest.seeds => {
                            format!("seeds {} and {}", before.seeds, manifest.seeds)
                        }
                        () if !before.same_origin(&Manifest { partition, ..manifest.clone() }) => {
                            format!("versions {} and {}", before.version, manifest.version)
                        }
                        () => continue,
                    };
                    return Err(PartsError::Differ { one: one.clone(), other: folder, why });
                }
            }
        }
        let Some((folder, manifest)) = first else {
            return Err(PartsError::Missing { missing: "every one".to_owned(), of: NonZero::<u32>::MIN });
        };
        let scenario = scenario_of(&manifest).map_err(|why| PartsError::Scenario { folder, why })?;
        Ok((scenario, manifest.scenario_text.into()))
    }
}

/// What keeps two parts from being joined.
fn differ(one: &PartList, other: &PartList) -> Option<String> {
    let of = |list: &PartList| list.partition.split('/').nth(1).unwrap_or_default().to_owned();
    if one.version != other.version {
        return Some(format!("versions {} and {}", one.version, other.version));
    }
    if one.version != env!("CARGO_PKG_VERSION") {
        return Some(format!("they are of version {}, and this is {}", one.version, env!("CARGO_PKG_VERSION")));
    }
    if of(one) != of(other) {
        return Some(format!("parts {} and {}", one.partition, other.partition));
    }
    if one.scenarios == other.scenarios {
        return None;
    }
    let only = |these: &PartList, those: &PartList| {
        these.scenarios.iter().find(|name| !those.scenarios.contains(name)).cloned()
    };
    Some(match only(one, other).or_else(|| only(other, one)) {
        Some(name) => format!("only one of them has the scenario `{name}`"),
        None => "their scenarios are in different orders".to_owned(),
    })
}

/// The scenario of a manifest, with the seeds that it was run with.
///
/// # Errors
///
/// Why there is none.
pub fn scenario_of(manifest: &Manifest) -> Result<Scenario, String> {
    let name = manifest.scenario.as_str();
    let stem = name.split('~').next().unwrap_or(name);
    let path = PathBuf::from(format!("{stem}.toml"));
    let scenarios = parse(&path, &manifest.scenario_text).map_err(|diagnostics| {
        diagnostics.first().map_or_else(|| "the scenario cannot be read".to_owned(), ToString::to_string)
    })?;
    let found = scenarios.into_iter().find(|scenario| scenario.name == name);
    let mut scenario = found.ok_or_else(|| format!("its text makes no scenario `{name}`"))?;
    let given = parse_seeds(&manifest.seeds)?;
    scenario.set_seeds(given);
    Ok(scenario)
}
