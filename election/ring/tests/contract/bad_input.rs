//! What no ring should be given, and what is right all the same.

use std::time::Duration;

use ring::core::Core;
use ring::{Config, Kind, Letter, Message, NodeId, Stored, Timing, Token};
use simnet::World;

use super::sim::{self, Node, ms};

/// The order of the ring.
const RING: [NodeId; 5] = [2, 5, 1, 4, 3];

fn timing() -> Timing {
    Timing::for_ring(5, ms(2))
}

/// See `simulated.rs`.
fn stated() -> Duration {
    timing().silence + 3 * timing().election
}

fn settled() -> World<Node> {
    let (mut world, _) = sim::world(1, &RING, timing());
    world.start_all();
    world.run_until_it_holds(stated(), sim::is_settled).expect("they settle");
    world
}

fn letter(kind: Kind, epoch: u64, id: NodeId) -> Message {
    Message::Letter(Letter { kind, token: Token { epoch, id }, round: 1, hops: 1 })
}

const KINDS: [Kind; 3] = [Kind::Candidate, Kind::Elected, Kind::Alive];

/// Each node of a ring hears this, and it is as if it had heard nothing: not even an answer goes out.
fn changes_nothing(from: impl Fn(NodeId) -> NodeId, message: Message) {
    let mut world = settled();
    for id in RING {
        world.call(id, |node, now, _| {
            let before = node.core.clone();
            node.core.receive(now, from(id), message);
            assert_eq!(node.core, before, "{message} changed node {id}");
        });
    }
}

fn neighbour(id: NodeId) -> NodeId {
    id % 5 + 1
}

#[test]
#[should_panic(expected = "two nodes have the name 3; give each its own")]
fn two_nodes_of_one_name_are_refused() {
    let _ = Config::new(1, [1, 3, 2, 3], timing());
}

#[test]
#[should_panic(expected = "node 1 is not in the ring; name it too")]
fn an_empty_ring_is_refused() {
    let _ = Config::new(1, [], timing());
}

#[test]
#[should_panic(expected = "node 4 is not in the ring; name it too")]
fn a_node_outside_its_ring_is_refused() {
    let _ = Config::new(4, [1, 2, 3], timing());
}

#[test]
#[should_panic(expected = "an answer and a heartbeat take time; wait for them")]
fn a_wait_of_no_time_is_refused() {
    let _ = Config::new(1, [1, 2], Timing { ack: Duration::ZERO, ..timing() });
}

#[test]
#[should_panic(expected = "the silence must be longer than a heartbeat")]
fn waits_that_contradict_each_other_are_refused() {
    let _ = Config::new(1, [1, 2], Timing { silence: timing().heartbeat, ..timing() });
}

#[test]
#[should_panic(expected = "nobody waits so long; take a hundred years at most")]
fn a_wait_without_end_is_refused() {
    let _ = Config::new(1, [1, 2], Timing::for_ring(usize::MAX, Duration::MAX));
}

#[test]
#[should_panic(expected = "epoch 18446744073709551615 cannot be")]
fn a_damaged_disk_is_refused() {
    let _ = Core::new(Config::new(1, [1, 2], timing()), Stored { epoch: u64::MAX });
}

#[test]
fn a_ring_of_one_leads_itself() {
    let (mut world, _) = sim::world(1, &[7], timing());
    world.start(7);
    assert!(world.run_until_it_holds(ms(1), sim::is_settled).is_some());
    assert_eq!(world.node(7).unwrap().core.token(), Some(Token { epoch: 1, id: 7 }));
    world.run_for(Duration::from_secs(1));
    assert!(sim::is_settled(&world), "nor does it forget it");
}

#[test]
fn a_word_before_the_start_is_ignored() {
    let mut core = Core::new(Config::new(1, [1, 2], timing()), Stored::default());
    let before = core.clone();
    core.receive(ms(1), 2, letter(Kind::Alive, 3, 2));
    assert_eq!(core, before);
    assert_eq!(core.deadline(), None);
}

#[test]
fn a_message_from_a_stranger_changes_nothing() {
    let alive = letter(Kind::Alive, 2, 5);
    for message in [Message::Hello, Message::Probe, alive] {
        changes_nothing(|_| 99, message);
        changes_nothing(|id| id, message); // nor one in the node's own name
    }
}

#[test]
fn a_letter_about_a_stranger_changes_nothing() {
    for kind in KINDS {
        changes_nothing(neighbour, letter(kind, 2, 99));
    }
}

