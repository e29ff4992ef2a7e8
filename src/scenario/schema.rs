//! The JSON Schema of a scenario file, for editors: keys, names, bounds and defaults.
//!
//! These types are never filled. They repeat what `raw` and the checks accept, with the texts that an editor shows, and a test holds
//! each key, name and bound against the loader. Which settings go with which is left to the loader, which can also say why.

#![expect(dead_code, reason = "only the shapes count")]

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::faults::AT_MOST_MAX;
use super::values::{CENTS_MAX, HOUR_US, YEAR_US};
use super::{Catalogue, Clock, CryptoKind, Judged, Network, Parties, Recovery, Workload};
use crate::costs::{Profile, Signatures};
use crate::crypto::ITEM_BYTES_MIN;
use crate::explore::Bounds;
use crate::fault::FaultKind;
use crate::invariant::{Expectation, Invariant};
use crate::protocol::NAMES;
use crate::protocol::deviation::{self, HONEST};
use crate::protocol::mechanism::{Mechanism, Preset};
use crate::protocol::outsider::{NOBODY, OUTSIDER};

/// The schema, in the draft that editors of TOML understand.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<ScenarioFile>()
}

/// A scenario of halfpaid
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "halfpaid scenario", transform = needed)]
struct ScenarioFile {
    /// The file's stem
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"))]
    name: String,
    /// One line on what the scenario is for
    about: String,
    /// The protocols to run
    #[schemars(schema_with = "protocols")]
    protocol: (),
    /// The mechanisms to start from: every one, or only what the paper states outright
    #[schemars(schema_with = "presets")]
    preset: (),
    /// The mechanisms to take away
    #[schemars(schema_with = "mechanisms")]
    without: (),
    /// The mechanisms to add to the preset
    #[schemars(schema_with = "every_mechanism")]
    with: (),
    /// The cryptography; real is the default in mode random, symbolic in every other
    #[schemars(schema_with = "cryptographies")]
    crypto: (),
    /// What every random choice comes from, in every mode but random
    #[schemars(range(max = u64::MAX - 1), default)]
    seed: u64,
    parties: PartiesTable,
    workload: WorkloadTable,
    network: NetworkTable,
    recovery: RecoveryTable,
    faults: FaultsTable,
    deviations: DeviationsTable,
    costs: CostsTable,
    /// The verdict that is expected; what is left out is expected to hold
    #[schemars(schema_with = "expectations")]
    expect: (),
    /// Keys such as "faults.at_most", each with its values: every combination becomes a scenario of its own
    #[schemars(schema_with = "matrix")]
    matrix: (),
}

/// Who takes part, beside the one payment server
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct PartiesTable {
    #[schemars(range(min = 1, max = 10_000_000), default = "customers")]
    customers: u32,
    #[schemars(range(min = 1, max = 100_000), default = "merchants")]
    merchants: u32,
    /// What every customer's account holds at the start
    #[schemars(range(max = CENTS_MAX), default = "opening_balance_cents")]
    opening_balance_cents: u64,
}

/// What is bought, and when
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct WorkloadTable {
    /// How many, in all
    #[schemars(range(min = 1, max = 10_000_000), default = "purchases")]
    purchases: u32,
    arrival: ArrivalTable,
    catalogue: CatalogueTable,
    top_up: TopUpTable,
    /// When a purchase is judged: "when-settled" also forgets it, so that a run of millions fits the memory (modes none and random)
    #[schemars(schema_with = "judged")]
    judged: (),
}

/// When purchases start: one of the two
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional, extend("maxProperties" = 1))]
struct ArrivalTable {
    /// One after the other at this distance, in microseconds
    #[schemars(range(min = 1, max = YEAR_US))]
    every_us: u64,
    /// At random, at this mean rate per virtual second
    #[schemars(range(min = 0.001, max = 1_000_000.0))]
    poisson_per_s: f64,
}

/// What every merchant sells
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct CatalogueTable {
    #[schemars(range(min = 1, max = 1_000_000), default = "items")]
    items: u32,
    /// The price, or the least and the greatest
    #[schemars(schema_with = "price_cents")]
    price_cents: (),
    /// The length of an item, or the least and the greatest
    #[schemars(schema_with = "item_bytes")]
    item_bytes: (),
    /// Which items sell well: the nth one nth as often as the first, or all alike
    #[schemars(schema_with = "popularities")]
    popularity: (),
}

/// Money from outside that reaches every customer's account once
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct TopUpTable {
    /// When, counted from the start of the run
    #[schemars(range(max = YEAR_US))]
    after_us: u64,
    #[schemars(range(min = 1, max = CENTS_MAX))]
    cents: u64,
}

/// How the network behaves when no fault strikes
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct NetworkTable {
    /// How long a message takes, or the least and the greatest
    #[schemars(schema_with = "latency_us")]
    latency_us: (),
}

