//! What a purchase costs: pinned, recounted from the envelopes, and the price of each security consideration as a difference.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use halfpaid::batch::costs::{price, rows};
use halfpaid::batch::workload;
use halfpaid::costs::{Cost, Profile, Signatures};
use halfpaid::drive::{self, Fair, Job, Latency};
use halfpaid::party::Party;
use halfpaid::protocol::mechanism::MechanismSet;
use halfpaid::protocol::message::Message;
use halfpaid::protocol::part::{Part, Parts};
use halfpaid::protocol::record::RecordKind;
use halfpaid::protocol::setup::Setup;
use halfpaid::protocol::{self, NAMES};
use halfpaid::scenario::{CryptoKind, Scenario};
use halfpaid::world::{Happening, Observer, Payload};

const ITEM_BYTES: u32 = 1_024;

fn scenario(case: &'static str) -> Scenario {
    let mut scenario = Scenario::new("costs", case);
    scenario.workload.catalogue.item_bytes = (ITEM_BYTES, ITEM_BYTES);
    scenario
}

fn cost(case: &'static str, profile: Profile, signatures: Signatures, crypto: CryptoKind) -> Cost {
    let protocol = protocol::by_name(case).unwrap();
    price(&scenario(case), &protocol, crypto, signatures.among(profile.mechanisms()))
}

/// Messages, bytes, signs, verifies, seals, opens, digests, writes, in sequence, delays to commit and to delivery, P's bytes, goods.
type Line = [u64; 13];

fn line(cost: &Cost) -> Line {
    let (count, work) = (cost.total, cost.total.work);
    [
        count.messages,
        count.bytes,
        work.signs,
        work.verifies,
        work.seals,
        work.opens,
        work.digests,
        count.journal_writes,
        cost.forced_writes_to_commit.unwrap(),
        cost.delays_to_commit.unwrap(),
        cost.delays_to_delivery.unwrap(),
        count.server_bytes,
        cost.server_goods_bytes,
    ]
}

