//! How logs become one (section 5.3).

use raft::log::Conflict;
use raft::message::{Answer, Request};
use raft::{Stored, Term};

use crate::cluster::{Cluster, ms as millis};
use crate::solo::{Solo, append, at, beat, carried, disk, ms};

/// Section 5.2: a leader that has nothing to say says so, to all, each heartbeat.
#[test]
fn leader_sends_heartbeats() {
    let mut solo = Solo::new(3);
    solo.rule();
    for _ in 0..3 {
        solo.pass(ms(49));
        assert!(solo.sent(2).is_empty() && solo.sent(3).is_empty(), "too early");
        solo.pass(ms(1));
        for peer in [2, 3] {
            let sent = solo.next(peer).expect("the heartbeat is due");
            assert_eq!(carried(&sent).1, [0; 0]);
            assert_eq!(solo.next(peer), None, "once");
            solo.agree(peer, &sent);
        }
    }
}

/// Section 5.3: a command becomes an entry of the leader's term, and goes with its place and the entry
/// before it to all.
#[test]
fn leader_starts_replication() {
    let mut solo = Solo::new(3);
    solo.rule();
    let (term, last) = (solo.core.term(), solo.core.last());
    assert_eq!(solo.propose("work"), at(term, last.index + 1));
    for peer in [2, 3] {
        let (_, request) = solo.next(peer).expect("there is an entry");
        let Request::Append(asked) = &request else { panic!("{request}") };
        assert_eq!((asked.previous, asked.commit), (last, last.index));
        assert_eq!(asked.entries[0], *solo.core.log().entry(last.index + 1).expect("pushed"));
    }
    assert_eq!(solo.core.commit(), last.index, "nobody has it yet");
}

/// Section 5.3: "If the follower does not find an entry in its log with the same index and term, then
/// it refuses the new entries", and says where its own stand.
#[test]
fn follower_checks_what_it_is_sent() {
    let cases = [
        (at(0, 0), Answer::Yes),
        (at(1, 1), Answer::Yes),
        (at(2, 2), Answer::Yes),
        (at(1, 2), Answer::Conflict(Conflict::Other { term: 2, first: 2 })),
        (at(3, 3), Answer::Conflict(Conflict::Short { next: 3 })),
        (at(3, 9), Answer::Conflict(Conflict::Short { next: 3 })),
    ];
    for (previous, answer) in cases {
        let mut solo = Solo::with(3, disk(2, &[1, 2]), |config| config);
        let reply = solo.ask(2, append(3, previous, &[], 0));
        assert_eq!(reply.answer, answer, "{previous}");
        assert_eq!(solo.terms(), [1, 2]);
        assert_eq!(solo.core.leader(), Some(2), "either way it leads");
    }
}

/// Section 5.3: "If an existing entry conflicts with a new one (same index but different terms), delete
/// the existing entry and all that follow it. Append any new entries not already in the log."
#[test]
fn follower_appends() {
    let cases: [(_, &[Term], &[Term]); 6] = [
        (at(2, 2), &[3], &[1, 2, 3]),
        (at(1, 1), &[3, 4], &[1, 3, 4]),
        (at(0, 0), &[1], &[1, 2]),
        (at(0, 0), &[3], &[3]),
        (at(1, 1), &[2], &[1, 2]),
        (at(1, 1), &[2, 4], &[1, 2, 4]),
    ];
    for (previous, sent, then) in cases {
        let mut solo = Solo::with(3, disk(2, &[1, 2]), |config| config);
        let reply = solo.ask(2, append(5, previous, sent, 0));
        assert_eq!((reply.answer, solo.terms()), (Answer::Yes, then.to_vec()));
        let kept: Vec<_> = solo.disk.entries.iter().map(|entry| entry.term).collect();
        assert_eq!(kept, then, "so says its disk");
    }
}

/// Section 5.3: "a leader never overwrites or deletes entries in its log".
#[test]
fn leader_only_appends() {
    let mut solo = Solo::with(3, disk(2, &[1, 2, 2]), |config| config);
    solo.lead();
    assert_eq!(solo.terms(), [1, 2, 2, 3]);
    let probe = solo.next(2).expect("a new leader asks");
    solo.reply(2, &probe, Answer::Conflict(Conflict::Short { next: 1 }));
    solo.obey(&[2, 3]);
    assert_eq!(solo.terms(), [1, 2, 2, 3]);
    assert!(solo.hear(3, append(3, at(0, 0), &[3], 0)).is_err());
    assert_eq!(solo.terms(), [1, 2, 2, 3]);
}

/// Figure 7: the leader of term 8.
const LEADER: [Term; 10] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];

/// Figure 7: "When the leader at the top comes to power, it is possible that any of scenarios (a-f)
/// could occur in follower logs." It "brings a follower's log into consistency with its own".
fn sync(follower: &[Term]) {
    let mut cluster = Cluster::new(3);
    let stored = |terms: &[Term]| Stored { snapshot: None, ..disk(7, terms) };
    for (id, terms) in [(1, &LEADER[..]), (2, follower), (3, &[])] {
        let config = raft::Config::new(id, 1..=3).expect("the list is good");
        cluster.start(config, stored(terms));
    }
    // The third, whose log is empty, elects the leader: a log such as (c) or (d) would not.
    cluster.isolate(2);
    cluster.elect(1);
    cluster.heal();
    let before = cluster.requests;
    cluster.run(millis(200));
    let leader = cluster.nodes[&1].core.log().clone();
    let log = cluster.nodes[&2].core.log();
    assert_eq!(leader.last(), at(8, 11));
    for index in 1..=11 {
        assert_eq!(log.entry(index), leader.entry(index), "at {index}");
    }
    assert_eq!(log.last(), leader.last());
    assert_eq!(cluster.nodes[&2].applied, cluster.nodes[&1].applied);
    assert!(cluster.requests - before < 30, "{} requests", cluster.requests - before);
}

#[test]
fn leader_syncs_follower_log_figure_7_a() {
    sync(&[1, 1, 1, 4, 4, 5, 5, 6, 6]);
}

#[test]
fn leader_syncs_follower_log_figure_7_b() {
    sync(&[1, 1, 1, 4]);
}

#[test]
fn leader_syncs_follower_log_figure_7_c() {
    sync(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]);
}

#[test]
fn leader_syncs_follower_log_figure_7_d() {
    sync(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]);
}

#[test]
fn leader_syncs_follower_log_figure_7_e() {
    sync(&[1, 1, 1, 4, 4, 4, 4]);
}

#[test]
fn leader_syncs_follower_log_figure_7_f() {
    sync(&[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]);
}

/// Section 5.3: requests are idempotent: one that comes again changes nothing, whatever came since.
#[test]
fn follower_ignores_what_it_has_already() {
    let mut solo = Solo::with(3, disk(2, &[1]), |config| config);
    let first = append(2, at(1, 1), &[2, 2], 1);
    solo.ask(2, first.clone());
    solo.ask(2, append(2, at(2, 3), &[2, 2], 3));
    assert_eq!(solo.ask(2, first).answer, Answer::Yes);
    assert_eq!((solo.terms(), solo.core.commit()), (vec![1, 2, 2, 2, 2], 3));
    assert_eq!(solo.take(), None, "there is nothing to write");
}

/// Section 5.1: a follower answers its leader though it heard the same before.
#[test]
fn follower_answers_each_heartbeat() {
    let mut solo = Solo::new(3);
    for _ in 0..3 {
        assert_eq!(solo.ask(2, beat(1)).answer, Answer::Yes);
    }
}
