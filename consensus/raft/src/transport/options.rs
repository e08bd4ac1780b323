//! Who a node is on the wire, and how much it bears with.

use std::time::Duration;

use super::Tls;
use super::greeting::LONGEST_INFO;
use crate::types::NodeId;

/// Who a node is, and how much it bears with. Build it with [`Options::new`], then change what you want.
#[derive(Debug, Clone)]
pub struct Options {
    /// Nodes of other clusters are refused. Take a number at random when a cluster is founded. A node
    /// that says 0 is of none yet, and joins the cluster of the first that calls it: see
    /// [`Wire::cluster`](super::Wire::cluster).
    pub cluster: u64,
    /// Its own name.
    pub node: NodeId,
    /// The name of its disk: a number taken at random when the disk was empty, and kept on it. Who has
    /// lost its disk is known by another number, and refused while one of the others remembers: as long
    /// as its process lives, or longer by [`Local::admits`](super::Local::admits).
    pub store: u64,
    /// A word for the others, of at most 1,024 bytes; they read it by
    /// [`Wire::info`](super::Wire::info).
    pub info: String,
    /// Its certificate. If there is one, both sides of each connection prove by theirs which nodes they
    /// are, and all is encrypted. All nodes of a cluster have one, or none has.
    pub tls: Option<Tls>,
    /// A request with more bytes is not sent, and not taken. All nodes of a cluster must say the same.
    pub max_frame: usize,
    /// So many bytes of unanswered requests to one peer, or from one, are kept.
    pub room: usize,
    /// A connection has ended when nothing came, or nothing went, for so long.
    pub patience: Duration,
    /// Whoever connects must have greeted by then.
    pub greeting: Duration,
    /// So many connections may not have greeted yet. The oldest goes first.
    pub strangers: usize,
    /// The longest wait before a peer is dialled again.
    pub retry: Duration,
}

impl Options {
    /// Limits for a local network.
    pub fn new(cluster: u64, node: NodeId, store: u64) -> Self {
        Self {
            cluster,
            node,
            store,
            info: String::new(),
            tls: None,
            max_frame: 64 << 20,
            room: 64 << 20,
            patience: Duration::from_secs(5),
            greeting: Duration::from_secs(2),
            strangers: 64,
            retry: Duration::from_secs(1),
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let times = [self.patience, self.greeting, self.retry];
        if self.node == 0 {
            Err("0 is no name of a node; count from 1")
        } else if self.info.len() > LONGEST_INFO {
            Err("the word for the others has more than 1,024 bytes; take a shorter one")
        } else if self.tls.as_ref().is_some_and(|tls| !tls.is_for(self.node)) {
            Err(
                "the certificate is not for this node; take one for the DNS name node-N, N its number",
            )
        } else if times.iter().any(|time| *time < Duration::from_millis(1)) {
            Err("a wait of less than a millisecond; give more")
        } else if self.max_frame == 0 || self.max_frame > self.room || self.max_frame > 1 << 31 {
            Err("a frame needs room: take max_frame from 1 to room, and no more than 2 GiB")
        } else {
            Ok(())
        }
    }
}