#[test]
fn an_epoch_from_the_future_changes_nothing() {
    for kind in KINDS {
        changes_nothing(neighbour, letter(kind, u64::MAX, 5));
    }
    let mut world = settled();
    world.call(5, |node, now, _| {
        let before = node.core.clone();
        node.core.outbid(now, u64::MAX);
        assert_eq!(node.core, before, "a store that says so is damaged");
    });
}

/// The furthest epoch that is believed costs an election, and no more.
#[test]
fn a_great_leap_of_the_epoch_costs_one_election() {
    let leap = 1 << 40;
    let mut world = settled();
    world.call(4, |_, _, out| out.send(3, letter(Kind::Candidate, leap, 4)));
    world.run_for(ms(3));
    let time = world.run_until_it_holds(stated(), sim::is_settled);
    assert!(time.is_some());
    let token = world.node(5).unwrap().core.token().unwrap();
    assert!((leap..leap + 3).contains(&token.epoch), "{token}");
}

/// No later sign of life of this leader is believed: it goes as if the leader had died.
#[test]
fn a_round_from_the_future_costs_one_election() {
    let mut world = settled();
    let token = world.node(5).unwrap().core.token().unwrap();
    let letter = Letter { kind: Kind::Alive, token, round: u64::MAX, hops: 1 };
    world.call(5, |_, _, out| out.send(1, Message::Letter(letter)));
    world.run_for(timing().silence * 2);
    world.run_until_it_holds(stated(), sim::is_settled).expect("5 leads again");
    let next = world.node(5).unwrap().core.token().unwrap();
    assert!(next > token && next.epoch < token.epoch + 3, "{next} after {token}");
}

/// Its file is another's, say. The others pass it over; it leads itself, under a token of its own.
#[test]
fn a_node_whose_disk_is_far_ahead_does_not_break_the_ring() {
    let mut world = settled();
    world.call(4, |_, _, out| out.save(Stored { epoch: 1 << 50 }));
    world.run_for(ms(1));
    world.crash(4);
    world.start(4);
    world.run_for(stated());
    for _ in 0..100 {
        world.run_for(timing().heartbeat);
        let leaders: Vec<_> = world.nodes().map(|(_, node)| node.core.leader()).collect();
        let [others @ .., far, last] = [0, 1, 2, 3, 4].map(|at| leaders[at]);
        assert!(others.iter().all(|leader| *leader == last), "{leaders:?}");
        assert_eq!((far.unwrap().id, last.unwrap().id), (4, 5));
    }
}

/// Sent in an earlier life, it comes home in this one.
#[test]
fn a_candidate_of_an_earlier_life_wins_nothing() {
    let mut world = settled();
    let before = world.node(3).unwrap().core.stored().epoch;
    world.call(3, |node, now, out| {
        node.core.receive(now, 4, letter(Kind::Candidate, before + 7, 3));
        node.settle(out);
        assert_eq!(node.core.token(), None);
        assert_eq!(node.core.stored().epoch, before + 7, "but that epoch was in use");
    });
    world.run_for(stated());
    assert!(sim::is_settled(&world));
    assert!(world.node(5).unwrap().core.token().unwrap().epoch > before + 7);
}

#[test]
fn a_ring_with_one_left_has_a_leader() {
    let mut world = settled();
    for id in [5, 4, 3, 1] {
        world.crash(id);
        assert!(world.run_until_it_holds(2 * stated(), sim::is_settled).is_some(), "without {id}");
    }
    assert!(world.node(2).unwrap().core.token().is_some());
    world.start(1);
    world.start(5);
    assert!(world.run_until_it_holds(stated(), sim::is_settled).is_some(), "5 is back");
}

/// All others die at once, so that the one left learns it letter by letter.
#[test]
fn all_dead_but_one_at_once() {
    let mut world = settled();
    for id in [5, 4, 3, 1] {
        world.crash(id);
    }
    assert!(world.run_until_it_holds(2 * stated(), sim::is_settled).is_some());
}

/// At each millisecond of the election that its death caused, 5 is back.
#[test]
fn the_highest_may_come_back_in_the_middle_of_an_election() {
    let mut is_over = 0;
    for moment in 0..stated().as_millis() as u64 {
        let mut world = settled();
        world.crash(5);
        world.run_for(ms(moment));
        is_over += u32::from(sim::is_settled(&world));
        world.start(5);
        let time = world.run_until_it_holds(stated(), sim::is_settled);
        assert!(time.is_some(), "back after {moment} ms");
        world.run_for(stated());
        assert!(sim::is_settled(&world), "back after {moment} ms: it does not last");
    }
    assert!(is_over > 0, "the last moments are after the election");
}