/// Time limits of the parties
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct RecoveryTable {
    /// When an unanswered message is first repeated
    #[schemars(range(min = 1, max = YEAR_US), default = "retry_after_us")]
    retry_after_us: u64,
    /// By what every further wait grows
    #[schemars(range(min = 1.0, max = 10.0), default = "retry_backoff")]
    retry_backoff: f64,
    /// When a party in doubt asks P
    #[schemars(range(min = 1, max = YEAR_US), default = "query_after_us")]
    query_after_us: u64,
    /// How long a crashed party is away
    #[schemars(range(min = 1, max = YEAR_US), default = "restart_after_us")]
    restart_after_us: u64,
    /// How long after its signing an instrument may be submitted
    #[schemars(range(min = 1, max = YEAR_US), default = "instrument_lifetime_us")]
    instrument_lifetime_us: u64,
    /// Without `dedup-retention`: how long P remembers that it has acted on a TID, half an instrument's lifetime at most
    #[schemars(range(min = 1, max = YEAR_US), default = "dedup_retention_us")]
    dedup_retention_us: u64,
    /// What C makes of P's "unknown" where no tombstone can be had
    #[schemars(schema_with = "on_unknown")]
    on_unknown: (),
}

/// What goes wrong, and who chooses it
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct FaultsTable {
    #[schemars(schema_with = "modes")]
    mode: (),
    /// Exhaustive: who orders the events, latencies or nobody (every interleaving)
    #[schemars(schema_with = "clocks")]
    clock: (),
    /// Exhaustive: the most faults in a plan, in all or of each kind; more than 3 only with clock "untimed" or every_plan = false
    #[schemars(schema_with = "at_most")]
    at_most: (),
    /// Exhaustive with clock "untimed": the most states; with every_plan = false: the most situations
    #[schemars(range(min = 1, max = Bounds::STATES_MAX), default = "states_at_most")]
    states_at_most: u64,
    /// Exhaustive with clock "untimed": the most events that follow each other
    #[schemars(range(min = 1))]
    events_at_most: u32,
    /// Exhaustive with clock "untimed" or every_plan = false: the most memory, in mebibytes
    #[schemars(range(min = 1, max = Bounds::MEBIBYTES_MAX))]
    mebibytes_at_most: u64,
    /// Exhaustive and random: the kinds that may strike
    #[schemars(schema_with = "fault_kinds")]
    kinds: (),
    /// Random: A..B, from A to before B; a run each
    #[schemars(length(min = 4))]
    seeds: String,
    /// Random: whether each run first switches whole kinds on and off
    swarm: bool,
    /// Random: how often a kind strikes at a site
    #[schemars(schema_with = "rates")]
    rates: (),
    /// Scripted: plans such as "drop 3#1; crash M1 before 4#1"
    #[schemars(length(min = 1))]
    plans: std::collections::BTreeSet<String>,
    /// Exhaustive with clock "timed": whether every plan is run to its end, those that come to where another has been too
    #[schemars(default = "every_plan")]
    every_plan: bool,
    /// Whether crash-forever may strike P too
    #[schemars(default)]
    server_crash_forever: bool,
}

/// Who breaks the protocol, and how
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct DeviationsTable {
    /// Every merchant's behaviour
    #[schemars(schema_with = "merchant_deviations")]
    merchant: (),
    /// Every customer's behaviour
    #[schemars(schema_with = "customer_deviations")]
    customer: (),
    /// Who meddles from outside
    #[schemars(schema_with = "outsiders")]
    outsider: (),
}

/// What costs.csv is to have beside the scenario's own costs
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = optional)]
struct CostsTable {
    /// Security profiles, whose differences are the price of each consideration
    #[schemars(schema_with = "profiles")]
    profiles: (),
    /// What is signed under each profile
    #[schemars(schema_with = "signatures")]
    signatures: (),
}

/// Everything can be left out.
fn optional(schema: &mut Schema) {
    schema.remove("required");
}

/// What cannot be left out; a matrix may supply everything but the name.
fn needed(schema: &mut Schema) {
    let whole = json_schema!({
        "required": ["protocol"],
        "properties": {
            "faults": { "required": ["mode"] },
            "workload": {
                "properties": { "arrival": { "minProperties": 1 }, "top_up": { "required": ["after_us", "cents"] } }
            }
        }
    });
    schema.insert("required".to_owned(), serde_json::json!(["name"]));
    schema.insert("if".to_owned(), serde_json::json!({ "not": { "required": ["matrix"] } }));
    schema.insert("then".to_owned(), whole.to_value());
}

type Names = Vec<&'static str>;

fn one_of(names: Names, default: Option<&str>) -> Schema {
    let mut schema = json_schema!({ "type": "string", "enum": names });
    if let Some(default) = default {
        schema.insert("default".to_owned(), default.into());
    }
    schema
}

fn several_of(names: Names, least: u32) -> Schema {
    json_schema!({
        "type": "array", "items": { "type": "string", "enum": names }, "uniqueItems": true, "minItems": least
    })
}

