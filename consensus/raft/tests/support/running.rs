//! Nodes that run on threads, of either runtime, and a cluster of them.

#[path = "cluster_of_threads.rs"]
pub(crate) mod cluster;
#[path = "disk.rs"]
pub(crate) mod disk;
#[path = "durable.rs"]
pub(crate) mod durable;
#[path = "hand.rs"]
pub(crate) mod hand;
#[path = "news.rs"]
pub(crate) mod news;
#[path = "tape.rs"]
pub(crate) mod tape;
#[path = "wires.rs"]
pub(crate) mod wires;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use raft::core::{ChangeRefused, TransferError};
use raft::membership::Change;
use raft::message::Request;
use raft::node::{Answerer, Disk, Found, Machine, Network, ProposeError, ReadError, Status};
use raft::{Config, ConfigError, NodeId};

use disk::Memory;
use durable::{Both, Durable};

/// What both runtimes have. The tests are written over it, once.
pub(crate) trait Runs: Debug + Send + Sync + Sized + 'static {
    type Machine: Machine;
    type Pending: Waits<Answer = Answer<Self>>;

    fn start(
        config: Config,
        found: Found,
        machine: Self::Machine,
        disk: Memory,
        network: Arc<dyn Network>,
    ) -> Result<Self, ConfigError>;
    /// On a disk of another kind.
    fn start_on(
        config: Config,
        found: Found,
        machine: Self::Machine,
        disk: impl Disk,
        network: Arc<dyn Network>,
    ) -> Result<Self, ConfigError>;
    fn submit(&self, command: Vec<u8>) -> Self::Pending;
    fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Self::Machine) -> R + Send + 'static,
    ) -> Result<R, ReadError>;
    fn read_stale<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Self::Machine) -> R + Send + 'static,
    ) -> Result<R, ReadError>;
    fn change(&self, changes: &[Change]) -> Result<Result<(), ProposeError>, ChangeRefused>;
    fn transfer(&self, to: NodeId) -> Result<(), TransferError>;
    fn serve(&self, from: NodeId, request: Request, answer: Answerer);
    fn link_up(&self, peer: NodeId, epoch: u64);
    fn link_down(&self, peer: NodeId);
    fn status(&self) -> Option<Status>;
    fn close(&self);
    fn shutdown(self);
}

/// What both runtimes' `Pending` has.
pub(crate) trait Waits: Debug + Send + Sized + 'static {
    type Answer;
    fn wait(self) -> Result<Self::Answer, ProposeError>;
    fn wait_timeout(self, timeout: Duration) -> Result<Result<Self::Answer, ProposeError>, Self>;

    /// What became of it, which must be known soon.
    fn fate(self) -> Result<Self::Answer, ProposeError> {
        self.wait_timeout(cluster::LIMIT).expect("by now it is known what became of it")
    }
}

/// What a node's machine answers.
pub(crate) type Answer<N> = <<N as Runs>::Machine as Machine>::Answer;

/// `$node` is reached from `self` by `$inner`, and starts by `$start` on the disk it is given; on any
/// other disk `$on` starts, and `$wrap` makes a `$node` of it.
macro_rules! runs {
    ($pending:ty, $node:ty, [$($inner:tt)*], $start:expr, $on:ty, $wrap:expr) => {
        impl<M: Machine> Runs for $node {
            type Machine = M;
            type Pending = $pending;

            fn start(
                config: Config,
                found: Found,
                machine: M,
                disk: Memory,
                network: Arc<dyn Network>,
            ) -> Result<Self, ConfigError> {
                $start(config, found, machine, disk, network)
            }
            fn start_on(
                config: Config,
                found: Found,
                machine: M,
                disk: impl Disk,
                network: Arc<dyn Network>,
            ) -> Result<Self, ConfigError> {
                <$on>::start(config, found, machine, disk, network).map($wrap)
            }
            fn submit(&self, command: Vec<u8>) -> Self::Pending {
                self$($inner)*.submit(command)
            }
            fn read<R: Send + 'static>(
                &self,
                read: impl FnOnce(&M) -> R + Send + 'static,
            ) -> Result<R, ReadError> {
                self$($inner)*.read(read)
            }
            fn read_stale<R: Send + 'static>(
                &self,
                read: impl FnOnce(&M) -> R + Send + 'static,
            ) -> Result<R, ReadError> {
                self$($inner)*.read_stale(read)
            }
            fn change(
                &self,
                changes: &[Change],
            ) -> Result<Result<(), ProposeError>, ChangeRefused> {
                self$($inner)*.change(changes)
            }
            fn transfer(&self, to: NodeId) -> Result<(), TransferError> {
                self$($inner)*.transfer(to)
            }
            fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
                self$($inner)*.serve(from, request, answer);
            }
            fn link_up(&self, peer: NodeId, epoch: u64) {
                self$($inner)*.link_up(peer, epoch);
            }
            fn link_down(&self, peer: NodeId) {
                self$($inner)*.link_down(peer);
            }
            fn status(&self) -> Option<Status> {
                self$($inner)*.status()
            }
            fn close(&self) {
                self$($inner)*.close();
            }
            fn shutdown(self) {
                self$($inner)*.shutdown();
            }
        }
    };
    ($($variant:ident),*) => { $(
        runs!(raft::$variant::Pending<M::Answer>, raft::$variant::Node<M>, [], Self::start,
            raft::$variant::Node<M>, |node| node);
        runs!(
            raft::$variant::Pending<M::Answer>,
            Durable<raft::$variant::Node<M>>,
            [.0],
            |config: Config, found, machine, disk, network| {
                let (disk, found) = Both::open(disk, config.id(), &found);
                raft::$variant::Node::start(config, found, machine, disk, network).map(Durable)
            },
            raft::$variant::Node<M>,
            Durable
        );

        impl<A: Send + 'static> Waits for raft::$variant::Pending<A> {
            type Answer = A;

            fn wait(self) -> Result<A, ProposeError> {
                self.wait()
            }
            fn wait_timeout(
                self,
                timeout: Duration,
            ) -> Result<Result<A, ProposeError>, Self> {
                self.wait_timeout(timeout)
            }
        }
    )* };
}

runs!(channel, lock);
