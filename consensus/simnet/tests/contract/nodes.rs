//! What happens to nodes.

use simnet::World;

use super::peer::{self, Peer, ms, numbers, save, send, set_deadline};

#[test]
fn a_crash_takes_the_memory_and_leaves_the_disk() {
    let mut world = peer::world(1, 2);
    save(&mut world, 2, 7);
    send(&mut world, 1, 2, 1);
    world.run_for(ms(10));
    assert_eq!(numbers(&world, 2), [1]);
    world.crash(2);
    assert!(world.node(2).is_none() && world.disk(2) == &[7]);
    world.start(2);
    assert_eq!((numbers(&world, 2), &world.node(2).unwrap().found), (vec![], &vec![7]));
}

#[test]
fn what_comes_to_a_dead_node_is_lost() {
    let mut world = peer::world(1, 2);
    world.crash(2);
    send(&mut world, 1, 2, 1);
    world.run_for(ms(10));
    world.start(2);
    world.run_for(ms(10));
    assert_eq!((numbers(&world, 2), world.counts().to_the_dead), (vec![], 1));
    assert_eq!(world.call(2, |_, _, _| "it runs"), Some("it runs"));
    world.crash(2);
    assert_eq!(world.call(2, |_, _, _| ()), None);
}

#[test]
fn a_message_sent_before_a_restart_may_arrive_after_it() {
    let mut world = peer::world(1, 2);
    send(&mut world, 1, 2, 1);
    world.crash(2);
    world.start(2);
    world.run_for(ms(10));
    assert_eq!(numbers(&world, 2), [1]);
}

#[test]
fn a_deadline_is_reached_at_its_time() {
    let mut world = peer::world(1, 1);
    set_deadline(&mut world, 1, ms(50));
    world.run_until(ms(10), |_| ());
    set_deadline(&mut world, 1, ms(90));
    world.run_until(ms(60), |_| ());
    assert_eq!(world.node(1).unwrap().times, [], "it was moved back");
    set_deadline(&mut world, 1, ms(70));
    world.run_until(ms(200), |_| ());
    assert_eq!(world.node(1).unwrap().times, [ms(70)], "it was moved forward, and reached once");
    set_deadline(&mut world, 1, ms(5));
    world.run_for(ms(1));
    assert_eq!(world.node(1).unwrap().times, [ms(70), ms(200)], "one that is past is due at once");
}

#[test]
fn a_deadline_of_an_earlier_life_means_nothing() {
    let mut world = peer::world(1, 1);
    set_deadline(&mut world, 1, ms(50));
    world.crash(1);
    world.start(1);
    set_deadline(&mut world, 1, ms(80));
    world.run_until(ms(70), |_| ());
    assert_eq!(world.node(1).unwrap().times, []);
    world.run_until(ms(90), |_| ());
    assert_eq!(world.node(1).unwrap().times, [ms(80)]);
}

#[test]
fn a_paused_node_goes_on_with_what_came_meanwhile() {
    let mut world = peer::world(1, 2);
    set_deadline(&mut world, 2, ms(5));
    save(&mut world, 2, 7);
    world.pause(2);
    send(&mut world, 1, 2, 1);
    send(&mut world, 1, 2, 2);
    world.run_until(ms(50), |_| ());
    let peer = world.node(2).unwrap();
    assert!(peer.heard.is_empty() && peer.times.is_empty() && peer.safe.is_empty());
    assert_eq!(world.disk(2), &[7], "a disk does not stop with its node");
    assert_eq!(world.counts().times, 0, "nobody is there whose time could come");
    world.resume(2);
    world.run_for(ms(0));
    let peer = world.node(2).unwrap();
    assert_eq!((peer.heard.len(), &peer.safe, &peer.times), (2, &vec![1], &vec![ms(50)]));
    assert!(peer.heard.iter().all(|(at, ..)| *at == ms(50)), "its clock ran on");
}

#[test]
fn a_full_inbox_blocks_nobody() {
    let mut world = peer::world(1, 2);
    world.set_inbox(3);
    world.pause(2);
    for number in 0..10 {
        send(&mut world, 1, 2, number);
    }
    world.run_for(ms(10));
    send(&mut world, 1, 1, 99);
    world.run_for(ms(10));
    assert_eq!(numbers(&world, 1), [99], "the sender goes on");
    world.resume(2);
    assert_eq!((numbers(&world, 2).len(), world.counts().overflowed), (3, 7));
}

#[test]
fn a_write_that_is_safe_is_told_even_if_the_inbox_is_full() {
    let mut world = peer::world(1, 2);
    world.set_inbox(0);
    save(&mut world, 2, 7);
    world.pause(2);
    world.run_for(ms(10));
    world.resume(2);
    assert_eq!(world.node(2).unwrap().safe, [1]);
}

#[test]
fn pausing_the_dead_and_starting_the_living_are_told_apart() {
    let mut world = peer::world(1, 2);
    world.crash(2);
    world.pause(2);
    world.resume(2);
    assert!(world.node(2).is_none());
    world.start(2);
    assert!(world.is_running(2));
    world.pause(2);
    assert!(world.node(2).is_some() && !world.is_running(2));
    world.crash(2);
    assert!(world.node(2).is_none(), "a paused node can crash");
    assert_eq!((world.counts().crashes, world.counts().pauses, world.counts().starts), (2, 1, 3));
}

#[test]
#[should_panic(expected = "node 1 is started already")]
fn a_node_runs_once() {
    peer::world(1, 1).start(1);
}

#[test]
#[should_panic(expected = "there is no node 9")]
fn an_unknown_node_is_named() {
    peer::world(1, 1).crash(9);
}

#[test]
#[should_panic(expected = "there are two nodes 4")]
fn a_name_is_given_once() {
    World::new(1, [4, 4], |_, _| Peer::default());
}

/// Its deadline is always now.
struct Stubborn;

impl simnet::Process for Stubborn {
    type Message = u8;
    type Write = u8;
    type Disk = ();

    fn keep((): &mut (), _: u8) {}

    fn handle(
        &mut self,
        _: std::time::Duration,
        _: simnet::Input<u8>,
        _: &mut simnet::Outbox<Self>,
    ) {
    }

    fn deadline(&self) -> Option<std::time::Duration> {
        Some(ms(0))
    }
}

#[test]
#[should_panic(expected = "node 1 leaves its deadline in the past")]
fn a_deadline_that_stays_in_the_past_is_reported() {
    let mut world = World::new(1, [1], |_, ()| Stubborn);
    world.start_all();
    world.run_for(ms(1));
}
