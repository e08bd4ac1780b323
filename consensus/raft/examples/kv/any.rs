//! A node of either build.

use std::sync::Arc;
use std::time::Duration;

use raft::core::{ChangeRefused, TransferError};
use raft::membership::Change;
use raft::message::Request;
use raft::node::{Answerer, Disk, Found, Network, ProposeError, ReadError, Status};
use raft::transport::Local;
use raft::{Config, ConfigError, NodeId, channel, lock};

use crate::args::Variant;
use crate::store::{Outcome, Store};

pub(crate) enum Node {
    Channel(channel::Node<Store>),
    Lock(lock::Node<Store>),
}

macro_rules! either {
    ($node:expr, $it:ident => $what:expr) => {
        match $node {
            Node::Channel($it) => $what,
            Node::Lock($it) => $what,
        }
    };
}

impl Node {
    pub(crate) fn start(
        variant: Variant,
        config: Config,
        found: Found,
        store: Store,
        disk: impl Disk,
        network: Arc<dyn Network>,
    ) -> Result<Self, ConfigError> {
        Ok(match variant {
            Variant::Channel => {
                Self::Channel(channel::Node::start(config, found, store, disk, network)?)
            }
            Variant::Lock => Self::Lock(lock::Node::start(config, found, store, disk, network)?),
        })
    }

    /// Proposes, and waits for so long. `Unknown` when the time is up.
    pub(crate) fn propose(
        &self,
        command: Vec<u8>,
        most: Duration,
    ) -> Result<Outcome, ProposeError> {
        let late = Err(ProposeError::Unknown);
        either!(self, node => node.submit(command).wait_timeout(most).unwrap_or(late))
    }

    pub(crate) fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Store) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        either!(self, node => node.read(read))
    }

    pub(crate) fn read_stale<R: Send + 'static>(
        &self,
        read: impl FnOnce(&Store) -> R + Send + 'static,
    ) -> Result<R, ReadError> {
        either!(self, node => node.read_stale(read))
    }

    pub(crate) fn change(&self, change: Change) -> Result<Result<(), ProposeError>, ChangeRefused> {
        either!(self, node => node.change(&[change]))
    }

    pub(crate) fn transfer(&self, to: NodeId) -> Result<(), TransferError> {
        either!(self, node => node.transfer(to))
    }

    pub(crate) fn status(&self) -> Option<Status> {
        either!(self, node => node.status())
    }

    pub(crate) fn close(&self) {
        either!(self, node => node.close());
    }
}

impl Local for Node {
    fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
        either!(self, node => node.serve(from, request, answer));
    }

    fn link_up(&self, peer: NodeId, epoch: u64) {
        either!(self, node => node.link_up(peer, epoch));
    }

    fn link_down(&self, peer: NodeId) {
        either!(self, node => node.link_down(peer));
    }
}
