//! The way to the other nodes over TCP.
//!
//! A node dials each of its peers and asks on that connection; replies come back on it, in any order. So
//! there are two connections between two nodes, one for the questions of each. A connection begins with
//! a greeting: both sides say of which cluster they are, who they are, and on which disk.
//!
//! | thread | waits for | ends with |
//! |---|---|---|
//! | one for each peer | its address, then requests to write | [`Wire::disconnect`] |
//! | a second one for it | replies | the connection |
//! | one at the door | whoever comes | [`Tcp`] |
//! | two for each connection that came in | requests; replies to write | the connection |
//!
//! All queues are bounded. A request that finds no room is dropped, and its `Answerer` with it: the rules
//! send it again. Either side ends a connection on which nothing came for [`Options::patience`]; an idle
//! one carries a ping now and then. Each new connection to a peer has an epoch greater than all before.
//!
//! With [`Options::tls`] both sides of a connection prove by their certificates which nodes they are, and what
//! they say is encrypted. Without it nothing here is secret, and nobody proves who it is: take a network of
//! which no stranger is part.
//!
//! That needs the feature `tls` of the crate. It is off, so that who does without it builds no `rustls` and
//! no cryptography; without it there is no value of [`Tls`].

mod calls;
mod checksum;
mod dial;
mod doors;
mod frame;
mod greeting;
mod options;
mod serve;
mod stream;
#[cfg(not(feature = "tls"))]
#[path = "transport/no_tls.rs"]
mod tls;
#[cfg(feature = "tls")]
mod tls;
mod wire;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::message::Request;
use crate::node::{Answerer, Machine};
use crate::types::NodeId;
use crate::{channel, lock};

pub use greeting::Refusal;
pub use options::Options;
pub use tls::Tls;
#[cfg(feature = "tls")]
pub use tls::TlsError;
pub use wire::{Link, Wire};

/// What a wire tells the node at its end. Both runtimes do this.
pub trait Local: Send + Sync + 'static {
    /// A request of another node has come.
    fn serve(&self, from: NodeId, request: Request, answer: Answerer);
    /// A connection to a peer is up.
    fn link_up(&self, peer: NodeId, epoch: u64);
    /// It is gone.
    fn link_down(&self, peer: NodeId);
    /// A node has greeted, and named its disk: whether to speak to it. The wire remembers disks as long as
    /// the process lives. Whoever keeps them on the own disk, before this returns, knows who has lost one
    /// even when all were restarted in between.
    fn admits(&self, _node: NodeId, _store: u64) -> bool {
        true
    }
}

/// An address that is bound. Nobody is let in until there is a node to [`serve`](Self::serve).
#[must_use = "nobody is let in until it serves"]
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    wire: Arc<Wire>,
}

/// The threads of a wire. Dropping it ends them, and waits for them; it may take as long as
/// [`Options::greeting`] if a peer is being dialled that does not answer.
pub struct Tcp {
    wire: Arc<Wire>,
    address: SocketAddr,
    door: Option<JoinHandle<()>>,
}

impl Bound {
    /// Binds an address; port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// When the system refuses the address, and when the options make no sense.
    pub fn new(options: Options, address: impl ToSocketAddrs) -> io::Result<Self> {
        options.check().map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))?;
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, wire: Arc::new(Wire::new(options)) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The network, for a node to be started with.
    pub fn wire(&self) -> Arc<Wire> {
        Arc::clone(&self.wire)
    }

    /// Brings requests to this node from now on, and dials its peers. Keeps the node no longer alive
    /// than others do.
    pub fn serve(self, node: &Arc<impl Local>) -> Tcp {
        let Self { listener, address, wire } = self;
        let local: Weak<dyn Local> = Arc::downgrade(node) as _;
        wire.open(&local);
        let at_door = Arc::clone(&wire);
        let door = Some(thread::spawn(move || serve::listen(&at_door, &listener, &local)));
        Tcp { wire, address, door }
    }
}

impl Tcp {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The network.
    pub fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// Ends all connections, and waits for the threads to end.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let diallers = self.wire.close();
        if let Some(door) = self.door.take() {
            // It waits for somebody to come.
            while !door.is_finished() && TcpStream::connect_timeout(&self.knock(), PAUSE).is_err() {
                thread::yield_now();
            }
            join(door);
        }
        diallers.into_iter().for_each(join);
    }

    /// An address by which one comes to the own door.
    fn knock(&self) -> SocketAddr {
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        address
    }
}

/// How long a knock at the own door may take.
const PAUSE: Duration = Duration::from_millis(100);

fn join(thread: JoinHandle<()>) {
    // A panic was printed.
    let _ = thread.join();
}

macro_rules! local {
    ($($runtime:ident),*) => { $(
        impl<M: Machine> Local for $runtime::Node<M> {
            fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
                self.serve(from, request, answer);
            }
            fn link_up(&self, peer: NodeId, epoch: u64) {
                self.link_up(peer, epoch);
            }
            fn link_down(&self, peer: NodeId) {
                self.link_down(peer);
            }
        }
    )* };
}

local!(channel, lock);

impl Drop for Tcp {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tcp").field("address", &self.address).finish_non_exhaustive()
    }
}
