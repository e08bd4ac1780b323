//! The thread that keeps a connection to one peer, for what this node asks.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::calls::{self, Calls};
use super::frame;
use super::greeting::{self, Greeting, Refusal};
use super::stream::Stream;
use super::{Local, Wire};
use crate::rng::Rng;
use crate::types::NodeId;

/// The wait after a first failure; each one after it is twice as long, up to the longest.
const SHORTEST: Duration = Duration::from_millis(20);

/// Why a peer could not be called.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the peer cannot be reached: {}", frame::why(.0))]
    Unreachable(io::Error),
    #[error("there is no TLS with the peer: {}", frame::why(.0))]
    Tls(io::Error),
    #[error("the peer did not greet: {}", frame::why(.0))]
    Greeting(io::Error),
    #[error("the peer refused: {0}")]
    Refused(Refusal),
    #[error("this node refused: {0}")]
    Refuses(Refusal),
    #[error("it is over")]
    Over,
}

pub(super) struct Dialler {
    pub(super) wire: Arc<Wire>,
    pub(super) peer: NodeId,
    pub(super) address: String,
    pub(super) calls: Arc<Calls>,
    pub(super) local: Weak<dyn Local>,
}

impl Dialler {
    /// Dials again and again, until it is over.
    pub(super) fn run(self) {
        let seed = self.wire.options.store ^ self.wire.options.node ^ (self.peer << 32);
        let (mut rng, mut wait) = (Rng::new(seed), SHORTEST);
        while self.calls.pause(rng.stretch(wait)) {
            match self.dial() {
                Ok((stream, peer)) => {
                    wait = SHORTEST;
                    // The node was dropped: nobody asks any more.
                    let Some(why) = self.carry(&stream, peer) else { return };
                    self.calls.end(why);
                    if let Some(local) = self.local.upgrade() {
                        local.link_down(self.peer);
                    }
                }
                Err(failed) => {
                    wait = (wait * 2).min(self.wire.options.retry);
                    self.calls.end(failed.to_string());
                }
            }
        }
        self.calls.end(Failed::Over.to_string());
    }

    fn dial(&self) -> Result<(Stream, Greeting), Failed> {
        let options = &self.wire.options;
        let socket = connect(&self.address, options.greeting).map_err(Failed::Unreachable)?;
        if !self.calls.holds(&socket) {
            return Err(Failed::Over);
        }
        let end = Instant::now() + options.greeting;
        socket.set_nodelay(true).map_err(Failed::Unreachable)?;
        let stream = Stream::new(&socket, options, Some(self.peer), end).map_err(Failed::Tls)?;
        let greet = || {
            socket.set_write_timeout(Some(options.patience))?;
            greeting::call(&stream, &Greeting::new(options, self.wire.cluster(), self.peer))?;
            let answer = greeting::answer(&stream, end)?;
            socket.set_read_timeout(Some(options.patience))?;
            Ok(answer)
        };
        let peer = greet().map_err(Failed::Greeting)?.map_err(Failed::Refused)?;
        if peer.node != self.peer {
            return Err(Failed::Refuses(Refusal::OtherNode));
        }
        peer.check(options, self.wire.cluster()).map_err(Failed::Refuses)?;
        peer.is_admitted(&self.local).map_err(Failed::Refuses)?;
        self.wire.doors.meet(&peer).map_err(Failed::Refuses)?;
        Ok((stream, peer))
    }

    /// Carries requests there and replies back, and says why it ended.
    fn carry(&self, stream: &Stream, peer: Greeting) -> Option<String> {
        let local = self.local.upgrade()?;
        let epoch = self.wire.next_epoch();
        self.calls.begin(epoch, peer.info);
        local.link_up(self.peer, epoch);
        drop(local);
        Some(thread::scope(|scope| {
            let reader = scope.spawn(|| self.calls.read(stream));
            // The reader says why; if this is the one that failed, then the writer.
            let written = self.calls.write(stream, self.wire.options.patience / 3);
            calls::end(Some(&stream.socket));
            let read = reader.join().map_or_else(|_| "a panic".into(), |error| frame::why(&error));
            written.map_or_else(|error| frame::why(&error), |()| read)
        }))
    }
}

/// The first of its addresses that answers.
fn connect(address: &str, time: Duration) -> io::Result<Arc<TcpStream>> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, time) {
            Ok(socket) => return Ok(Arc::new(socket)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
