//! What scale costs: `cargo bench --bench scale` prints each figure beside its floor and its bar, in one table.
//!
//! Times are the processor's, of the one thread that runs, so that a busy machine does not show in them as waiting (it still shows
//! as lost caches); the batch alone is timed by the clock on the wall, and means nothing on a machine that does something else. A
//! figure and its floor are taken in turns, and the best of each counts. `cargo bench --bench scale -- events` makes the parts that
//! have one of the given words in their names: events, customers, real, batch, others.
//!
//! `others` builds and runs `benches/others`, a workspace of its own in which other simulators carry the six messages of a purchase
//! among 64 triples of parties. Beside them stand a whole purchase of ours, with its roles, journals, faults, checks and disputes, and
//! what the agenda alone takes to carry as much. Where the others cannot be built, which takes a network, the part says so.

#[path = "../tests/common/mod.rs"]
mod common;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::hint::black_box;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use common::Shop;
use halfpaid::crypto::real::Real;
use halfpaid::crypto::streams::{Purpose, Streams};
use halfpaid::crypto::{Blob, Crypto, Digest, Key, Signature};
use halfpaid::drive::random::{Random, Rates};
use halfpaid::drive::settle::{Desk, Settled};
use halfpaid::drive::{self, Fair};
use halfpaid::fault::FaultKind;
use halfpaid::party::Party;
use halfpaid::protocol::role::Wish;
use halfpaid::protocol::setup::Catalogue;
use halfpaid::world::{Agenda, Drawn, Errand, Event, Supply, Workload};
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest as _, Sha256};

/// How often two things are timed in turns, of which the best counts: short and often, since a machine's speed comes and goes.
const ROUNDS: u32 = 20;

/// Processor time of this thread, in seconds.
fn cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The processor time of something, in seconds.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = cpu_s();
    let done = black_box(work());
    (cpu_s() - start, done)
}

/// The best of a few rounds of each of two things, in turns.
fn side_by_side(rounds: u32, mut one: impl FnMut(), mut other: impl FnMut()) -> (f64, f64) {
    (0..rounds).fold((f64::MAX, f64::MAX), |best, _| (best.0.min(timed(&mut one).0), best.1.min(timed(&mut other).0)))
}

fn line(what: &str, figure: impl fmt::Display, floor: impl fmt::Display, ratio: f64, bar: &str) {
    println!("{what:<58} {figure:>18} {floor:>22} {ratio:>8.2}   {bar}");
}

/// Purchases at a fixed distance by customers who take turns.
#[derive(Debug)]
struct Steady {
    purchases: u32,
    customers: u32,
    merchants: u32,
    every_ns: u64,
}

impl Supply for Steady {
    fn purchases(&self) -> u32 {
        self.purchases
    }

    fn errand(&self, number: u32) -> Option<Errand> {
        let wish = Wish { merchant: number % self.merchants, item: number % 10 };
        let at_us = u64::from(number) * self.every_ns / 1_000;
        (number < self.purchases).then_some(Errand { customer: number % self.customers, wish, at_us })
    }

    fn last_start_us(&self) -> u64 {
        u64::from(self.purchases - 1) * self.every_ns / 1_000
    }
}

fn shop(steady: Steady) -> Shop {
    let mut shop = Shop::hardened("case2");
    (shop.setup.population.customers, shop.setup.population.merchants) = (steady.customers, steady.merchants);
    shop.setup.catalogue = Catalogue::new(steady.merchants, 10, (50, 2_000), (512, 4_096));
    shop.workload = Workload { drawn: Some(Drawn(Arc::new(steady))), ..Workload::default() };
    shop
}

/// Rates a little above what a bad network does; nothing is held back to the end, which would keep everything under way.
fn drizzle(shop: &Shop) -> Random {
    let rates = Rates::from([
        (FaultKind::Drop, 5_000),
        (FaultKind::Duplicate, 5_000),
        (FaultKind::Replay, 100),
        (FaultKind::Corrupt, 1_000),
        (FaultKind::Crash, 10),
    ]);
    Random::new(shop.setup.streams, &rates, false, false, shop.workload.last_start_us())
}

