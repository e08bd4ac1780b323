//! Rows about terms, votes and leaders: 6, 7, 10, 17, 21, 27, 28.

use raft::core::RoleName;
use raft::log::Conflict;
use raft::message::{Answer, Ballot};
use raft::{HardState, Stored};

use crate::cluster::Cluster;
use crate::solo::{Solo, append, at, beat, disk, ms, vote};

/// Row 6: a higher term that was seen counted as a vote granted in it (openraft PR #1220). A new term
/// clears the vote, and the vote is durable before the answer leaves.
#[test]
fn a_new_term_is_no_vote() {
    let stored = Stored { hard_state: HardState { term: 1, vote: Some(2) }, ..disk(1, &[1, 1]) };
    let mut solo = Solo::with(3, stored, |config| config);
    assert_eq!(solo.ask(2, vote(Ballot::Real, 2, at(1, 1))).answer, Answer::No, "too short a log");
    assert_eq!(solo.disk.hard_state, HardState { term: 2, vote: None });
    let ticket = solo.hear(3, vote(Ballot::Real, 2, at(1, 2))).expect("it is good");
    assert_eq!(solo.answer(ticket), None, "not durable");
    solo.save();
    assert_eq!(solo.answer(ticket).map(|reply| reply.answer), Some(Answer::Yes));
    assert_eq!(solo.disk.hard_state, HardState { term: 2, vote: Some(3) });
}

/// Row 7: logs were compared by length first, or term and index apart (openraft a48a3282). One ordered
/// type compares them.
#[test]
fn a_longer_log_of_an_earlier_term_gets_no_vote() {
    let mut solo = Solo::with(3, disk(3, &[1, 3]), |config| config);
    assert_eq!(solo.ask(2, vote(Ballot::Real, 4, at(2, 9))).answer, Answer::No);
    assert_eq!(solo.ask(3, vote(Ballot::Real, 4, at(3, 2))).answer, Answer::Yes);
    assert!(at(3, 1) > at(2, 9) && at(3, 2) > at(3, 1));
}

/// Row 10: trials with loyal followers left a node with a later term outside for ever (etcd #8501,
/// openraft #1796, etcd/raft #159): the leader's messages were dropped as old, and its own were refused
/// by the loyal. The refusal says the term, and the leader's message is answered with it.
#[test]
fn a_node_with_a_later_term_comes_back() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    cluster.nodes.remove(&3);
    let config = raft::Config::new(3, 1..=3).expect("the list is good");
    cluster.start(config, disk(9, &[]));
    cluster.run(ms(2000));
    let terms: Vec<_> = cluster.nodes.values().map(|node| node.core.term()).collect();
    assert!(terms.iter().all(|term| *term == terms[0] && *term > 9), "{terms:?}");
    assert_eq!(cluster.nodes.values().filter(|node| node.core.is_leader()).count(), 1);
}

/// Row 17, what the core can do: a disk that was wiped comes back under its old name (curvine #532,
/// matrixone #25029). Its leader does not take back what was acknowledged, and does not run in circles;
/// the greeting of the transport keeps it out, and it joins under a new name.
#[test]
fn a_wiped_disk_does_not_make_the_leader_run_in_circles() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.propose("work");
    solo.obey(&[2, 3]);
    solo.core.link_up(2, 2);
    let mut requests = 0;
    for _ in 0..100 {
        solo.pass(ms(10));
        solo.obey(&[3]);
        for sent in solo.sent(2) {
            requests += 1;
            solo.reply(2, &sent, Answer::Conflict(Conflict::Short { next: 1 }));
        }
    }
    assert_eq!((solo.core.matched(2), solo.core.is_leader()), (Some(2), true));
    assert!(requests < 50, "{requests} requests in a second");
}

/// Row 21: a server that was removed, or restarted, disrupts the others (hashicorp/raft #524, consul
/// #6979). They are loyal; it is told, and rests.
#[test]
fn a_removed_server_disturbs_nobody() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    let (now, term) = (cluster.now, cluster.core(1).term());
    // It does not hear of its removal.
    cluster.isolate(3);
    cluster.core(1).propose_change(now, &[raft::membership::Change::Remove(3)]).expect("it leads");
    cluster.run(ms(1000));
    cluster.heal();
    cluster.run(ms(2000));
    assert_eq!((cluster.core(1).is_leader(), cluster.core(1).term()), (true, term));
    assert_eq!(cluster.core(3).term(), term, "it only asks whether it could win");
}

/// Row 21, the restarted one.
#[test]
fn a_restarted_server_disturbs_nobody() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    let term = cluster.core(1).term();
    for _ in 0..20 {
        let disk = cluster.nodes.remove(&3).expect("it is there").disk;
        cluster.run(ms(70));
        cluster.start(raft::Config::new(3, 1..=3).expect("the list is good"), disk);
        cluster.run(ms(30));
    }
    assert_eq!((cluster.core(1).is_leader(), cluster.core(1).term()), (true, term));
}

/// Row 27: a majority was counted as peers / 2, so that two of four elected a leader (seed 004 2.4).
#[test]
fn half_of_four_elects_nobody_and_commits_nothing() {
    let mut solo = Solo::new(4);
    solo.stand();
    let sent = solo.next(2).expect("it asks");
    solo.agree(2, &sent);
    assert_eq!(solo.core.role(), RoleName::Candidate);
    let sent = solo.next(3).expect("it asks");
    solo.agree(3, &sent);
    solo.save();
    let first = solo.next(2).expect("its first entry");
    solo.agree(2, &first);
    assert_eq!((solo.core.is_leader(), solo.core.commit()), (true, 0));
    let first = solo.next(3).expect("its first entry");
    solo.agree(3, &first);
    assert_eq!(solo.core.commit(), 1);
}

/// Row 28: a candidate ignored the entries of who had won its own term (seed 004 2.4).
#[test]
fn a_candidate_follows_who_won_its_term() {
    for request in [beat(1), append(1, at(0, 0), &[1], 0), append(1, at(1, 4), &[], 0)] {
        let mut solo = Solo::new(3);
        solo.stand();
        assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 1));
        let reply = solo.ask(2, request);
        assert_ne!(reply.answer, Answer::No);
        assert_eq!((solo.core.role(), solo.core.leader()), (RoleName::Follower, Some(2)));
        assert_eq!(solo.disk.hard_state.vote, Some(1), "its vote of this term stays given");
    }
}
