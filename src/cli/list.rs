//! `halfpaid list`: what exists. Everything comes from the lists that the program itself uses.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::Output;
use super::{Exit, Failure};
use crate::fault::FaultKind;
use crate::protocol::mechanism::{Mechanism, Preset};
use crate::protocol::outsider::{NOBODY, OUTSIDER};
use crate::protocol::{self, deviation};

#[derive(Args)]
pub(super) struct ListArgs {
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Serialize)]
struct Item {
    name: &'static str,
    about: &'static str,
    /// The protocols that it makes a difference to; for protocols, the mechanisms of the preset `as-written`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    applies_to: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    as_written: Vec<&'static str>,
}

#[derive(Serialize)]
struct Everything {
    protocols: Vec<Item>,
    mechanisms: Vec<Item>,
    options: Vec<Item>,
    faults: Vec<Item>,
    merchant_deviations: Vec<Item>,
    customer_deviations: Vec<Item>,
    outsiders: Vec<Item>,
}

fn plain(name: &'static str, about: &'static str) -> Item {
    Item { name, about, applies_to: Vec::new(), as_written: Vec::new() }
}

fn deviations(list: &[deviation::Known]) -> Vec<Item> {
    let honest = plain(deviation::HONEST, "keeps to the protocol");
    let protocols: Vec<_> = protocol::NAMES.iter().filter_map(|name| protocol::by_name(name)).collect();
    let acts = |known: &deviation::Known| {
        let acts = protocols.iter().filter(|protocol| protocol.escrow().is_none_or(|escrow| known.acts_in(escrow)));
        acts.map(|protocol| protocol.name()).collect()
    };
    let item = |known: &deviation::Known| Item { applies_to: acts(known), ..plain(known.name(), known.about()) };
    std::iter::once(honest).chain(list.iter().map(item)).collect()
}

fn everything() -> Everything {
    let protocols: Vec<_> = protocol::NAMES.iter().filter_map(|name| protocol::by_name(name)).collect();
    let names = |mechanism: Mechanism| protocols.iter().filter(|p| p.applies(mechanism)).map(|p| p.name()).collect();
    let mechanisms = |list: &[Mechanism]| {
        let item = |m: &Mechanism| Item { applies_to: names(*m), ..plain(m.name(), m.about()) };
        list.iter().map(item).collect::<Vec<Item>>()
    };
    Everything {
        protocols: protocols
            .iter()
            .map(|protocol| Item {
                as_written: protocol.preset(Preset::AsWritten).iter().map(Mechanism::name).collect(),
                ..plain(protocol.name(), protocol.about())
            })
            .collect(),
        mechanisms: mechanisms(Mechanism::ALL),
        options: mechanisms(Mechanism::OPTIONS),
        faults: FaultKind::ALL.iter().map(|kind| plain(kind.name(), kind.about())).collect(),
        merchant_deviations: deviations(deviation::MERCHANT),
        customer_deviations: deviations(deviation::CUSTOMER),
        outsiders: std::iter::once(plain(NOBODY, "nobody meddles"))
            .chain(OUTSIDER.iter().map(|known| plain(known.name(), known.about())))
            .collect(),
    }
}

fn text(everything: &Everything) -> String {
    let mut out = String::new();
    let sections = [
        ("protocols", &everything.protocols),
        ("mechanisms", &everything.mechanisms),
        ("options, which no preset has", &everything.options),
        ("faults", &everything.faults),
        ("deviations of the merchant", &everything.merchant_deviations),
        ("deviations of the customer", &everything.customer_deviations),
        ("outsiders on the network", &everything.outsiders),
    ];
    for (title, items) in sections {
        let _ = writeln!(out, "{title}");
        for item in items {
            let some = !item.applies_to.is_empty() && item.applies_to.len() < everything.protocols.len();
            let only = if some { format!(" ({})", item.applies_to.join(", ")) } else { String::new() };
            let _ = writeln!(out, "  {:<20} {}{only}", item.name, item.about);
        }
    }
    out
}

pub(super) fn list(arguments: &ListArgs, output: &Output) -> Result<Exit, Failure> {
    let everything = everything();
    match arguments.format {
        Format::Text => output.print(&text(&everything))?,
        Format::Json => {
            let json = serde_json::to_string_pretty(&everything).map_err(Failure::usage)?;
            output.print(&format!("{json}\n"))?;
        }
    }
    Ok(Exit::AsExpected)
}
