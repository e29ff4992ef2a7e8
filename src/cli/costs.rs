//! `halfpaid costs`: what a purchase costs when nothing goes wrong, under each security profile, and how little would do.

use clap::Args;

use super::output::Output;
use super::replay::CryptoArg;
use super::{Exit, Failure};
use crate::batch::costs::price;
use crate::costs::least::bounds;
use crate::costs::text::{self, Priced};
use crate::costs::{Profile, Signatures};
use crate::crypto::ITEM_BYTES_MIN;
use crate::protocol::mechanism::Mechanism;
use crate::protocol::{self, Protocol};
use crate::scenario::Scenario;

#[derive(Args)]
pub(super) struct CostsArgs {
    /// The protocols [default: all]
    #[arg(value_name = "PROTOCOL", value_parser = clap::builder::PossibleValuesParser::new(protocol::NAMES.iter().copied()))]
    protocols: Vec<String>,
    /// The length of the item
    #[arg(long, value_name = "N", default_value_t = 1_024, value_parser = clap::value_parser!(u32).range(i64::from(ITEM_BYTES_MIN)..=1 << 20))]
    item_bytes: u32,
    /// Show one profile in full, step by step and beside its bounds
    #[arg(long, value_name = "PROFILE", default_value = "all", value_parser = profile)]
    profile: Profile,
    /// The cryptography
    #[arg(long, value_name = "KIND", default_value = "real")]
    crypto: CryptoArg,
    /// The seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

fn profile(name: &str) -> Result<Profile, String> {
    let names: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
    let found = Profile::ALL.iter().find(|profile| profile.name() == name).copied();
    found.ok_or_else(|| format!("expected {}", names.join(", ")))
}

pub(super) fn costs(arguments: &CostsArgs, output: &Output) -> Result<Exit, Failure> {
    let wanted =
        |name: &&&str| arguments.protocols.is_empty() || arguments.protocols.iter().any(|known| known == **name);
    let mut shown = Vec::new();
    for name in protocol::NAMES.iter().filter(wanted) {
        let mut scenario = Scenario::new("costs", name);
        scenario.seed = arguments.seed;
        scenario.workload.catalogue.item_bytes = (arguments.item_bytes, arguments.item_bytes);
        let Some(protocol) = protocol::by_name(name) else { continue };
        let mut priced = Vec::new();
        for profile in Profile::ALL {
            for signatures in Signatures::ALL {
                let on = signatures.among(profile.mechanisms());
                if *signatures == Signatures::Items && !protocol.applies(Mechanism::WholeSignatures) {
                    continue;
                }
                let cost = price(&scenario, &protocol, arguments.crypto.into(), on);
                let least = protocol.escrow().map(|escrow| bounds(escrow, on, cost.item_bytes));
                priced.push(Priced { profile: *profile, signatures: *signatures, cost, least });
            }
        }
        shown.push(show(&*protocol, arguments, &priced));
    }
    output.print(&shown.join("\n"))?;
    Ok(Exit::AsExpected)
}

fn show(protocol: &dyn Protocol, arguments: &CostsArgs, priced: &[Priced]) -> String {
    let heading = format!("{}; an item of {} bytes", protocol.about(), arguments.item_bytes);
    let full = priced.iter().find(|p| p.profile == arguments.profile && p.signatures == Signatures::Digests);
    let full = full.map_or_else(String::new, |full| {
        let name = full.profile.name();
        format!(
            "\nprofile {name}, step by step\n{}\nprofile {name}, beside its bounds\n{}\n{}",
            text::steps(&full.cost),
            text::bounds(full),
            text::retention(&full.cost)
        )
    });
    format!("{heading}\n\n{}{full}", text::profiles(priced))
}
