//! The runs from which the pictures on the page are drawn. `SIMNET_ACCEPT=1` stores them anew.

use std::path::Path;
use std::time::Duration;

use ring::{NodeId, Timing};
use simnet::{Link, World};

use super::sim::{self, Node, ms};

/// So that little happens beside what is to be seen.
const UNHURRIED: Timing =
    Timing { ack: ms(4), heartbeat: ms(40), silence: ms(60), election: ms(60), mend: ms(50) };

/// Each message takes a millisecond.
fn recorded(order: &[NodeId]) -> World<Node> {
    let (mut world, _) = sim::world(1, order, UNHURRIED);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.record();
    world.start_all();
    world
}

fn settle(world: &mut World<Node>) {
    world.run_until_it_holds(Duration::from_secs(1), sim::is_settled).expect("they settle");
}

/// Compares the trace with the stored one. Left out is what each letter and each start bring with them.
fn is_stored(name: &str, world: &World<Node>) {
    let id = |line: &str| {
        let (_, rest) = line.split_once("\"id\":")?;
        rest.split_once(',').map(|(id, _)| id.to_owned())
    };
    let lines = || world.trace().lines();
    let is_noise =
        |line: &&str| line.contains("\"text\":\"ack") || line.contains("\"text\":\"HELLO");
    let noise: Vec<_> = lines().filter(is_noise).filter_map(id).collect();
    let telling = lines().filter(|line| id(line).is_none_or(|id| !noise.contains(&id)));
    let trace: String = telling.flat_map(|line| [line, "\n"]).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/traces/{name}.jsonl"));
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, &trace).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == trace, "{name} is now:\n{trace}");
}

/// All start at once, and the numbers rise all the way round: each but one is swallowed at once.
#[test]
fn the_trace_of_the_cheapest_election_is_the_stored_one() {
    let mut world = recorded(&[1, 2, 3, 4]);
    settle(&mut world);
    world.run_for(ms(2));
    is_stored("cheapest_election", &world);
}

/// The numbers fall, and each candidate goes as far as it can.
#[test]
fn the_trace_of_the_dearest_election_is_the_stored_one() {
    let mut world = recorded(&[4, 3, 2, 1]);
    settle(&mut world);
    world.run_for(ms(2));
    is_stored("dearest_election", &world);
}

/// The one after the leader is dead. The first sign of life waits for it, the second no more.
#[test]
fn the_trace_of_a_dead_node_passed_over_is_the_stored_one() {
    let mut world = recorded(&[1, 2, 3, 4]);
    settle(&mut world);
    world.run_for(ms(10));
    world.crash(1);
    world.run_for(2 * UNHURRIED.heartbeat);
    assert!(sim::is_settled(&world));
    is_stored("dead_node_passed_over", &world);
}

/// The leader is cut off, and both parts have one, until the old one hears of the later epoch.
#[test]
fn the_trace_of_a_cut_is_the_stored_one() {
    let mut world = recorded(&[1, 2, 3]);
    settle(&mut world);
    world.run_for(ms(10));
    world.split(&[3]);
    world.run_for(ms(90));
    let leaders = world.nodes().filter(|(_, node)| node.core.token().is_some());
    assert_eq!(leaders.count(), 2);
    world.heal();
    settle(&mut world);
    world.run_for(ms(2));
    is_stored("cut", &world);
}
