//! What both runtimes have, over the checker's primitives.

use std::sync::Arc;

use crate::config::Config;
use crate::message::Request;
use crate::node::{Answerer, Disk, Found, Network, ProposeError};
use crate::props::Notes;
use crate::types::NodeId;

pub(crate) type Outcome = Result<u64, ProposeError>;

pub(crate) trait Runs: Send + Sync + Sized + 'static {
    const VARIANT: &str;
    type Pending: Send + 'static;

    fn start(config: Config, machine: Notes, disk: impl Disk, network: Arc<dyn Network>) -> Self;
    fn submit(&self, command: &[u8]) -> Self::Pending;
    fn wait(pending: Self::Pending) -> Outcome;
    fn serve(&self, from: NodeId, request: Request, answer: Answerer);
    fn link_up(&self, peer: NodeId);
    fn is_stopped(&self) -> bool;
    fn close(&self);
}

macro_rules! runs {
    ($($name:ident: $variant:ident)*) => { $(
        pub(crate) struct $name(crate::$variant::Node<Notes>);

        impl Runs for $name {
            const VARIANT: &str = stringify!($variant);
            type Pending = crate::$variant::Pending<u64>;

            fn start(
                config: Config,
                machine: Notes,
                disk: impl Disk,
                network: Arc<dyn Network>,
            ) -> Self {
                let node =
                    crate::$variant::Node::start(config, Found::default(), machine, disk, network);
                Self(node.expect("a good configuration"))
            }
            fn submit(&self, command: &[u8]) -> Self::Pending {
                self.0.submit(command)
            }
            fn wait(pending: Self::Pending) -> Outcome {
                pending.wait()
            }
            fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
                self.0.serve(from, request, answer);
            }
            fn link_up(&self, peer: NodeId) {
                self.0.link_up(peer, 1);
            }
            fn is_stopped(&self) -> bool {
                self.0.status().is_none()
            }
            fn close(&self) {
                self.0.close();
            }
        }
    )* };
}

runs! { Channel: channel Lock: lock }
