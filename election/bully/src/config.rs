//! Who takes part, in which form, and how long they wait.

use std::time::Duration;

use crate::message::NodeId;

/// How long a node waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// A leader says this often that it lives.
    pub heartbeat: Duration,
    /// A follower that has not heard its leader for so long starts an election.
    pub silence: Duration,
    /// Who asks the higher nodes waits so long for an answer.
    pub answer: Duration,
    /// Who was answered waits so long for a leader. The one who answered may die.
    pub takeover: Duration,
}

/// Which algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Garcia-Molina's: whoever is asked asks those above it.
    #[default]
    Classic,
    /// Only the starter asks, and appoints the highest that answered.
    Modified,
    /// Classic, and the winner needs the word of a majority of all nodes. Then there is at most one
    /// leader in an epoch, and none at all without a majority: another algorithm.
    Quorum,
}

/// What a node must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(crate) me: NodeId,
    /// All others, in order.
    pub(crate) others: Vec<NodeId>,
    pub(crate) timing: Timing,
    pub(crate) form: Form,
    pub(crate) tries: u32,
}

impl Timing {
    /// Times that fit a network where a message takes no longer than this, the receiver's work
    /// included.
    pub fn for_delay(longest: Duration) -> Self {
        let heartbeat = longest * 2;
        let answer = longest * 3;
        // Whoever answered asks those above it at once, waits for their answers, and tells.
        Self { heartbeat, silence: heartbeat * 2 + longest, answer, takeover: answer * 3 }
    }
}

impl Config {
    /// The node `me` among `all`, with the classic form, and one question to those above.
    ///
    /// # Panics
    ///
    /// When `all` does not hold `me`, when it holds a name twice, and when the waits contradict each
    /// other: a silence no longer than a heartbeat, or a takeover no longer than an answer.
    pub fn new(me: NodeId, all: impl IntoIterator<Item = NodeId>, timing: Timing) -> Self {
        let mut others: Vec<_> = all.into_iter().collect();
        others.sort_unstable();
        let names = others.len();
        others.dedup();
        assert_eq!(names, others.len(), "two nodes have the same name; give each its own");
        others.retain(|id| *id != me);
        assert!(names == others.len() + 1, "node {me} is not among all the nodes; name it too");
        let Timing { heartbeat, silence, answer, takeover } = timing;
        assert!(silence > heartbeat, "the silence must be longer than a heartbeat: {timing:?}");
        assert!(takeover > answer, "the takeover must be longer than an answer: {timing:?}");
        Self { me, others, timing, form: Form::Classic, tries: 1 }
    }

    /// The same in another form.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The same, asking those above so often before it believes that they are dead.
    ///
    /// # Panics
    ///
    /// When that is 0.
    #[must_use]
    pub fn tries(self, tries: u32) -> Self {
        assert!(tries > 0, "who never asks bullies everybody; ask at least once");
        Self { tries, ..self }
    }

    /// Its own name.
    pub fn me(&self) -> NodeId {
        self.me
    }

    pub(crate) fn higher(&self) -> &[NodeId] {
        &self.others[self.others.partition_point(|id| *id < self.me)..]
    }

    pub(crate) fn lower(&self) -> &[NodeId] {
        &self.others[..self.others.partition_point(|id| *id < self.me)]
    }

    /// How many, this node included, are more than half.
    pub(crate) fn majority(&self) -> usize {
        self.others.len().div_ceil(2) + 1
    }
}
