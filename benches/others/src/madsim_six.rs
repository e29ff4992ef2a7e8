//! In madsim: a node for each party, datagrams between them.

use std::net::SocketAddr;
use std::time::Duration;

use madsim::net::Endpoint;
use madsim::runtime::{NodeHandle, Runtime};
use madsim::{Config, time};

use crate::TRIPLES;

fn address(triple: u8, place: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, place, triple + 1], 1))
}

async fn send(endpoint: &Endpoint, to: SocketAddr, step: u8) {
    endpoint.send_to(to, 0, &[step]).await.expect("it is sent");
}

async fn receive(endpoint: &Endpoint) -> u8 {
    let mut step = [0];
    endpoint.recv_from(0, &mut step).await.expect("it arrives");
    step[0]
}

pub(crate) fn run(purchases: u32) {
    let mut config = Config::default();
    config.net.send_latency = Duration::from_millis(1)..Duration::from_millis(2);
    let runtime = Runtime::with_seed_and_config(1, config);
    let mut customers = Vec::new();
    for triple in 0..TRIPLES {
        let [c, m, p] = [0, 1, 2].map(|place| address(triple, place));
        let node = |at: SocketAddr| -> NodeHandle { runtime.create_node().ip(at.ip()).build() };
        node(m).spawn(async move {
            let endpoint = Endpoint::bind(m).await.expect("a place");
            loop {
                match receive(&endpoint).await {
                    step @ (1 | 5) => send(&endpoint, c, step + 1).await,
                    step => send(&endpoint, p, step + 1).await,
                }
            }
        });
        node(p).spawn(async move {
            let endpoint = Endpoint::bind(p).await.expect("a place");
            loop {
                let step = receive(&endpoint).await;
                send(&endpoint, m, step + 1).await;
            }
        });
        customers.push(node(c).spawn(async move {
            let endpoint = Endpoint::bind(c).await.expect("a place");
            // So that the others are there.
            time::sleep(Duration::from_secs(1)).await;
            for _ in 0..purchases {
                for step in [1, 3] {
                    send(&endpoint, m, step).await;
                    receive(&endpoint).await;
                }
            }
        }));
    }
    runtime.block_on(async move {
        for customer in customers {
            customer.await.expect("its end");
        }
    });
}
