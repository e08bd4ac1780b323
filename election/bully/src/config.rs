//! Who takes part, in which form, and how long they wait.

use std::time::Duration;

use crate::message::NodeId;

/// A hundred years: a clock that starts now can still be read then.
const FOR_EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// How long a node waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// Which algorithm. All nodes must run the same: a node ignores the messages of other forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
        let times = |count| longest.saturating_mul(count);
        // Whoever answered asks those above it at once, waits for their answers, and tells.
        Self { heartbeat: times(2), silence: times(5), answer: times(3), takeover: times(9) }
    }

    fn check(self) {
        let Self { heartbeat, silence, answer, takeover } = self;
        let none = heartbeat.min(answer).is_zero();
        assert!(!none, "a heartbeat or an answer takes time; wait for it: {self:?}");
        assert!(silence > heartbeat, "the silence must be longer than a heartbeat: {self:?}");
        assert!(takeover > answer, "the takeover must be longer than an answer: {self:?}");
        let longest = silence.max(takeover);
        assert!(
            longest <= FOR_EVER,
            "nobody waits so long; take a hundred years at most: {self:?}"
        );
    }
}

impl Config {
    /// The node `me` among `all`, with the classic form, and one question to those above.
    ///
    /// # Panics
    ///
    /// When `all` does not hold `me`, when it holds a name twice, and when the waits make no sense:
    /// none at all, a silence no longer than a heartbeat, a takeover no longer than an answer, or
    /// one of more than a hundred years, after which no clock can be read.
    pub fn new(me: NodeId, all: impl IntoIterator<Item = NodeId>, timing: Timing) -> Self {
        let mut others: Vec<_> = all.into_iter().collect();
        others.sort_unstable();
        let twice = others.windows(2).find(|pair| pair[0] == pair[1]);
        assert!(twice.is_none(), "nodes have the same name: {twice:?}; give each its own");
        let Ok(mine) = others.binary_search(&me) else {
            panic!("node {me} is not among all the nodes; name it too");
        };
        others.remove(mine);
        timing.check();
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