/// Counts what settles.
#[derive(Default)]
struct Counted(u64);

impl Desk for Counted {
    fn settled(&mut self, _: &Settled<'_>) -> bool {
        self.0 += 1;
        true
    }

    fn never_begun(&mut self, _: u32, _: Errand) -> bool {
        self.0 += 1;
        true
    }
}

/// One run; how many events, and the processor time in seconds.
fn run(shop: &Shop) -> (u64, f64) {
    let mut counted = Counted::default();
    let (s, events) = timed(|| {
        let finished = drive::run_settling(&shop.job(), &mut drizzle(shop), &mut (), &mut counted);
        assert!(!finished.cut_short());
        finished.checker.events()
    });
    assert!(counted.0 > u64::from(shop.workload.purchases()) * 9 / 10, "{} have settled", counted.0);
    (events, s)
}

/// As many turns of a binary heap that holds so many entries: the time in seconds.
fn heap(entries: u64, turns: u64) -> f64 {
    let mut draws = Streams::new(0).reader(Purpose::Latency, None);
    let waits: Vec<u64> = (0..4_096).map(|_| draws.below(1_000_000)).collect();
    let mut heap: BinaryHeap<_> = (0..entries).map(|order| Reverse((draws.below(1_000_000), order))).collect();
    let turn = || {
        for order in 0..turns {
            if let Some(Reverse((now_us, _))) = heap.pop() {
                heap.push(Reverse((now_us + waits[order as usize % waits.len()], order)));
            }
        }
    };
    timed(turn).0
}

/// How many events are on the agenda half-way through a run.
fn pending(shop: &Shop) -> u64 {
    use halfpaid::world::{Choice, Fate, World};
    let mut world = World::new(&shop.setup, &shop.workload);
    let until_us = shop.workload.last_start_us() / 2;
    while let Some(slot) = world.upcoming().filter(|slot| slot.at_us < until_us) {
        world.step(&shop.setup, &shop.workload, Choice::Take(slot), &mut ());
        while world.handling().is_some() {
            world.step(&shop.setup, &shop.workload, Choice::Apply(Fate::Arrive(10_000)), &mut ());
        }
    }
    world.agenda().len() as u64
}

fn events() {
    for (purchases, every_ns) in [(20_000, 5_000_000), (100_000, 100_000), (300_000, 1_000)] {
        let shop = shop(Steady { purchases, customers: purchases, merchants: 100, every_ns });
        let pending = pending(&shop);
        let (mut ours, mut floor, mut events) = (f64::MAX, f64::MAX, 0);
        for _ in 0..2 {
            let s;
            (events, s) = run(&shop);
            ours = ours.min(s);
            floor = floor.min(heap(pending, events));
        }
        let ns = |s: f64| format!("{:.0} ns", s * 1e9 / events as f64);
        line(
            &format!("event of a run in a drizzle, {pending} pending ÷ heap"),
            ns(ours),
            ns(floor),
            floor / ours,
            "0.5, stretch 1.0 (at a million pending)",
        );
    }
}

/// The peak of the process's memory, in bytes, where Linux says it.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// A process of its own, so that its peak of memory is its own: prints seconds per purchase and bytes.
fn customers_alone(customers: u32, purchases: u32) {
    let shop = shop(Steady { purchases, customers, merchants: 1_000, every_ns: 500_000 });
    let (_, s) = run(&shop);
    println!("{} {}", s / f64::from(purchases), peak_bytes().unwrap_or(0));
}

