//! Who sits next to whom, and how long they wait.

use std::time::Duration;

use crate::message::NodeId;

/// A hundred years: a clock that starts now can still be read then.
const FOR_EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// How long a node waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timing {
    /// Whoever hands a letter on waits so long for the ack, and then tries again.
    pub ack: Duration,
    /// A leader says this often that it lives.
    pub heartbeat: Duration,
    /// Who has not heard of its leader for so long starts an election.
    pub silence: Duration,
    /// An election of which nothing was heard for so long is started anew, in a new epoch. A winner
    /// that waits for its disk is heard twice meanwhile.
    pub election: Duration,
    /// Who did not answer is left out, and asked this often whether it is back.
    pub mend: Duration,
}

/// What a node must know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
        let times = |time: Duration, count| time.saturating_mul(count);
        let ack = times(longest, 3);
        // Once round, with two vain tries at each dead one. That a node is dead is remembered.
        let round = times(longest, nodes).saturating_add(times(ack, 2 * nodes.div_ceil(3)));
        let heartbeat = times(longest, nodes);
        let silence = heartbeat.saturating_add(round);
        let (election, mend) = (times(round, 2), times(heartbeat, 3));
        Self { ack, heartbeat, silence, election, mend }
    }

    fn check(self) {
        let Self { ack, heartbeat, silence, election, mend } = self;
        let none = ack.min(heartbeat).min(election).min(mend).is_zero();
        assert!(!none, "an answer and a heartbeat take time; wait for them: {self:?}");
        let longest = ack.max(silence).max(election).max(mend);
        assert!(
            longest <= FOR_EVER,
            "nobody waits so long; take a hundred years at most: {self:?}"
        );
        assert!(silence > heartbeat, "the silence must be longer than a heartbeat: {self:?}");
    }
}

impl Config {
    /// The node `me` in a ring of these nodes, in this order; the last sits next to the first. A letter
    /// is tried twice before the next one counts as dead.
    ///
    /// # Panics
    ///
    /// When `ring` does not hold `me`, when it holds a name twice, and when the waits make no sense: none
    /// at all, a silence no longer than a heartbeat, or one of more than a hundred years.
    pub fn new(me: NodeId, ring: impl IntoIterator<Item = NodeId>, timing: Timing) -> Self {
        let mut ring: Vec<_> = ring.into_iter().collect();
        let place = ring.iter().position(|id| *id == me);
        let place = place.unwrap_or_else(|| panic!("node {me} is not in the ring; name it too"));
        ring.rotate_left(place);
        let next = ring.split_off(1);
        let mut names: Vec<_> = next.iter().copied().chain([me]).collect();
        names.sort_unstable();
        if let Some([name, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            panic!("two nodes have the name {name}; give each its own");
        }
        timing.check();
        Self { me, next, timing, tries: 2 }
    }

    /// Its own name.
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// All nodes, itself first.
    pub(crate) fn ring(&self) -> impl Iterator<Item = NodeId> {
        std::iter::once(self.me).chain(self.next.iter().copied())
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.next.len() + 1
    }
}
