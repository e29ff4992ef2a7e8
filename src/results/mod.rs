//! What a run leaves behind: the results folder, and the table of verdicts that people see.
//!
//! Reading order: the words ([`vocabulary`](self::Payment)), the rows, the files that they go to, the folder of a scenario
//! ([`ScenarioWriter`]) with its [`Manifest`], the summary over all scenarios, the table on the terminal.
//!
//! The same rows give the same bytes on every machine: no wall-clock time, host name or path goes in, and rows stand in the
//! order in which they are handed over. Putting them into an order that depends on neither jobs nor partition is left to
//! `drive`; judging is left to [`invariant`](crate::invariant). Nothing here knows a protocol or a simulator.

/// Where results lie unless something else is said.
pub const RESULTS: &str = "results";

mod annotation;
mod error;
mod junit;
mod lines;
mod manifest;
mod necessity;
mod part;
mod pending;
mod read;
mod rows;
mod sheet;
mod stream;
mod summary;
mod table;
mod vocabulary;
mod writer;

pub use annotation::Annotation;
pub use error::ResultsError;
pub use junit::{Suite, write_junit};
pub use lines::{Earlier, LineReader, LineWriter};
pub use manifest::{LeftOut, MANIFEST, Manifest, Sometimes};
pub use necessity::{MinimalRow, NecessityRow};
pub use part::{PART, PartList, lock_folder};
pub use read::{Grid, read_columns, read_rows};
pub use rows::{CostRow, CoverageRow, OutcomeRow, Percent, PurchaseRow, RunRow, SummaryRow, Text, ViolationRow};
pub use sheet::{Row, Sheet};
pub use stream::{FileSum, NotASum, Sha256Sum};
pub use summary::{add_to_summary, write_file, write_sheet, write_summary, write_text};
pub use table::{TableLook, one_line, verdict_table};
pub(crate) use table::{counted, grouped};
pub use vocabulary::{CustomerBelief, CustomerGoods, MerchantBelief, Need, Payment, YesNo};
pub use writer::{ScenarioWriter, create_scenario_folder};
