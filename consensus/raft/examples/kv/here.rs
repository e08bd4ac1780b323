//! A node as its wire sees it, and what it says of the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use raft::NodeId;
use raft::message::Request;
use raft::node::Answerer;
use raft::transport::{Link, Local, Wire};
use tokio::time::interval;
use tracing::{error, info, warn};

use crate::any::Node;
use crate::identity::Identity;
use crate::store::Changes;

/// A node that remembers on which disks the others were.
pub(crate) struct Here {
    pub(crate) node: Arc<Node>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) identity: Arc<Identity>,
}

impl Local for Here {
    fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
        self.node.serve(from, request, answer);
    }

    fn link_up(&self, peer: NodeId, epoch: u64) {
        self.node.link_up(peer, epoch);
    }

    fn link_down(&self, peer: NodeId) {
        self.node.link_down(peer);
    }

    fn admits(&self, node: NodeId, store: u64) -> bool {
        let is_peer = self.wire.peers().contains_key(&node);
        self.identity.admits(node, store, is_peer).unwrap_or_else(|error| {
            error!("cannot note the disk of node {node}, and does not speak to it: {error}");
            false
        })
    }
}

/// The log says who is where, and who left. After a restart it tells old stories again.
pub(crate) fn follow(places: &Changes, wire: &Arc<Wire>, identity: &Identity) {
    let mut noted = identity.joined(wire.cluster());
    for (id, placed) in places {
        let known = identity.left(*id);
        if placed.left < known {
            continue;
        }
        if placed.left > known {
            wire.disconnect(*id);
            noted = noted.and(identity.leaves(*id, placed.left));
        }
        match &placed.place {
            Some(place) => wire.connect(*id, &place.raft),
            None => wire.disconnect(*id),
        }
    }
    if let Err(error) = noted {
        error!("cannot note who is who: {error}");
    }
}

/// Who says this of a peer can wait for ever: somebody must mend something.
const MISFITS: [&str; 4] =
    ["the peer refused", "this node refused", "there is no TLS", "the peer did not greet"];

/// Tells whoever runs the node what it is and how it stands with the others, whenever that changes. What
/// ends by itself is told to those who want to hear it.
pub(crate) async fn report(node: Arc<Node>, wire: Arc<Wire>) {
    let (mut said, mut beat) = (BTreeMap::new(), interval(Duration::from_millis(500)));
    let mut was = None;
    loop {
        beat.tick().await;
        let is = node.status().map(|status| (status.role, status.term));
        if let Some((role, term)) = is.filter(|_| is != was) {
            info!("{role:?} in term {term}");
            was = is;
        }
        for (id, (address, link)) in wire.peers() {
            let words = match link {
                Link::Up { .. } => "connected".to_owned(),
                Link::Down { why } => why,
            };
            if said.get(&id) != Some(&words) {
                if MISFITS.iter().any(|misfit| words.starts_with(misfit)) {
                    warn!("node {id} at {address}: {words}");
                } else {
                    info!("node {id} at {address}: {words}");
                }
                said.insert(id, words);
            }
        }
    }
}
