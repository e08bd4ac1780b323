//! Three nodes of the crate `openraft`, which are tasks of tokio, as its clients are here.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use openraft::error::{InstallSnapshotError, NetworkError, RPCError, RaftError};
use openraft::network::{RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse,
    VoteRequest, VoteResponse,
};
use openraft::{BasicNode, Config, Raft, SnapshotPolicy};
use tokio::runtime::{Builder, Runtime};

use super::contender::{Cluster, LATE, Lane, Scene, Seen};
use super::folders::{self, Folders};
use super::tasks_store::{Log, State};
use crate::machine::command;
use wal::lock::Wal;

/// What is proposed: shared, so that no copy is made for each peer.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<u8>", into = "Vec<u8>")]
pub(crate) struct Command(pub(crate) Arc<[u8]>);

impl From<Vec<u8>> for Command {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<Command> for Vec<u8> {
    fn from(command: Command) -> Self {
        command.0.to_vec()
    }
}

openraft::declare_raft_types!(
    pub(crate) Types: D = Command, R = u64, SnapshotData = std::io::Cursor<Vec<u8>>,
);

type Doors = Arc<[OnceLock<Raft<Types>>; 3]>;

pub(crate) struct Tasks {
    runtime: Runtime,
    doors: Doors,
    seen: [Seen; 3],
    logs: Vec<Arc<Wal>>,
    /// Dropped last.
    _folders: Folders,
}

/// The way to all nodes, and to one: a function call.
struct Wires {
    doors: Doors,
    scene: Scene,
}

struct Wire {
    doors: Doors,
    to: usize,
    is_late: bool,
}

impl Cluster for Tasks {
    fn start(scene: Scene) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
        let runtime = runtime.expect("there are threads");
        let (doors, seen): (Doors, [Seen; 3]) =
            (Arc::new([const { OnceLock::new() }; 3]), <_>::default());
        let (folders, mut logs) = (Folders::new(), Vec::new());
        runtime.block_on(async {
            for id in [1, 2, 3] {
                let wires = Wires { doors: Arc::clone(&doors), scene };
                let is_slow = scene == Scene::SlowDisk && id == 3;
                let disk = folders.log(scene, id).map(Arc::new);
                logs.extend(disk.clone());
                let log = Log::new(if is_slow { LATE } else { Duration::ZERO }, disk);
                let state = State::new(Arc::clone(&seen[id as usize - 1]));
                let raft = Raft::new(id, Arc::new(config()), wires, log, state).await;
                let _ = doors[id as usize - 1].set(raft.expect("the configuration is good"));
            }
            let leader = doors[0].get().expect("it was started");
            let nodes = [1, 2, 3].map(|id| (id, BasicNode::default()));
            leader.initialize(std::collections::BTreeMap::from(nodes)).await.expect("it is new");
            let leads =
                leader.wait(Some(Duration::from_secs(20))).current_leader(1, "it leads").await;
            leads.expect("it was the first");
        });
        Self { runtime, doors, seen, logs, _folders: folders }
    }

    fn drive(&self, lane: Lane) -> Vec<Duration> {
        let raft = self.doors[0].get().expect("it was started").clone();
        let driver = self.runtime.spawn(drive(raft, lane));
        self.runtime.block_on(driver).expect("it does not panic")
    }

    fn seen(&self) -> &[Seen] {
        &self.seen
    }

    fn syncs(&self) -> (u64, Duration) {
        folders::sum(self.logs.iter().map(|log| log.counts()))
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for door in &*self.doors {
            let raft = door.get().expect("it was started");
            let _ = self.runtime.block_on(raft.shutdown());
        }
    }
}

/// As `pipeline` does.
async fn drive(raft: Raft<Types>, lane: Lane) -> Vec<Duration> {
    let Lane { window, numbers, sample } = lane;
    let (mut open, mut waits) = (VecDeque::with_capacity(window), Vec::new());
    let end = numbers.end;
    for number in numbers {
        let start = number.is_multiple_of(sample).then(Instant::now);
        let command = Command(Arc::from(&command(number)[..]));
        let pending = raft.client_write_ff(command).await.expect("it runs");
        open.push_back((start, pending));
        while open.len() == window || (number + 1 == end && !open.is_empty()) {
            let Some((start, pending)) = open.pop_front() else { break };
            pending.await.expect("it runs").expect("it leads");
            waits.extend(start.map(|start: Instant| start.elapsed()));
        }
    }
    waits
}

fn config() -> Config {
    Config {
        // Nobody shall lead but the first, however busy the machine is.
        election_timeout_min: 2_000,
        election_timeout_max: 4_000,
        heartbeat_interval: 200,
        max_payload_entries: 4_096,
        // The log is kept as long as the bench runs, and no snapshot is taken.
        snapshot_policy: SnapshotPolicy::Never,
        replication_lag_threshold: u64::MAX,
        ..Config::default()
    }
}

impl RaftNetworkFactory<Types> for Wires {
    type Network = Wire;

    async fn new_client(&mut self, target: u64, _: &BasicNode) -> Wire {
        let is_late = self.scene == Scene::SlowPeer && target == 3;
        Wire { doors: Arc::clone(&self.doors), to: target as usize - 1, is_late }
    }
}

type Failed<E = openraft::error::Infallible> = RPCError<u64, BasicNode, RaftError<u64, E>>;

fn lost<E: std::error::Error>(error: &(impl std::error::Error + 'static)) -> Failed<E> {
    RPCError::Network(NetworkError::new(error))
}

impl RaftNetwork<Types> for Wire {
    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Types>,
        _: RPCOption,
    ) -> Result<AppendEntriesResponse<u64>, Failed> {
        let raft = self.doors[self.to].get().expect("it was started");
        let reply = raft.append_entries(request).await.map_err(|error| lost(&error));
        if self.is_late {
            #[expect(clippy::disallowed_methods, reason = "the network takes its time")]
            tokio::time::sleep(LATE).await;
        }
        reply
    }

    async fn install_snapshot(
        &mut self,
        _: InstallSnapshotRequest<Types>,
        _: RPCOption,
    ) -> Result<InstallSnapshotResponse<u64>, Failed<InstallSnapshotError>> {
        unreachable!("none is taken")
    }

    async fn vote(
        &mut self,
        request: VoteRequest<u64>,
        _: RPCOption,
    ) -> Result<VoteResponse<u64>, Failed> {
        let raft = self.doors[self.to].get().expect("it was started");
        raft.vote(request).await.map_err(|error| lost(&error))
    }
}