#[test]
fn what_a_purchase_of_a_kibibyte_costs() {
    use Profile::{All, None};
    use Signatures::{Digests, Items};
    let pinned: &[(&'static str, Profile, Signatures, Line)] = &[
        ("case1", None, Digests, [6, 1467, 1, 2, 0, 0, 0, 5, 3, 4, 6, 180, 0]),
        ("case1", All, Digests, [6, 1869, 2, 4, 6, 6, 1, 5, 3, 4, 6, 281, 0]),
        ("case2", None, Digests, [6, 1904, 3, 5, 1, 1, 5, 7, 4, 4, 6, 419, 37]),
        ("case2", All, Digests, [6, 2279, 3, 5, 7, 7, 10, 7, 4, 4, 6, 488, 37]),
        ("case2", All, Items, [6, 4329, 3, 5, 7, 7, 8, 7, 4, 4, 6, 1513, 37]),
        ("case3", None, Digests, [6, 2570, 1, 2, 0, 0, 3, 5, 3, 4, 5, 1246, 1029]),
        ("case3", All, Digests, [6, 3041, 3, 5, 6, 6, 5, 5, 3, 4, 5, 1416, 1029]),
        ("case3", All, Items, [6, 3041, 3, 5, 6, 6, 3, 5, 3, 4, 5, 1416, 1029]),
    ];
    for (case, profile, signatures, expected) in pinned {
        for crypto in [CryptoKind::Real, CryptoKind::Symbolic] {
            assert_eq!(
                line(&cost(case, *profile, *signatures, crypto)),
                *expected,
                "{case} {profile:?} {signatures:?}"
            );
        }
    }
}

/// Considerations do not get in each other's way: what each adds to nothing adds up to what all of them add.
#[test]
fn the_price_of_all_is_the_sum_of_the_prices() {
    for case in NAMES {
        for signatures in Signatures::ALL {
            let of =
                |profile| line(&cost(case, profile, *signatures, CryptoKind::Symbolic)).map(|figure| figure as i64);
            let none = of(Profile::None);
            let price = |profile| std::array::from_fn::<i64, 13, _>(|i| of(profile)[i] - none[i]);
            let (replay, proofs, private) =
                (price(Profile::ReplayProtection), price(Profile::Nonrepudiation), price(Profile::Privacy));
            assert_eq!(replay, [0; 13], "{case}: what protects against replay is remembered, not said");
            // Six messages are sealed and opened, and 28 bytes longer.
            assert_eq!(private, [0, 6 * 28, 0, 0, 6, 6, 0, 0, 0, 0, 0, 0, 0], "{case}");
            let sum: [i64; 13] = std::array::from_fn(|i| replay[i] + proofs[i] + private[i]);
            assert_eq!(price(Profile::All), sum, "{case} {signatures:?}");
            assert!(proofs[1] > 0 && proofs[11] > 0, "{case}: proofs are sent and kept");
        }
    }
}

/// Counts again what can be seen from outside, from the bytes of the envelopes and the records alone.
#[derive(Default)]
struct Recount {
    messages: u64,
    bytes: u64,
    server_bytes: u64,
    goods_bytes: u64,
    /// How many delays lie behind what each party has heard last.
    heard: BTreeMap<Party, u64>,
    under_way: BTreeMap<u32, u64>,
    commit: u64,
    delivery: u64,
}

impl Observer for Recount {
    fn observe(&mut self, _: u64, happening: &Happening<'_>) {
        match happening {
            Happening::Sent { envelope, .. } => {
                let Payload::Bytes(bytes) = &envelope.payload else { panic!("real cryptography sends bytes") };
                self.messages += 1;
                self.bytes += bytes.len() as u64;
                let heard = self.heard.get(&envelope.from).copied().unwrap_or(0);
                self.under_way.insert(envelope.number, heard + 1);
            }
            Happening::Arrived { envelope, .. } => {
                let heard = self.heard.entry(envelope.to).or_default();
                *heard = (*heard).max(self.under_way[&envelope.number]);
            }
            Happening::Saved { party, record, .. } => {
                let heard = self.heard.get(party).copied().unwrap_or(0);
                if *party == Party::Server && record.kind == RecordKind::Payment {
                    // A record and a message of the same parts are as long as each other.
                    let about = record.about.unwrap();
                    let step = halfpaid::party::Step::Numbered(1);
                    self.server_bytes += Message::new(about, step, record.parts.clone()).encode().len() as u64;
                    let key = record.key().map_or(0, |key| 5 + key.0.len());
                    self.goods_bytes += (key + record.item().map_or(0, |item| 5 + item.len())) as u64;
                    self.commit = heard;
                }
                let goods = |part: &&Part| matches!(part, Part::Key(_) | Part::Item(_));
                if matches!(party, Party::Customer(_)) && record.parts.iter().any(|part| goods(&part)) {
                    self.delivery = heard;
                }
            }
            _ => {}
        }
    }
}

fn recount(case: &'static str, on: MechanismSet) -> Recount {
    let protocol = protocol::by_name(case).unwrap();
    let mut alone = scenario(case);
    alone.workload.catalogue.items = 1;
    let setup = Setup { mechanisms: on.into(), ..workload::setup(&alone, &protocol, CryptoKind::Real, 0) };
    let errands = workload::workload(&alone, 0);
    let job = Job { setup: &setup, workload: &errands, latency: Latency { min_us: 700, max_us: 900 } };
    let mut recount = Recount::default();
    drive::run(&job, &mut Fair, &mut recount);
    recount
}

#[test]
fn a_recount_from_the_envelopes_and_the_run_itself_agree() {
    for case in NAMES {
        for (profile, signatures) in Profile::ALL.iter().flat_map(|p| Signatures::ALL.iter().map(move |s| (p, s))) {
            let cost = cost(case, *profile, *signatures, CryptoKind::Real);
            let again = recount(case, signatures.among(profile.mechanisms()));
            let seen =
                [again.messages, again.bytes, again.server_bytes, again.goods_bytes, again.commit, again.delivery];
            let [messages, bytes, .., commit, delivery, server, goods] = line(&cost);
            assert_eq!(seen, [messages, bytes, server, goods, commit, delivery], "{case} {profile:?} {signatures:?}");
            // Every operation belongs to one step.
            let sum = |figure: fn(&halfpaid::costs::meter::Count) -> u64| -> u64 {
                cost.steps.iter().map(|step| figure(&step.count)).sum()
            };
            assert_eq!(sum(|count| count.bytes), bytes);
            assert_eq!(sum(|count| count.work.verifies), cost.total.work.verifies);
            assert_eq!(sum(|count| count.work.seals), cost.total.work.seals);
        }
    }
}

/// The operations are those that the run as a whole reports: `runs.csv` counts them without knowing steps.
#[test]
fn the_total_is_the_run_that_runs_csv_reports() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("one.toml");
    let text = "name = \"one\"\nprotocol = [\"case2\", \"case3\"]\nwith = [\"sealed-channels\"]\n\
                [workload]\ncatalogue = { items = 1 }\n[faults]\nmode = \"none\"\n[costs]\nprofiles = [\"none\"]\n";
    fs::write(&file, text).unwrap();
    let results = out.path().join("results");
    let status = Command::new(env!("CARGO_BIN_EXE_halfpaid")).arg("run").arg(&file).arg("--out").arg(&results).output();
    assert!(status.unwrap().status.success());
    let read = |name: &str| -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(results.join("one").join(name)).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    };
    let (runs, costs) = (read("runs.csv"), read("costs.csv"));
    assert_eq!(runs.len(), 2);
    for run in &runs {
        let total = costs
            .iter()
            .find(|row| row["protocol"] == run["protocol"] && row["profile"] == "scenario" && row["step"] == "total");
        let total = total.unwrap();
        for column in
            ["messages", "bytes", "signs", "verifies", "seals", "opens", "digests", "journal_writes", "server_bytes"]
        {
            assert_eq!(run[column], total[column], "{column}");
        }
    }
    // Six steps and a total, of the scenario itself and of the profile.
    assert_eq!(costs.len(), 2 * 2 * 7);
}

#[test]
fn only_what_a_protocol_signs_by_digest_has_rows_for_whole_items() {
    for case in NAMES {
        let mut scenario = scenario(case);
        scenario.costs.profiles = vec![Profile::All];
        scenario.costs.signatures = Signatures::ALL.to_vec();
        let protocol: Arc<dyn protocol::Protocol> = protocol::by_name(case).unwrap();
        let rows = rows(&scenario, &protocol);
        let items = rows.iter().filter(|row| row.signatures == "items").count();
        assert_eq!((rows.len(), items), if *case == "case1" { (14, 0) } else { (21, 7) }, "{case}");
        assert!(rows.iter().all(|row| (row.step == "total") == row.messages_least.is_some()));
        assert!(rows.iter().all(|row| (row.step == "total") != row.least_source.is_empty()));
    }
}
