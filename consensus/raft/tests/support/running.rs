//! Nodes that run on threads, of either runtime, and a cluster of them.

#[path = "cluster_of_threads.rs"]
pub(crate) mod cluster;
#[path = "disk.rs"]
pub(crate) mod disk;
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
use raft::node::{Answerer, Found, Machine, Network, ProposeError, ReadError, Status};
use raft::{Config, ConfigError, NodeId};

use disk::Memory;

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

macro_rules! runs {
    ($($variant:ident),*) => { $(
        impl<M: Machine> Runs for raft::$variant::Node<M> {
            type Machine = M;
            type Pending = raft::$variant::Pending<M::Answer>;

            fn start(
                config: Config,
                found: Found,
                machine: M,
                disk: Memory,
                network: Arc<dyn Network>,
            ) -> Result<Self, ConfigError> {
                Self::start(config, found, machine, disk, network)
            }
            fn submit(&self, command: Vec<u8>) -> Self::Pending {
                self.submit(command)
            }
            fn read<R: Send + 'static>(
                &self,
                read: impl FnOnce(&M) -> R + Send + 'static,
            ) -> Result<R, ReadError> {
                self.read(read)
            }
            fn read_stale<R: Send + 'static>(
                &self,
                read: impl FnOnce(&M) -> R + Send + 'static,
            ) -> Result<R, ReadError> {
                self.read_stale(read)
            }
            fn change(
                &self,
                changes: &[Change],
            ) -> Result<Result<(), ProposeError>, ChangeRefused> {
                self.change(changes)
            }
            fn transfer(&self, to: NodeId) -> Result<(), TransferError> {
                self.transfer(to)
            }
            fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
                self.serve(from, request, answer);
            }
            fn link_up(&self, peer: NodeId, epoch: u64) {
                self.link_up(peer, epoch);
            }
            fn link_down(&self, peer: NodeId) {
                self.link_down(peer);
            }
            fn status(&self) -> Option<Status> {
                self.status()
            }
            fn close(&self) {
                self.close();
            }
            fn shutdown(self) {
                self.shutdown();
            }
        }

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
