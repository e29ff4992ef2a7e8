//! In turmoil: a host for each party, datagrams between them.

use std::net::Ipv4Addr;
use std::time::Duration;

use turmoil::net::UdpSocket;

use crate::TRIPLES;

type Ended = Result<(), Box<dyn std::error::Error>>;

async fn socket() -> Result<UdpSocket, Box<dyn std::error::Error>> {
    Ok(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 1)).await?)
}

async fn receive(socket: &UdpSocket) -> Result<u8, Box<dyn std::error::Error>> {
    let mut step = [0];
    socket.recv_from(&mut step).await?;
    Ok(step[0])
}

pub(crate) fn run(purchases: u32) {
    let mut simulation = turmoil::Builder::new()
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(2))
        .simulation_duration(Duration::from_secs(1_000_000))
        .rng_seed(1)
        .build();
    for triple in 0..TRIPLES {
        let [c, m, p] = ["c", "m", "p"].map(|place| format!("{place}{triple}"));
        let (to_customer, to_server) = (c.clone(), p.clone());
        simulation.host(m.clone(), move || {
            let (c, p) = (to_customer.clone(), to_server.clone());
            async move {
                let socket = socket().await?;
                loop {
                    let step = receive(&socket).await?;
                    let to = if matches!(step, 1 | 5) { &c } else { &p };
                    socket.send_to(&[step + 1], (to.as_str(), 1)).await?;
                }
            }
        });
        let to_merchant = m.clone();
        simulation.host(p, move || {
            let m = to_merchant.clone();
            async move {
                let socket = socket().await?;
                loop {
                    let step = receive(&socket).await?;
                    socket.send_to(&[step + 1], (m.as_str(), 1)).await?;
                }
            }
        });
        simulation.client(c, async move {
            let socket = socket().await?;
            // So that the others are there.
            tokio::time::sleep(Duration::from_millis(10)).await;
            for _ in 0..purchases {
                for step in [1, 3] {
                    socket.send_to(&[step], (m.as_str(), 1)).await?;
                    receive(&socket).await?;
                }
            }
            Ended::Ok(())
        });
    }
    simulation.run().expect("an end");
}
