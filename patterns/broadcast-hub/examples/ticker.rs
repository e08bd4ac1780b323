//! Prices over server-sent events: a client that lost its connection misses nothing, and a client
//! that idles does not hold up the end.
//!
//! Run it with `cargo run -p broadcast-hub --example ticker`. It serves a feed on loopback, has a
//! client read some prices and lose its connection, lets more prices come, has the client return
//! with `Last-Event-ID`, and checks that it got every one once. Then it ends while a client is
//! connected that never hears anything.
//!
//! With `.. --example ticker -- serve` it publishes a price every second until Ctrl-C. Read them with
//! `curl -N http://127.0.0.1:3031/ticks`, and see what `-H 'Last-Event-ID: 3'` does.

use std::error::Error;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use broadcast_hub::lock::Hub;
use tokio::sync::oneshot;
use tokio::time::interval;

#[path = "server/arguments.rs"]
pub(crate) mod arguments;
#[path = "ticker/client.rs"]
pub(crate) mod client;
#[path = "ticker/feed.rs"]
pub(crate) mod feed;
#[path = "server/serving.rs"]
pub(crate) mod serving;
#[path = "server/signals.rs"]
pub(crate) mod signals;

use arguments::Command;
use client::Client;
use feed::{Tick, site};
use serving::{listen, refuse, serve_until, until_ended};

const USAGE: &str = "\
usage: ticker [serve [ADDRESS]]
  serve    a price every second, until Ctrl-C
  ADDRESS  where to listen (127.0.0.1:3031)
Without arguments a client of its own reads, leaves and returns, over loopback.";

const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3031);

/// How many prices are kept for those who return.
const KEPT: usize = 600;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    run(std::env::args_os().skip(1)).await
}

pub(crate) async fn run(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<ExitCode, Box<dyn Error>> {
    match arguments::read(arguments, HERE) {
        Ok(Command::Demonstrate) => demonstrate().await,
        Ok(Command::Serve(address)) => serve(address).await,
        Err(refusal) => Ok(refuse(refusal, USAGE)),
    }
}

async fn serve(address: SocketAddr) -> Result<ExitCode, Box<dyn Error>> {
    let hub = Hub::new(KEPT);
    let market = tokio::spawn(publish(hub.clone()));
    let site = site(hub.clone());
    let ended = until_ended(address, |listener, told| {
        serve_until(listener, site, told, move || hub.close(), std::future::ready(()))
    });
    let code = ended.await;
    market.abort();
    Ok(code?)
}

/// A price every second.
async fn publish(hub: Hub<Tick>) {
    let (mut price, mut every) = (10_000, interval(Duration::from_secs(1)));
    loop {
        every.tick().await;
        let Ok(number) = hub.try_publish(Tick(price)) else { return };
        price = next(price, number);
    }
}

/// Up or down by less than a dollar, and never to nothing.
pub(crate) fn next(price: u32, number: u64) -> u32 {
    let noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (price + (noise % 199) as u32).saturating_sub(99).max(100)
}

/// A reader that leaves and returns, and one that idles.
async fn demonstrate() -> Result<ExitCode, Box<dyn Error>> {
    let hub = Hub::new(KEPT);
    let listener = listen(SocketAddr::new(HERE.ip(), 0)).await?;
    let address = listener.local_addr()?;
    let (told, is_told) = oneshot::channel::<()>();
    let (site, closing) = (site(hub.clone()), hub.clone());
    let running = tokio::spawn(async move {
        serve_until(listener, site, is_told, || closing.close(), std::future::ready(())).await
    });

    let mut reader = Client::connect(address, None).await?;
    let publish = |count| (0..count).try_for_each(|cents| hub.try_publish(Tick(cents)).map(drop));
    publish(8)?;
    let before = reader.ids(5).await?;
    println!("read {before:?}, then the connection was lost");
    drop(reader);
    publish(4)?;
    let mut reader = Client::connect(address, before.last().copied()).await?;
    publish(3)?;
    let after = reader.ids(10).await?;
    println!("read {after:?} after it came back");
    assert!(before.into_iter().chain(after).eq(1..=15), "each once, in order");

    let mut idle = Client::connect(address, None).await?;
    drop(told);
    assert!(running.await?, "an idle reader held up the end");
    assert_eq!(idle.next().await?, None, "and was told");
    println!("ended although a reader was connected");
    Ok(ExitCode::SUCCESS)
}