fn customers() {
    let measure = |customers: u32, purchases: u32| -> (f64, f64) {
        let this = std::env::current_exe().expect("a path");
        let arguments = ["alone".to_owned(), customers.to_string(), purchases.to_string()];
        let output = Command::new(this).args(arguments).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("numbers");
        let mut numbers = text.split_whitespace().map(|word| word.parse::<f64>().expect("a number"));
        (numbers.next().expect("seconds"), numbers.next().expect("bytes"))
    };
    let (few, floor_bytes) = measure(1_000, 200_000);
    let (many, bytes) = measure(1_000_000, 1_000_000);
    let us = |s: f64| format!("{:.1} us", s * 1e6);
    line("purchase among 1,000,000 customers ÷ among 1,000", us(many), us(few), many / few, "at most 3, stretch 1.5");
    let each = (bytes - floor_bytes) / 1e6;
    let mib = |bytes: f64| format!("{:.0} MiB", bytes / f64::from(1 << 20));
    line(
        "peak memory, bytes per customer of a million",
        mib(bytes),
        mib(floor_bytes),
        each,
        "at most 1,024, stretch 200",
    );
}

/// One thing that is really computed.
#[derive(Debug, Clone)]
enum Call {
    Sign(Party, Vec<u8>),
    Verify(Party, Vec<u8>, Signature),
    DigestBlob(Blob),
    DigestKey(Key),
    Seal(Key, [u8; 12], Blob),
    Open(Key, Blob),
}

/// Writes down what is really computed.
#[derive(Debug)]
struct Recording {
    inner: Real,
    calls: Mutex<Vec<Call>>,
}

impl Recording {
    fn new(inner: Real) -> Self {
        Recording { inner, calls: Mutex::default() }
    }

    fn record(&self, call: Call) {
        self.calls.lock().expect("nobody has panicked").push(call);
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("nobody has panicked").clone()
    }
}

impl Crypto for Recording {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sign(&self, signer: Party, statement: &[u8]) -> Signature {
        self.record(Call::Sign(signer, statement.to_vec()));
        self.inner.sign(signer, statement)
    }

    fn verify(&self, signer: Party, statement: &[u8], signature: &Signature) -> bool {
        self.record(Call::Verify(signer, statement.to_vec(), *signature));
        self.inner.verify(signer, statement, signature)
    }

    fn digest_blob(&self, blob: &Blob) -> Digest {
        self.record(Call::DigestBlob(blob.clone()));
        self.inner.digest_blob(blob)
    }

    fn digest_key(&self, key: &Key) -> Digest {
        self.record(Call::DigestKey(*key));
        self.inner.digest_key(key)
    }

    fn seal(&self, key: &Key, nonce: [u8; 12], item: &Blob) -> Blob {
        self.record(Call::Seal(*key, nonce, item.clone()));
        self.inner.seal(key, nonce, item)
    }

    fn seal_twice(&self, keys: [&Key; 2], nonce: [u8; 12], items: [&Blob; 2]) -> Blob {
        self.inner.seal_twice(keys, nonce, items)
    }

    fn seal_bytes(&self, key: &Key, nonce: [u8; 12], bytes: &[u8]) -> Vec<u8> {
        self.inner.seal_bytes(key, nonce, bytes)
    }

    fn open_bytes(&self, key: &Key, sealed: &[u8]) -> Option<Vec<u8>> {
        self.inner.open_bytes(key, sealed)
    }

    fn open(&self, key: &Key, sealed: &Blob) -> Option<Blob> {
        self.record(Call::Open(*key, sealed.clone()));
        self.inner.open(key, sealed)
    }

    fn content(&self, merchant: u32, number: u32, len: u32) -> Blob {
        self.inner.content(merchant, number, len)
    }

    fn read_blob(&self, bytes: &[u8]) -> Blob {
        self.inner.read_blob(bytes)
    }
}

fn repeat<T>(times: u64, operation: impl Fn() -> T) {
    for _ in 0..times {
        black_box(operation());
    }
}

/// So many of each operation, one after the other, on an order's length of bytes and an item of the catalogue's mean length.
fn straight_line(crypto: &Real, [signs, verifies, digests, key_digests, seals, opens]: [u64; 6]) {
    let (statement, key, nonce) = ([7; 180], Key([8; 32]), [9; 12]);
    let item = crypto.content(0, 0, 2_304);
    let signature = crypto.sign(Party::Server, &statement);
    let sealed = crypto.seal(&key, nonce, &item);
    repeat(signs, || crypto.sign(Party::Server, black_box(&statement)));
    repeat(verifies, || crypto.verify(Party::Server, black_box(&statement), &signature));
    repeat(digests, || crypto.digest_blob(black_box(&sealed)));
    repeat(key_digests, || crypto.digest_key(black_box(&key)));
    repeat(seals, || crypto.seal(&key, nonce, black_box(&item)));
    repeat(opens, || crypto.open(&key, black_box(&sealed)));
}

