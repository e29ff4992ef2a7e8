//! Which keys a scenario file may have, and of which type: the layer that serde fills.
//!
//! Everything is optional here and every value remembers where it stood. Defaults, ranges, names and combinations are left to
//! `check` and `faults`; texts of errors to `read`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

/// A value that may be left out, and where it stood.
pub(super) type Given<T> = Option<Spanned<T>>;
/// An array of names or plans.
pub(super) type Texts = Given<Vec<Spanned<String>>>;
/// A table whose keys are names.
pub(super) type Named<T> = BTreeMap<Spanned<String>, Spanned<T>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a scenario")]
pub(super) struct RawScenario {
    pub(super) name: Given<String>,
    pub(super) about: Given<String>,
    pub(super) protocol: Texts,
    pub(super) preset: Given<String>,
    pub(super) without: Texts,
    pub(super) with: Texts,
    pub(super) crypto: Given<String>,
    pub(super) seed: Given<Whole>,
    #[serde(default)]
    pub(super) parties: RawParties,
    #[serde(default)]
    pub(super) workload: RawWorkload,
    #[serde(default)]
    pub(super) network: RawNetwork,
    #[serde(default)]
    pub(super) recovery: RawRecovery,
    pub(super) faults: Given<RawFaults>,
    #[serde(default)]
    pub(super) deviations: RawDeviations,
    #[serde(default)]
    pub(super) costs: RawCosts,
    #[serde(default)]
    pub(super) expect: Named<String>,
    /// Used up by `matrix` before serde sees the document; named here so that it counts as an accepted key.
    #[serde(rename = "matrix")]
    _matrix: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawParties {
    pub(super) customers: Given<Whole>,
    pub(super) merchants: Given<Whole>,
    pub(super) opening_balance_cents: Given<Whole>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawWorkload {
    pub(super) purchases: Given<Whole>,
    pub(super) arrival: Given<RawArrival>,
    pub(super) catalogue: RawCatalogue,
    pub(super) top_up: Given<RawTopUp>,
    pub(super) judged: Given<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table such as { every_us = 50_000 }")]
pub(super) struct RawArrival {
    pub(super) every_us: Given<Whole>,
    pub(super) poisson_per_s: Given<Decimal>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table such as { items = 100 }")]
pub(super) struct RawCatalogue {
    pub(super) items: Given<Whole>,
    pub(super) price_cents: Given<Between>,
    pub(super) item_bytes: Given<Between>,
    pub(super) popularity: Given<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table such as { after_us = 1_000_000, cents = 500 }")]
pub(super) struct RawTopUp {
    pub(super) after_us: Given<Whole>,
    pub(super) cents: Given<Whole>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawNetwork {
    pub(super) latency_us: Given<Between>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawRecovery {
    pub(super) retry_after_us: Given<Whole>,
    pub(super) retry_backoff: Given<Decimal>,
    pub(super) query_after_us: Given<Whole>,
    pub(super) restart_after_us: Given<Whole>,
    pub(super) instrument_lifetime_us: Given<Whole>,
    pub(super) dedup_retention_us: Given<Whole>,
    pub(super) on_unknown: Given<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawFaults {
    pub(super) mode: Given<String>,
    pub(super) clock: Given<String>,
    pub(super) at_most: Given<AtMost>,
    pub(super) kinds: Texts,
    pub(super) every_plan: Given<bool>,
    pub(super) seeds: Given<String>,
    pub(super) swarm: Given<bool>,
    pub(super) rates: Given<Named<Decimal>>,
    pub(super) plans: Texts,
    pub(super) server_crash_forever: Given<bool>,
    pub(super) states_at_most: Given<Whole>,
    pub(super) events_at_most: Given<Whole>,
    pub(super) mebibytes_at_most: Given<Whole>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawCosts {
    pub(super) profiles: Texts,
    pub(super) signatures: Texts,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct RawDeviations {
    pub(super) merchant: Given<String>,
    pub(super) customer: Given<String>,
    pub(super) outsider: Given<String>,
}

/// Any integer at all, negative ones included, so that `check` can name the range that it missed.
#[derive(Clone, Copy)]
pub(super) struct Whole(pub(super) i128);

/// A number with or without a fraction.
#[derive(Clone, Copy)]
pub(super) struct Decimal(pub(super) f64);

/// The least and the greatest; a single number stands for both.
#[derive(Clone, Copy)]
pub(super) struct Between(pub(super) Whole, pub(super) Whole);

/// How many faults in all, or how many of each kind.
pub(super) enum AtMost {
    All(Whole),
    Each(Vec<(Spanned<String>, Spanned<Whole>)>),
}

impl<'de> Deserialize<'de> for AtMost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTable;
        impl<'de> Visitor<'de> for NumberOrTable {
            type Value = AtMost;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a table such as { crash = 1, drop = 2 }")
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<AtMost, E> {
                Ok(AtMost::All(Whole(value.into())))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<AtMost, E> {
                Ok(AtMost::All(Whole(value.into())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AtMost, A::Error> {
                let mut each = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    each.push(entry);
                }
                Ok(AtMost::Each(each))
            }
        }
        deserializer.deserialize_any(NumberOrTable)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyInteger;
        impl Visitor<'_> for AnyInteger {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(value.into()))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
                Ok(Whole(value.into()))
            }
            fn visit_i128<E: Error>(self, value: i128) -> Result<Whole, E> {
                Ok(Whole(value))
            }
            fn visit_u128<E: Error>(self, value: u128) -> Result<Whole, E> {
                Ok(Whole(i128::try_from(value).unwrap_or(i128::MAX)))
            }
        }
        deserializer.deserialize_any(AnyInteger)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNumber;
        impl Visitor<'_> for AnyNumber {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Decimal, E> {
                Ok(Decimal(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Decimal, E> {
                Ok(Decimal(value as f64))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Decimal, E> {
                Ok(Decimal(value as f64))
            }
        }
        deserializer.deserialize_any(AnyNumber)
    }
}

impl<'de> Deserialize<'de> for Between {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrTwo;
        impl<'de> Visitor<'de> for OneOrTwo {
            type Value = Between;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or two of them: [least, greatest]")
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Between, E> {
                Ok(Between(Whole(value.into()), Whole(value.into())))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Between, E> {
                Ok(Between(Whole(value.into()), Whole(value.into())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Between, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element::<Whole>()? {
                    values.push(value);
                }
                match values[..] {
                    [least, greatest] => Ok(Between(least, greatest)),
                    _ => Err(A::Error::invalid_length(values.len(), &self)),
                }
            }
        }
        deserializer.deserialize_any(OneOrTwo)
    }
}
