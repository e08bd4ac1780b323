//! Who a node is, how long it waits, and how much it takes.

use std::time::Duration;

use crate::membership::Membership;
use crate::types::NodeId;

/// What a node must know before it starts. Build it with [`Config::new`], then change what you want:
/// [`Core::new`](crate::core::Core::new) refuses what makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Config {
    /// Its own name.
    pub(crate) id: NodeId,
    /// Who takes part in an empty log. Once the log says something else, nobody asks for it.
    pub(crate) founders: Membership,
    /// A follower that has not heard its leader for so long, and for up to as long again, starts an
    /// election (section 5.2). A leader that has not heard a majority for so long leads no more
    /// (dissertation, 6.2).
    pub election: Duration,
    /// A leader that has nothing to say says so this often.
    pub heartbeat: Duration,
    /// So many bytes of entries may be on their way to one peer (dissertation, 10.2.1).
    pub window: usize,
    /// So many messages with entries may be on their way to one peer.
    pub flights: usize,
    /// One message holds no more bytes of entries, unless a single entry does.
    pub batch: usize,
    /// One message holds no more bytes of a snapshot.
    pub chunk: u32,
    /// A leader without a majority takes no more bytes of entries than this.
    pub uncommitted: usize,
    /// Reads without a round of messages, as long as no clock is off by more than this many
    /// millionths (dissertation, 6.4.1). All nodes of a cluster must say the same.
    pub lease_drift: Option<u32>,
    /// When the log holds so many bytes of entries that the state machine has done, a runtime takes a
    /// snapshot, and half as many are kept for peers that are a little behind. The rules alone never
    /// take one.
    pub snapshot_after: usize,
    /// From this follow all random time-outs.
    pub seed: u64,
}

/// No election waits longer: times are added up, and must not overflow.
const LONGEST: Duration = Duration::from_hours(24);

/// Why a node cannot start so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// 0 stands for nobody.
    #[error("0 is no name of a node; count from 1")]
    NoName,
    /// A cluster of nobody.
    #[error("nobody founds the cluster; name its nodes, or let this one join an existing cluster")]
    Nobody,
    /// A name stands twice.
    #[error("node {0} is named twice; give each its own name")]
    Twice(NodeId),
    /// The node is missing from its own list.
    #[error("node {0} is not among the founders; name it too, or let it join")]
    Absent(NodeId),
    /// The waits make no sense.
    #[error(
        "a heartbeat every {heartbeat:?} and an election after {election:?}: take at least two heartbeats for an election, at least a microsecond for each, and at most a day"
    )]
    Waits {
        /// See [`Config::heartbeat`].
        heartbeat: Duration,
        /// See [`Config::election`].
        election: Duration,
    },
    /// A limit under which nothing could be sent.
    #[error("{0} is 0, so that nothing could be sent; give at least 1")]
    Nothing(&'static str),
    /// A clock that is off by all.
    #[error("a clock that is off by {0} millionths tells no time; give less than a million")]
    Drift(u32),
    /// What the disk holds cannot have been written by this node.
    #[error("the disk holds what no log can: {0}")]
    Disk(&'static str),
}

impl Config {
    /// A node of a new cluster, with waits for a local network.
    ///
    /// # Errors
    ///
    /// When `founders` is empty, does not hold `id`, or holds a name twice or the name 0.
    pub fn new(
        id: NodeId,
        founders: impl IntoIterator<Item = NodeId>,
    ) -> Result<Self, ConfigError> {
        let mut all: Vec<_> = founders.into_iter().collect();
        all.sort_unstable();
        if let Some(pair) = all.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ConfigError::Twice(pair[0]));
        }
        match all.first() {
            None => return Err(ConfigError::Nobody),
            Some(0) => return Err(ConfigError::NoName),
            Some(_) if !all.contains(&id) => return Err(ConfigError::Absent(id)),
            Some(_) => {}
        }
        Ok(Self { founders: Membership::new(all), ..Self::joining(id)? })
    }

    /// A node that a running cluster will take in. Until it is told who takes part it waits.
    ///
    /// # Errors
    ///
    /// When `id` is 0.
    pub fn joining(id: NodeId) -> Result<Self, ConfigError> {
        if id == 0 {
            return Err(ConfigError::NoName);
        }
        Ok(Self {
            id,
            founders: Membership::default(),
            election: Duration::from_millis(150),
            heartbeat: Duration::from_millis(50),
            window: 4 << 20,
            flights: 64,
            batch: 1 << 20,
            chunk: 1 << 20,
            uncommitted: 64 << 20,
            lease_drift: None,
            snapshot_after: 64 << 20,
            seed: id,
        })
    }

    /// Its own name.
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Self { heartbeat, election, .. } = *self;
        if heartbeat < Duration::from_micros(1) || election / 2 < heartbeat || election > LONGEST {
            return Err(ConfigError::Waits { heartbeat, election });
        }
        let limits: [_; 6] = [
            ("window", self.window),
            ("flights", self.flights),
            ("batch", self.batch),
            ("chunk", self.chunk as usize),
            ("uncommitted", self.uncommitted),
            ("snapshot_after", self.snapshot_after),
        ];
        if let Some((name, _)) = limits.iter().find(|(_, limit)| *limit == 0) {
            return Err(ConfigError::Nothing(name));
        }
        match self.lease_drift {
            Some(drift) if drift >= 1_000_000 => Err(ConfigError::Drift(drift)),
            _ => Ok(()),
        }
    }

    /// How long a leader may answer reads after it asked a majority: until a clock that is fast by
    /// the stated drift could have let another election begin, by a clock that is slow by it.
    pub(crate) fn lease(&self) -> Option<Duration> {
        let drift = u64::from(self.lease_drift?);
        let micros = self.election.as_micros() as u64;
        let lease =
            u128::from(micros) * u128::from(1_000_000 - drift) / u128::from(1_000_000 + drift);
        Some(Duration::from_micros(lease as u64))
    }
}
