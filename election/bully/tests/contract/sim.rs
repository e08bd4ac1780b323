//! Bully in a simulated world.

use bully::{Config, NodeId, Timing};
use simnet::World;

use super::process::world_of;
pub(crate) use super::process::{Mail, Node, is_settled, ms};

/// Nodes 1 to `count`, not started, each with `change` made to its configuration.
pub(crate) fn world(
    seed: u64,
    count: NodeId,
    timing: Timing,
    change: impl Fn(Config) -> Config + 'static,
) -> (World<Node>, Mail) {
    world_of(seed, 1..=count, move |id| change(Config::new(id, 1..=count, timing)))
}