/// A straight-line program: what was computed, on the same arguments in the same order, and nothing between.
fn straight_on(crypto: &Real, calls: &[Call]) {
    for call in calls {
        match call {
            Call::Sign(signer, statement) => {
                black_box(crypto.sign(*signer, statement));
            }
            Call::Verify(signer, statement, signature) => {
                black_box(crypto.verify(*signer, statement, signature));
            }
            Call::DigestBlob(blob) => {
                black_box(crypto.digest_blob(blob));
            }
            Call::DigestKey(key) => {
                black_box(crypto.digest_key(key));
            }
            Call::Seal(key, nonce, item) => {
                black_box(crypto.seal(key, *nonce, item));
            }
            Call::Open(key, sealed) => {
                black_box(crypto.open(key, sealed));
            }
        }
    }
}

fn real() {
    let purchases = 100;
    let with = |crypto: Arc<dyn Crypto>| {
        let mut shop = shop(Steady { purchases, customers: purchases, merchants: 1, every_ns: 10_000_000 });
        shop.setup.crypto = crypto;
        shop
    };
    let fresh = || Real::new(Streams::new(0), purchases, 1);
    let go = |shop: &Shop| drop(drive::run(&shop.job(), &mut Fair, &mut ()));
    let recording = Arc::new(Recording::new(fresh()));
    let recorded = with(Arc::clone(&recording) as Arc<dyn Crypto>);
    let work = drive::run(&recorded.job(), &mut Fair, &mut ()).meter.tally().work;
    // What the parties ask for, without checker and judge.
    let of_parties = [work.signs, work.verifies, work.digests, 0, work.seals, work.opens];
    let calls = recording.calls();
    let verifies = calls.iter().filter(|call| matches!(call, Call::Verify(..))).count() as u64;
    let bare = fresh().without_memory();
    let us = |s: f64| format!("{:.0} us", s * 1e6 / f64::from(purchases));
    let forgetful = with(Arc::new(fresh().without_memory()));
    go(&forgetful);
    let (ours, floor) = side_by_side(ROUNDS, || go(&forgetful), || straight_on(&bare, &calls));
    let what = format!("real purchase, {} verifications, none remembered ÷ bare", verifies / u64::from(purchases));
    line(&what, us(ours), us(floor), floor / ours, "0.97");
    let (mut ours, mut floor) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // What an earlier round verified must not be remembered.
        let remembering = with(Arc::new(fresh()));
        // Keys and items are made before, as they are in the straight line.
        for party in remembering.setup.population.parties() {
            black_box(remembering.setup.crypto.sign(party, b"to make the keys"));
        }
        for item in 0..10 {
            black_box(remembering.setup.offer(0, item));
        }
        ours = ours.min(timed(|| go(&remembering)).0);
        floor = floor.min(timed(|| straight_line(&bare, of_parties)).0);
    }
    line(
        "real purchase, each verified once ÷ the parties' own, bare",
        us(ours),
        us(floor),
        floor / ours,
        "stretch 1.3",
    );
}

