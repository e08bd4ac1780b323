//! The ring in a simulated world.

use ring::{Config, NodeId, Timing};
use simnet::World;

use super::process::world_of;
pub(crate) use super::process::{Mail, Node, is_settled, ms};

/// Nodes in this order, not started.
pub(crate) fn world(seed: u64, order: &[NodeId], timing: Timing) -> (World<Node>, Mail) {
    let ring = order.to_vec();
    world_of(seed, order.iter().copied(), move |id| Config::new(id, ring.iter().copied(), timing))
}
