//! Time: when heartbeats go out, and that no state asks for time that does not help it.

use std::time::Duration;

use raft::core::RoleName;
use raft::membership::Change;
use raft::{Config, Stored};

use crate::cluster::Cluster;
use crate::solo::{Solo, append, at, beat, carried, chunk, disk, ms, snapshot};

/// A heartbeat says what an answered message has said already.
#[test]
fn no_heartbeats_while_traffic_flows() {
    let mut solo = Solo::new(3);
    solo.rule();
    for _ in 0..100 {
        solo.propose("work");
        solo.save();
        for peer in [2, 3] {
            for sent in solo.sent(peer) {
                assert!(!carried(&sent).1.is_empty(), "a heartbeat beside entries");
                solo.agree(peer, &sent);
            }
        }
        solo.pass(ms(10));
    }
}

/// After the last message the next heartbeat is a whole interval away.
#[test]
fn traffic_puts_the_heartbeat_off() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.pass(ms(40));
    solo.propose("work");
    solo.obey(&[2, 3]);
    solo.pass(ms(49));
    assert_eq!((solo.next(2), solo.next(3)), (None, None));
    solo.pass(ms(1));
    assert!(solo.next(2).is_some() && solo.next(3).is_some());
}

/// An idle second of three nodes takes 20 heartbeats to each of two, and no more.
#[test]
fn idle_cluster_is_quiet() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(200));
    let before = cluster.requests;
    cluster.run(ms(1000));
    assert_eq!(cluster.requests - before, 40);
}

/// A connection that is down gets nothing, and no time is asked for on its account.
#[test]
fn no_heartbeats_without_a_connection() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.core.link_down(3);
    for _ in 0..10 {
        solo.pass(ms(50));
        assert_eq!(solo.sent(3), []);
        solo.obey(&[2]);
    }
    solo.core.link_up(3, 2);
    assert!(solo.next(3).is_some(), "it hears at once when it is back");
}

/// After `tick(deadline)` the deadline is later, or there is none: whoever waits for it never spins.
fn never_spins(name: &str, mut solo: Solo) {
    for round in 0..50 {
        let Some(deadline) = solo.core.deadline() else { return };
        if deadline > solo.now + Duration::from_hours(24 * 365) {
            return;
        }
        let now = solo.now.max(deadline);
        solo.core.tick(now);
        let next = solo.core.deadline();
        assert!(next.is_none_or(|next| next > now), "{name}, round {round}: {next:?} at {now:?}");
        solo.now = now;
        if round % 3 == 0 {
            solo.save();
        }
        if round % 5 == 4 {
            // What the time brought is asked for, and lost.
            _ = (solo.sent(2), solo.sent(3));
        }
    }
}

#[test]
fn no_state_spins() {
    let joining = || {
        let core = raft::core::Core::new(Config::joining(1).expect("1"), Stored::default(), ms(0));
        core.expect("the disk is empty").deadline()
    };
    assert_eq!(joining(), None, "who waits to be taken in waits for ever");
    let made = |make: &dyn Fn(&mut Solo)| {
        let stored = Stored { snapshot: Some(snapshot(at(1, 5), 20)), ..disk(1, &[1]) };
        let mut solo = Solo::with(3, stored, |mut config| {
            (config.chunk, config.lease_drift) = (5, Some(1000));
            config
        });
        solo.apply();
        make(&mut solo);
        solo
    };
    let ruled = |make: &dyn Fn(&mut Solo)| {
        made(&|solo| {
            solo.rule();
            make(solo);
        })
    };
    let states: [(&str, Solo); 16] = [
        ("started", made(&|_| {})),
        ("a follower", made(&|solo| _ = solo.ask(2, beat(1)))),
        ("half a snapshot", made(&|solo| _ = solo.ask(2, chunk(1, &snapshot(at(1, 9), 9), 0, 4)))),
        ("a trial", made(&Solo::time_out)),
        ("a candidate", made(&Solo::stand)),
        ("a new leader", made(&Solo::lead)),
        ("a leader", ruled(&|_| {})),
        (
            "flights",
            ruled(&|solo| {
                solo.propose("work");
                _ = solo.sent(2);
            }),
        ),
        ("a lost connection", ruled(&|solo| solo.core.link_down(2))),
        (
            "a probe",
            ruled(&|solo| {
                solo.core.link_up(2, 9);
                _ = solo.next(2);
            }),
        ),
        (
            "a snapshot under way",
            made(&|solo| {
                solo.lead();
                let probe = solo.next(2).expect("a new leader asks");
                let short = raft::log::Conflict::Short { next: 1 };
                solo.reply(2, &probe, raft::message::Answer::Conflict(short));
                _ = solo.next(2);
            }),
        ),
        ("a hand-over", ruled(&|solo| solo.core.transfer(solo.now, 2).expect("it leads"))),
        (
            "a hand-over that was told",
            ruled(&|solo| {
                solo.core.transfer(solo.now, 2).expect("it leads");
                _ = solo.sent(2);
            }),
        ),
        (
            "somebody leaving",
            ruled(&|solo| {
                _ = solo.core.propose_change(solo.now, &[Change::Remove(3)]).expect("it leads");
                solo.obey(&[2]);
            }),
        ),
        (
            "itself leaving",
            ruled(&|solo| {
                _ = solo.core.propose_change(solo.now, &[Change::Remove(1)]).expect("it leads");
            }),
        ),
        ("a read", ruled(&|solo| _ = solo.core.read_index(solo.now).expect("it leads"))),
    ];
    for (name, solo) in states {
        never_spins(name, solo);
    }
}

/// A tick before its time changes nothing, whatever the state.
#[test]
fn early_tick_changes_nothing() {
    for make in [Solo::time_out, Solo::stand, Solo::lead, Solo::rule] {
        let mut solo = Solo::new(3);
        make(&mut solo);
        let before = solo.core.clone();
        let deadline = solo.core.deadline().expect("it waits");
        solo.core.tick(deadline - Duration::from_nanos(1));
        assert_eq!(solo.core, before);
    }
}

/// A learner and a removed node start no elections, however long they hear nothing.
#[test]
fn who_has_no_vote_waits_for_ever() {
    let mut solo = Solo::new(3);
    let members = std::sync::Arc::new(raft::membership::Membership::new([2, 3]));
    let whole = raft::Snapshot { members, ..snapshot(at(1, 9), 4) };
    solo.ask(2, chunk(1, &whole, 0, 4));
    let before = solo.core.clone();
    solo.core.tick(ms(1_000_000));
    assert_eq!((solo.core.deadline(), solo.core.role()), (None, RoleName::Learner));
    assert_eq!(solo.core, before);
    solo.ask(2, append(1, at(1, 9), &[1], 10));
    assert_eq!(solo.core.deadline(), None);
}
