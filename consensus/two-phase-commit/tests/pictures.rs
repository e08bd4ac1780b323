//! The pictures on the page are drawn from these runs. `SIMNET_ACCEPT=1` stores them anew.
//!
//! Participants are the real ones. The two variants of the coordinator have threads, which a simulated world
//! cannot hold; the coordinator here is a small node on the rules that both rest on.

#[path = "pictures/account.rs"]
mod account;
#[path = "pictures/member.rs"]
mod member;
#[path = "pictures/office.rs"]
mod office;
#[path = "pictures/sim.rs"]
mod sim;
#[path = "pictures/stored.rs"]
mod stored;

use sim::{COORDINATOR, Node, balances, begin, both_in_doubt, finish, member, ms, settled};
use simnet::{Link, World};
use stored::is_stored;
use two_phase_commit::record::Coordinated;
use two_phase_commit::{Outcome, Tx};

fn lossy() -> Link {
    Link::after(ms(1)..=ms(1)).losing(1000)
}

/// A world in which the coordinator's power goes while it writes that all have agreed, and the disk has it, or
/// not. Which one is up to the seed.
fn crashes_while_it_writes(is_kept: bool) -> (World<Node>, Tx) {
    let run = |seed| {
        let mut world = settled(seed);
        world.record();
        let tx = begin(&mut world, 10, -10);
        world.run_until_it_holds(ms(100), |world| match world.node(COORDINATOR) {
            Some(Node::Office(office)) => office.is_writing(),
            _ => false,
        });
        world.crash(COORDINATOR);
        let is_decision = |record: &Coordinated| match record {
            Coordinated::Committed { tx: it, .. } => *it == tx,
            _ => false,
        };
        (world.disk(COORDINATOR).iter().any(is_decision) == is_kept).then_some((world, tx))
    };
    (1..100).find_map(run).expect("a crash keeps it, or not")
}

#[test]
fn the_trace_of_a_commit_is_the_stored_one() {
    let mut world = settled(1);
    world.record();
    begin(&mut world, 10, -10);
    finish(&mut world);
    assert_eq!(balances(&world), [110, 90]);
    is_stored("commit", world.trace());
}

#[test]
fn the_trace_of_an_abort_is_the_stored_one() {
    let mut world = settled(1);
    world.record();
    begin(&mut world, 110, -110);
    finish(&mut world);
    world.run_for(ms(10));
    assert_eq!(balances(&world), [100, 100]);
    is_stored("abort", world.trace());
}

/// The votes do not reach it. When it is back it knows of no such commit.
#[test]
fn the_trace_of_a_crash_before_the_decision_is_the_stored_one() {
    let mut world = settled(1);
    world.record();
    begin(&mut world, 10, -10);
    world.run_until_it_holds(ms(100), both_in_doubt).expect("they vote");
    world.crash(COORDINATOR);
    world.run_for(ms(6));
    world.start(COORDINATOR);
    finish(&mut world);
    assert_eq!(balances(&world), [100, 100]);
    is_stored("crash_before_the_decision", world.trace());
}

/// The decision is on its disk, and nobody has heard of it.
#[test]
fn the_trace_of_a_crash_after_the_decision_is_the_stored_one() {
    let (mut world, _) = crashes_while_it_writes(true);
    world.run_for(ms(3));
    world.start(COORDINATOR);
    finish(&mut world);
    assert_eq!(balances(&world), [110, 90]);
    is_stored("crash_after_the_decision", world.trace());
}

/// The same crash, and the decision is not on the disk.
#[test]
fn a_decision_that_did_not_reach_the_disk_was_none() {
    let (mut world, _) = crashes_while_it_writes(false);
    world.start(COORDINATOR);
    finish(&mut world);
    assert_eq!(balances(&world), [100, 100]);
}

/// 2 hears of the commit, and 3 does not; the coordinator dies. 3 asks both.
#[test]
fn the_trace_of_a_rescue_by_a_peer_is_the_stored_one() {
    let mut world = settled(1);
    world.record();
    begin(&mut world, 10, -10);
    world.run_until_it_holds(ms(100), both_in_doubt).expect("they vote");
    world.set_link(COORDINATOR, 3, lossy());
    world.run_until_it_holds(ms(100), |world| member(world, 2).balance() == 110);
    world.crash(COORDINATOR);
    world.run_until_it_holds(ms(100), |world| !member(world, 3).is_in_doubt());
    world.run_for(ms(2));
    assert_eq!(balances(&world), [110, 90], "without the coordinator");
    is_stored("rescued_by_a_peer", world.trace());
}

/// 3 was never asked. It writes down that it will say no, and then it can say so.
#[test]
fn the_trace_of_a_refusal_is_the_stored_one() {
    let mut world = settled(1);
    world.record();
    world.set_link(COORDINATOR, 3, lossy());
    begin(&mut world, 10, -10);
    world.run_until_it_holds(ms(100), |world| member(world, 2).is_in_doubt());
    world.crash(COORDINATOR);
    world.run_until_it_holds(ms(100), |world| !member(world, 2).is_in_doubt());
    world.run_for(ms(2));
    assert_eq!(balances(&world), [100, 100], "without the coordinator");
    is_stored("rescued_by_a_refusal", world.trace());
}

/// Both said yes, and neither was told. They ask each other in vain.
#[test]
fn the_trace_of_those_who_must_wait_is_the_stored_one() {
    let (mut world, tx) = crashes_while_it_writes(true);
    world.run_for(ms(20));
    assert!(both_in_doubt(&world), "none of them may decide {tx}");
    world.start(COORDINATOR);
    finish(&mut world);
    assert_eq!(balances(&world), [110, 90], "to presume {:?} was wrong", Outcome::Aborted);
    is_stored("must_wait", world.trace());
}
