//! The pictures on the page are drawn from these runs. `SIMNET_ACCEPT=1` stores them anew.

use std::path::Path;
use std::time::Duration;

use simnet::{Link, World};

use super::counts::unhurried;
use super::sim::{self, Node, ms};

const SECOND: Duration = Duration::from_secs(1);

/// The stored trace is what just happened.
fn is_stored(name: &str, world: &World<Node>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/traces/{name}.jsonl"));
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, world.trace().as_str()).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == world.trace().as_str(), "it is now:\n{}", world.trace().as_str());
}

/// Nodes that follow the highest, a millisecond from each other, at the first second.
fn settled(count: u64) -> World<Node> {
    let (mut world, _) = sim::world(1, count, unhurried(), |config| config);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    world.run_until_it_holds(SECOND, sim::is_settled).expect("they settle");
    world.run_until(SECOND, |_| ());
    world
}

fn elect(world: &mut World<Node>, starter: u64) {
    world.call(starter, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
}

#[test]
fn the_trace_of_the_dearest_election_is_the_stored_one() {
    let mut world = settled(4);
    world.record();
    world.crash(4);
    elect(&mut world, 1);
    world.run_until_it_holds(SECOND, sim::is_settled).expect("3 leads");
    is_stored("dearest_election", &world);
}
