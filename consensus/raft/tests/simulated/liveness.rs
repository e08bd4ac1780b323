//! Where pre-vote and check-quorum together could keep a cluster from having a leader, or from keeping
//! one.

use std::rc::Rc;
use std::time::Duration;

use raft::NodeId;
use simnet::{Rng, World};

use super::process::Node;
use super::run::{ELECTION, Plan, Run, TIMEOUTS, ms};

const SEEDS: u64 = 100;

/// Nodes of which these are started, until they have committed a few entries.
fn started(seed: u64, plan: &Plan, nodes: &[NodeId]) -> Run {
    let mut run = Run::new(seed, plan, ms(0)..=ms(20));
    run.ledger.borrow_mut().calm();
    for id in nodes {
        run.world.start(*id);
    }
    let entries = 1 + Rng::new(seed).below(40);
    let ledger = Rc::clone(&run.ledger);
    let time = run.until(Duration::from_secs(5), |_| ledger.borrow().last() >= entries);
    time.unwrap_or_else(|| panic!("seed {seed}: {nodes:?} do not commit {entries} entries"));
    run
}

fn leader(world: &World<Node>) -> NodeId {
    let leaders = world.nodes().filter(|(_, node)| node.core.is_leader());
    leaders.max_by_key(|(_, node)| node.core.term()).map_or(0, |(id, _)| id)
}

/// What it says arrives, and what it is told does not.
fn make_deaf(world: &mut World<Node>, deaf: NodeId) {
    for id in world.ids().filter(|id| *id != deaf).collect::<Vec<_>>() {
        world.cut_one_way(id, deaf);
    }
}

/// It was alone for long, came to a later term than all others, and has none of their entries. So it can
/// neither lead nor follow until the others have come to its term.
#[test]
fn who_returns_with_a_later_term_and_a_short_log_stops_nobody() {
    simnet::seeds(SEEDS, |seed| {
        let later = 2 + Rng::new(seed).below(30);
        let plan = Plan { stranger: Some((3, later)), ..Plan::calm(3) };
        let mut run = started(seed, &plan, &[1, 2]);
        run.world.start(3);
        run.settle();
        let (terms, node) = (run.watch.leaders.len(), run.world.node(3).expect("it is up"));
        assert!(node.core.term() >= later && terms <= 4, "seed {seed}: {terms} elections");
    });
}

/// It tries to lead again and again, and all that it says arrives.
#[test]
fn who_hears_nobody_deposes_nobody() {
    simnet::seeds(SEEDS, |seed| {
        let mut run = started(seed, &Plan::calm(3), &[1, 2, 3]);
        let leader = leader(&run.world);
        let term = run.world.node(leader).expect("it is up").core.term();
        let deaf = if leader == 1 { 2 } else { 1 };
        make_deaf(&mut run.world, deaf);
        let elections = run.watch.leaders.len();
        run.until(20 * ELECTION, |_| false);
        assert_eq!(run.watch.leaders.len(), elections, "seed {seed}: {deaf} deposed {leader}");
        run.settle();
        let node = run.world.node(leader).expect("it is up");
        assert!(node.core.is_leader() && node.core.term() == term, "seed {seed}: nor later");
    });
}

/// The others hear it, and would be loyal for ever; but it notices that nobody answers.
#[test]
fn a_leader_that_hears_nobody_makes_room_for_another() {
    simnet::seeds(SEEDS, |seed| {
        let mut run = started(seed, &Plan::calm(3), &[1, 2, 3]);
        let deaf = leader(&run.world);
        make_deaf(&mut run.world, deaf);
        run.ledger.borrow_mut().calm();
        let ledger = Rc::clone(&run.ledger);
        let time = run.until(TIMEOUTS * ELECTION, |world| {
            ledger.borrow().fresh().is_some() && ![0, deaf].contains(&leader(world))
        });
        assert!(time.is_some(), "seed {seed}: nobody follows {deaf}");
        run.settle();
    });
}
