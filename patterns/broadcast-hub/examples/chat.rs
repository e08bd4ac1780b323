//! A chat room: what one says, all get in one order, and who does not keep up is put out with a
//! notice instead of holding up the rest.
//!
//! Run it with `cargo run -p broadcast-hub --example chat`. It opens a room on loopback, lets two
//! clients talk and a third come late, prints what they hear, checks it, closes the room and sees
//! that all are told.
//!
//! With `.. --example chat -- serve` it serves a page for browsers until Ctrl-C: open it twice and
//! talk to yourself. `serve 0.0.0.0:3030` lets the phones in your network in, too.

use std::error::Error;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[path = "server/arguments.rs"]
pub(crate) mod arguments;
#[path = "chat/client.rs"]
pub(crate) mod client;
#[path = "chat/connection.rs"]
pub(crate) mod connection;
#[path = "chat/end.rs"]
pub(crate) mod end;
#[path = "chat/room.rs"]
pub(crate) mod room;
#[path = "server/serving.rs"]
pub(crate) mod serving;
#[path = "server/signals.rs"]
pub(crate) mod signals;
#[path = "chat/site.rs"]
pub(crate) mod site;

use arguments::Command;
use client::Client;
use room::Room;
use serving::{Told, listen, refuse, serve_until, until_ended};
use site::site;

const USAGE: &str = "\
usage: chat [serve [ADDRESS]]
  serve    a room for browsers, until Ctrl-C
  ADDRESS  where to listen (127.0.0.1:3030)
Without arguments three clients of its own talk over loopback.";

const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3030);

/// How many messages one may be behind.
const UNREAD: usize = 256;

/// How long one may keep the server waiting. Twice that, for a frame that is stuck and for the
/// farewell, is less than the end may take.
const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    run(std::env::args_os().skip(1)).await
}

pub(crate) async fn run(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<ExitCode, Box<dyn Error>> {
    match arguments::read(arguments, HERE) {
        Ok(Command::Demonstrate) => demonstrate().await,
        Ok(Command::Serve(address)) => {
            let room = Room::new(UNREAD, PATIENCE);
            Ok(until_ended(address, |listener, told| open(room, listener, told)).await?)
        }
        Err(refusal) => Ok(refuse(refusal, USAGE)),
    }
}

/// Keeps the room open until `told` is over; says whether everybody was out before the deadline.
pub(crate) async fn open(room: Arc<Room>, listener: TcpListener, told: Told) -> bool {
    let site = site(Arc::clone(&room));
    serve_until(listener, site, told, || room.close(), room.emptied()).await
}

/// A conversation, and what everybody must have heard.
async fn demonstrate() -> Result<ExitCode, Box<dyn Error>> {
    let listener = listen(SocketAddr::new(HERE.ip(), 0)).await?;
    let address = listener.local_addr()?;
    let (told, is_told) = oneshot::channel::<()>();
    let room = Room::new(UNREAD, PATIENCE);
    let running = tokio::spawn(open(room, listener, is_told));

    let mut ann = Client::enter(address, "Ann").await?;
    // Two who send their names at once may be seated in either order.
    assert_eq!(ann.hear(1).await?, ["Ann came"]);
    let mut bob = Client::enter(address, "Bob").await?;
    assert_eq!(ann.hear(1).await?, ["Bob came"]);
    ann.say("Does anybody hear me?").await?;
    assert_eq!(ann.hear(1).await?, ["Ann: Does anybody hear me?"]);
    bob.say("I do. <b>Loudly.</b>").await?;
    let conversation = ["Ann: Does anybody hear me?", "Bob: I do. <b>Loudly.</b>"];
    assert_eq!(bob.hear(4).await?[2..], conversation);

    let mut eve = Client::enter(address, "Eve").await?;
    let heard = eve.hear(5).await?;
    assert_eq!(heard[2..4], conversation, "a late joiner hears what was said last");
    println!("{}", heard.join("\n"));
    eve.say(&"x".repeat(connection::LONGEST + 1)).await?;
    println!("Eve says too much and hears: {}", eve.until_the_end().await?);

    drop(told);
    for (name, client) in [("Ann", ann), ("Bob", bob)] {
        let end = client.until_the_end().await?;
        assert_eq!(end, "the server stops");
        println!("{name} hears: {end}");
    }
    assert!(running.await?, "a connection held up the end");
    println!("To talk yourself: cargo run -p broadcast-hub --example chat -- serve");
    Ok(ExitCode::SUCCESS)
}