fn table_of(names: Names, value: &Schema) -> Schema {
    let properties: BTreeMap<&str, &Schema> = names.into_iter().map(|name| (name, value)).collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn between(least: u64, greatest: u64, default: (u64, u64)) -> Schema {
    let number = json_schema!({ "type": "integer", "minimum": least, "maximum": greatest });
    let pair = json_schema!({ "type": "array", "items": number, "minItems": 2, "maxItems": 2 });
    json_schema!({ "anyOf": [number, pair], "default": [default.0, default.1] })
}

fn known(list: &[deviation::Known]) -> Names {
    std::iter::once(HONEST).chain(list.iter().map(|known| known.name())).collect()
}

/// A function for each value of its own, as the derive wants them.
macro_rules! schemas {
    ($($name:ident: $schema:expr;)*) => {
        $(fn $name(_: &mut SchemaGenerator) -> Schema { $schema })*
    };
}

schemas! {
    protocols: several_of(NAMES.to_vec(), 1);
    presets: one_of(Preset::ALL.iter().map(|preset| preset.name()).collect(), Some(Preset::Hardened.name()));
    mechanisms: several_of(Mechanism::ALL.iter().map(|mechanism| mechanism.name()).collect(), 0);
    every_mechanism: several_of(Mechanism::EVERY.iter().map(|mechanism| mechanism.name()).collect(), 0);
    cryptographies: one_of(CryptoKind::ALL.iter().map(|crypto| crypto.name()).collect(), None);
    popularities: one_of(vec!["zipf", "uniform"], Some("zipf"));
    on_unknown: one_of(vec!["give-up", "wait"], Some("give-up"));
    judged: one_of(Judged::ALL.iter().map(|judged| judged.name()).collect(), Some(Judged::AtTheEnd.name()));
    modes: one_of(vec!["none", "random", "exhaustive", "scripted"], None);
    clocks: one_of(Clock::ALL.iter().map(|clock| clock.name()).collect(), Some(Clock::Timed.name()));
    fault_kinds: several_of(FaultKind::ALL.iter().map(|kind| kind.name()).collect(), 1);
    profiles: several_of(Profile::ALL.iter().map(|profile| profile.name()).collect(), 0);
    signatures: several_of(Signatures::ALL.iter().map(|kind| kind.name()).collect(), 1);
    at_most: json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": AT_MOST_MAX },
        table_of(
            FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Partition).map(|kind| kind.name()).collect(),
            &json_schema!({ "type": "integer", "minimum": 1, "maximum": AT_MOST_MAX })
        )
    ]});
    merchant_deviations: one_of(known(deviation::MERCHANT), Some(HONEST));
    customer_deviations: one_of(known(deviation::CUSTOMER), Some(HONEST));
    outsiders: one_of(std::iter::once(NOBODY).chain(OUTSIDER.iter().map(|known| known.name())).collect(), Some(NOBODY));
    rates: table_of(
        FaultKind::ALL.iter().map(|kind| kind.name()).collect(),
        &json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    );
    expectations: table_of(
        Invariant::ALL.iter().map(|invariant| invariant.name()).collect(),
        &one_of(Expectation::ALL.iter().map(|expected| expected.name()).collect(), Some(Expectation::Holds.name()))
    );
    matrix: json_schema!({
        "type": "object",
        "properties": { "name": false, "matrix": false },
        "additionalProperties": { "anyOf": [{ "type": "array", "minItems": 1 }, { "type": "object" }] }
    });
    price_cents: between(1, CENTS_MAX, Catalogue::default().price_cents);
    item_bytes: {
        let (least, greatest) = Catalogue::default().item_bytes;
        between(ITEM_BYTES_MIN.into(), 1 << 20, (least.into(), greatest.into()))
    };
    latency_us: between(0, HOUR_US, Network::default().latency_us);
}

/// The defaults that the loader uses.
macro_rules! defaults {
    ($($name:ident: $type:ty = $default:expr;)*) => {
        $(fn $name() -> $type { $default })*
    };
}

defaults! {
    customers: u32 = Parties::default().customers;
    merchants: u32 = Parties::default().merchants;
    opening_balance_cents: u64 = Parties::default().opening_balance_cents;
    purchases: u32 = Workload::default().purchases;
    every_plan: bool = true;
    items: u32 = Catalogue::default().items;
    retry_after_us: u64 = Recovery::default().retry_after_us;
    retry_backoff: f64 = f64::from(Recovery::default().retry_backoff_thousandths) / 1_000.0;
    query_after_us: u64 = Recovery::default().query_after_us;
    restart_after_us: u64 = Recovery::default().restart_after_us;
    instrument_lifetime_us: u64 = Recovery::default().instrument_lifetime_us;
    dedup_retention_us: u64 = Recovery::default().dedup_retention_us;
    states_at_most: u64 = Bounds::default().states;
}