fn batch() {
    const FILES: u32 = 8;
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..FILES {
        let text = format!(
            "name = \"batch-{number}\"\nprotocol = [\"case2\"]\ncrypto = \"real\"\n\
             [parties]\ncustomers = 50\n[workload]\npurchases = 60\n\
             [faults]\nmode = \"random\"\nseeds = \"0..8\"\nswarm = true\nrates = {{ drop = 0.05 }}\n"
        );
        std::fs::write(folder.path().join(format!("batch-{number}.toml")), text).expect("it is written");
    }
    let wall_s = |jobs: &str| {
        let out = tempfile::tempdir().expect("a folder");
        let mut run = Command::new(env!("CARGO_BIN_EXE_halfpaid"));
        run.arg("run").arg(folder.path()).arg("--out").arg(out.path()).args(["--jobs", jobs, "--quiet"]);
        let start = Instant::now();
        let output = run.output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        start.elapsed().as_secs_f64()
    };
    let best = (0..ROUNDS).fold((f64::MAX, f64::MAX), |best, _| (best.0.min(wall_s("1")), best.1.min(wall_s("2"))));
    let s = |s: f64| format!("{s:.2} s");
    let what = format!("{FILES} files of 8 real runs, --jobs 1 ÷ --jobs 2 (wall)");
    line(&what, s(best.0), s(best.1), best.0 / best.1, "1.8, stretch 1.95");
}

/// What the agenda alone takes to carry so many messages, six for each purchase of 64 triples at once, with a throw of the dice for
/// each and its record hashed: the time in seconds.
fn carried(messages: u32) -> f64 {
    let mut agenda = Agenda::default();
    let mut dice = Streams::new(0).reader(Purpose::Fault, None);
    let (mut hash, mut trace) = (Sha256::new(), Vec::new());
    for triple in 0..TRIPLES {
        agenda.schedule(u64::from(triple), Event::Start(triple));
    }
    let carry = || {
        for number in 0..messages {
            let Some(slot) = agenda.upcoming() else { return };
            let event = agenda.remove(slot);
            trace.extend_from_slice(&slot.at_us.to_le_bytes());
            trace.extend_from_slice(&number.to_le_bytes());
            if trace.len() >= 4_096 {
                hash.update(&trace);
                trace.clear();
            }
            // A message that is dropped is sent again later.
            let dropped = dice.chance(5_000);
            let after_us = if dropped { 500_000 } else { 1_000 + u64::from(number) * 7_919 % 1_000 };
            agenda.schedule(slot.at_us + after_us, event.unwrap_or(Event::TopUp));
        }
    };
    timed(carry).0
}

const TRIPLES: u32 = 64;

fn others() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/others");
    // Its switch for one of the simulators is in a file of that folder.
    let output = Command::new(env!("CARGO")).args(["run", "--release", "--quiet"]).current_dir(folder).output();
    let text = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        _ => {
            return println!("{:<58} cannot be built here: try `cd benches/others && cargo build --release`", "others");
        }
    };
    let shop = shop(Steady { purchases: 64_000, customers: TRIPLES, merchants: TRIPLES, every_ns: 200_000 });
    let messages = 6 * shop.workload.purchases();
    let ours = (0..2).map(|_| run(&shop).1).fold(f64::MAX, f64::min) / f64::from(messages);
    let bare = (0..3).map(|_| carried(messages)).fold(f64::MAX, f64::min) / f64::from(messages);
    let ns = |s: f64| format!("{:.0} ns", s * 1e9);
    let bars = [("nexosim", "8, stretch 15"), ("madsim", "15, stretch 30"), ("turmoil", "100, stretch 300")];
    for (name, bar) in bars {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        let Some(theirs) = found.map(|ns| ns / 1e9) else { continue };
        line(
            &format!("message of a whole purchase, checked, beside {name}'s"),
            ns(ours),
            ns(theirs),
            theirs / ours,
            bar,
        );
        line(&format!("message on the agenda alone, beside {name}'s"), ns(bare), ns(theirs), theirs / bare, "");
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let [alone, customers, purchases] = &words[..]
        && alone == "alone"
    {
        let number = |word: &String| word.parse().expect("a number");
        return customers_alone(number(customers), number(purchases));
    }
    println!("{:<58} {:>18} {:>22} {:>8}   bar", "what", "halfpaid", "beside", "ratio");
    let parts: [(&str, fn()); 5] =
        [("events", events), ("customers", customers), ("real", real), ("batch", batch), ("others", others)];
    for (name, part) in parts {
        if words.is_empty() || words.iter().any(|word| name.contains(word.as_str())) {
            part();
        }
    }
}
