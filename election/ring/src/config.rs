//! Who sits next to whom, and how long they wait.

use std::time::Duration;

use crate::message::NodeId;

/// How long a node waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Whoever hands a letter on waits so long for the ack, and then tries again.
    pub ack: Duration,
    /// A leader says this often that it lives.
    pub heartbeat: Duration,
    /// Who has not heard of its leader for so long starts an election.
    pub silence: Duration,
    /// An election that is not over after so long is started anew, in a new epoch. It must be longer
    /// than the slowest disk takes: whoever wins has to write that down before it leads.
    pub election: Duration,
    /// Who did not answer is left out, and asked this often whether it is back.
    pub mend: Duration,
}

/// What a node must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(crate) me: NodeId,
    /// All others, in the order of the ring, beginning with the next one.
    pub(crate) next: Vec<NodeId>,
    pub(crate) timing: Timing,
    pub(crate) tries: u32,
}

impl Timing {
    /// Times that fit a ring of `nodes` where a message takes no longer than `longest`, the receiver's
    /// work included, and where as many as a third of the nodes may be dead.
    pub fn for_ring(nodes: usize, longest: Duration) -> Self {
        let nodes = u32::try_from(nodes).unwrap_or(u32::MAX).max(2);
        let ack = longest * 3;
        // Once round, with two vain tries at each dead one. That a node is dead is remembered.
        let round = longest * nodes + ack * 2 * nodes.div_ceil(3);
        let heartbeat = longest * nodes;
        let (silence, election) = (heartbeat + round, round * 2);
        Self { ack, heartbeat, silence, election, mend: heartbeat * 3 }
    }
}

impl Config {
    /// The node `me` in a ring of these nodes, in this order; the last sits next to the first. A letter
    /// is tried twice before the next one counts as dead.
    ///
    /// # Panics
    ///
    /// When `ring` does not hold `me`, when it holds a name twice, and when a silence is no longer than
    /// a heartbeat.
    pub fn new(me: NodeId, ring: impl IntoIterator<Item = NodeId>, timing: Timing) -> Self {
        let mut ring: Vec<_> = ring.into_iter().collect();
        let place = ring.iter().position(|id| *id == me);
        let place = place.unwrap_or_else(|| panic!("node {me} is not in the ring; name it too"));
        ring.rotate_left(place);
        let next = ring.split_off(1);
        let mut names = next.clone();
        names.sort_unstable();
        names.dedup();
        let unique = names.len() == next.len() && !next.contains(&me);
        assert!(unique, "two nodes have the same name; give each its own");
        let Timing { heartbeat, silence, .. } = timing;
        assert!(silence > heartbeat, "the silence must be longer than a heartbeat: {timing:?}");
        Self { me, next, timing, tries: 2 }
    }

    /// Its own name.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.next.len() + 1
    }
}
