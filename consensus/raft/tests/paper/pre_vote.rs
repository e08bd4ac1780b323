//! A trial before each election (dissertation, 9.6), and followers that are loyal to a living leader
//! (dissertation, 4.2.3).

use raft::HardState;
use raft::core::RoleName;
use raft::log::Conflict;
use raft::message::{Answer, Ballot, Reply, Request, VoteRequest};

use crate::cluster::Cluster;
use crate::solo::{Solo, append, at, beat, disk, ms, vote};

/// Dissertation, 9.6: "a candidate only increments its term if it first learns from a majority of the
/// cluster that they would be willing to grant the candidate their votes".
#[test]
fn candidate_asks_before_it_increments_its_term() {
    let mut solo = Solo::with(5, disk(3, &[2]), |config| config);
    solo.time_out();
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 3));
    assert_eq!(solo.take(), None, "nothing has changed that must be kept");
    let first = solo.next(2).expect("it asks");
    let trial = VoteRequest { term: 4, last: at(2, 1), ballot: Ballot::Trial };
    assert_eq!(first.1, Request::Vote(trial));
    solo.agree(2, &first);
    assert_eq!(solo.core.term(), 3, "two of five would");
    let second = solo.next(3).expect("it asks");
    solo.agree(3, &second);
    assert_eq!(solo.core.term(), 4, "three of five would");
    solo.save();
    assert_eq!(solo.disk.hard_state, HardState { term: 4, vote: Some(1) });
}

/// Dissertation, 9.6: who is asked changes neither its term nor its vote, and may say yes to several.
#[test]
fn trial_changes_nobodys_term() {
    let mut solo = Solo::with(3, disk(3, &[2]), |config| config);
    for asker in [2, 3] {
        let reply = solo.ask(asker, vote(Ballot::Trial, 9, at(2, 1)));
        assert_eq!(reply, Reply { term: 3, answer: Answer::Yes });
    }
    assert_eq!(solo.disk.hard_state, HardState { term: 3, vote: None });
}

/// Dissertation, 9.6: a node that was cut off asks in vain, and comes back to the term that it left.
#[test]
fn partitioned_server_does_not_disturb_when_it_returns() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    let term = cluster.core(1).term();
    cluster.isolate(3);
    cluster.run(ms(5000));
    assert_eq!((cluster.core(3).role(), cluster.core(3).term()), (RoleName::Candidate, term));
    cluster.heal();
    cluster.run(ms(1000));
    assert_eq!((cluster.core(1).is_leader(), cluster.core(1).term()), (true, term));
    assert_eq!(cluster.core(3).leader(), Some(1));
}

/// Dissertation, 9.6, and etcd #8501: a candidate that is behind in its term is told, or it would ask
/// in a term that is over for ever.
#[test]
fn refused_trial_tells_the_term() {
    let mut behind = Solo::with(3, disk(3, &[2, 2]), |config| config);
    behind.time_out();
    let sent = behind.next(2).expect("it asks");
    let mut other = Solo::with(3, disk(7, &[2]), |config| config);
    let reply = other.ask(3, sent.1.clone());
    assert_eq!(reply, Reply { term: 7, answer: Answer::No });
    behind.core.on_reply(behind.now, 2, sent.0, reply).expect("it is good");
    assert_eq!((behind.core.term(), behind.core.role()), (7, RoleName::Follower));
    behind.stand();
    assert_eq!(behind.core.term(), 8, "the only log that can win runs in the next term");
}

/// A trial that was won is no vote: the answers of the one do not count for the other.
#[test]
fn trial_counts_for_no_election() {
    let mut solo = Solo::new(5);
    solo.time_out();
    let asked: Vec<_> = (2..=5).map(|peer| solo.next(peer).expect("it asks")).collect();
    solo.agree(2, &asked[0]);
    solo.agree(3, &asked[1]);
    solo.save();
    assert_eq!(solo.core.term(), 1);
    solo.agree(4, &asked[2]);
    solo.agree(5, &asked[3]);
    assert_eq!(solo.core.role(), RoleName::Candidate, "these were about the trial");
}

/// Dissertation, 4.2.3: "if a server receives a `RequestVote` request within the minimum election
/// timeout of hearing from a current leader, it does not update its term or grant its vote".
#[test]
fn loyal_follower_neither_votes_nor_changes_its_term() {
    for (wait, loyal) in [(0, true), (149, true), (150, false)] {
        for ballot in [Ballot::Trial, Ballot::Real] {
            let mut solo = Solo::with(3, disk(1, &[1]), |config| config);
            solo.now = ms(1000);
            solo.ask(2, beat(1));
            solo.now += ms(wait);
            let reply = solo.ask(3, vote(ballot, 5, at(4, 9)));
            assert_eq!(reply.answer == Answer::Yes, !loyal, "{ballot:?} after {wait} ms");
            assert_eq!(reply.term == 5, !loyal && ballot == Ballot::Real);
        }
    }
}

/// Dissertation, 4.2.3: a leader that lives votes for nobody.
#[test]
fn leader_is_loyal_to_itself() {
    let mut solo = Solo::new(3);
    solo.rule();
    let reply = solo.ask(3, vote(Ballot::Real, 9, at(8, 9)));
    assert_eq!((reply.answer, solo.core.is_leader(), solo.core.term()), (Answer::No, true, 1));
}

/// Entries that do not fit prove a living leader as well as those that do.
#[test]
fn follower_is_loyal_though_the_entries_did_not_fit() {
    let mut solo = Solo::with(3, disk(1, &[1]), |config| config);
    solo.now = ms(1000);
    let reply = solo.ask(2, append(1, at(1, 5), &[], 0));
    assert_eq!(reply.answer, Answer::Conflict(Conflict::Short { next: 2 }));
    assert_eq!(solo.ask(3, vote(Ballot::Real, 2, at(1, 9))).answer, Answer::No);
}
