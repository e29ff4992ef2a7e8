//! What the fuzz targets share: both kinds of cryptography, and a small world to hand messages to.

use halfpaid::batch::workload;
use halfpaid::crypto::Crypto;
use halfpaid::crypto::real::Real;
use halfpaid::crypto::streams::Streams;
use halfpaid::crypto::symbolic::Symbolic;
use halfpaid::protocol::setup::Setup;
use halfpaid::protocol::{self, NAMES};
use halfpaid::scenario::{CryptoKind, Scenario};

/// Real and symbolic cryptography of one seed.
pub fn both() -> [Box<dyn Crypto>; 2] {
    let streams = Streams::new(0);
    [Box::new(Real::new(streams, 2, 2)), Box::new(Symbolic::new(streams))]
}

/// One of the protocols, one customer, one merchant.
pub fn setup(number: usize) -> Setup {
    let name = NAMES[number % NAMES.len()];
    let protocol = protocol::by_name(name).expect("it is in the list");
    workload::setup(&Scenario::new(name, name), &protocol, CryptoKind::Symbolic, 0)
}
