//! In nexosim: a model for each party; whoever gets a step schedules the next, and hands it to its recipient when its time has come.

use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSource, Output};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::{STEPS, TRIPLES};

#[derive(Serialize, Deserialize, Default)]
struct Party {
    customer: Output<u8>,
    merchant: Output<u8>,
    server: Output<u8>,
    /// Purchases that are still to be made; a customer's only.
    left: u32,
    sent: u64,
}

#[Model]
impl Party {
    async fn receive(&mut self, step: u8, cx: &Context<Self>) {
        let next = if step == STEPS {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            1
        } else {
            step + 1
        };
        self.sent += 1;
        let after = Duration::from_micros(1_000 + self.sent * 7_919 % 1_000);
        cx.schedule_event(after, schedulable!(Self::arrive), next).expect("the future");
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, step: u8) {
        match step {
            1 | 3 | 5 => self.merchant.send(step).await,
            4 => self.server.send(step).await,
            _ => self.customer.send(step).await,
        }
    }
}

pub(crate) fn run(purchases: u32) {
    let mut bench = SimInit::with_num_threads(1);
    let mut starts = Vec::new();
    for triple in 0..TRIPLES {
        let boxes = [Mailbox::new(), Mailbox::new(), Mailbox::new()];
        starts.push(EventSource::new().connect(Party::receive, &boxes[0]).register(&mut bench));
        let mut parties = [Party { left: purchases, ..Party::default() }, Party::default(), Party::default()];
        for party in &mut parties {
            party.customer.connect(Party::receive, &boxes[0]);
            party.merchant.connect(Party::receive, &boxes[1]);
            party.server.connect(Party::receive, &boxes[2]);
        }
        for (place, (party, mailbox)) in parties.into_iter().zip(boxes).enumerate() {
            bench = bench.add_model(party, mailbox, &format!("{place} of {triple}"));
        }
    }
    let mut simulation = bench.init(MonotonicTime::EPOCH).expect("a bench");
    for start in &starts {
        simulation.process_event(start, STEPS).expect("a start");
    }
    simulation.run().expect("an end");
}
