//! How a lead ends: no majority (dissertation, 6.2), or by hand-over (dissertation, 3.10).

use raft::core::{ChangeRefused, Dropped, RoleName, TransferError, Why};
use raft::membership::Change;
use raft::message::{Answer, Ballot, Reply, Request};

use crate::cluster::Cluster;
use crate::solo::{Solo, beat, command, ms};

/// Dissertation, 6.2: "A leader steps down if an election timeout elapses without a successful round of
/// heartbeats to a majority of its cluster."
#[test]
fn leader_without_a_majority_steps_down() {
    let mut solo = Solo::new(5);
    solo.rule();
    for _ in 0..20 {
        solo.pass(ms(50));
        solo.obey(&[2, 3]);
        assert!(solo.core.is_leader(), "two others are enough");
    }
    let term = solo.core.term();
    for _ in 0..4 {
        solo.pass(ms(50));
        solo.obey(&[2]);
    }
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Follower, term));
    assert_eq!(solo.core.leader(), None);
    let Err(Dropped { why, .. }) = solo.core.propose(command("late")) else { panic!("taken") };
    assert_eq!(why, Why::NotLeader { leader: None });
}

/// Dissertation, 6.2: an answer proves that a peer followed when the question was sent, and no later.
#[test]
fn late_answer_proves_only_when_its_question_was_sent() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.pass(ms(50));
    let early = solo.next(2).expect("a heartbeat is due");
    solo.pass(ms(95));
    solo.agree(2, &early);
    solo.pass(ms(54));
    assert!(solo.core.is_leader());
    solo.pass(ms(1));
    assert!(!solo.core.is_leader(), "the question is an election old, the answer is not");
}

/// Dissertation, 3.10: no new command; the other gets the whole log; then it is told to start an
/// election at once.
#[test]
fn leader_brings_the_log_before_it_hands_over() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.propose("last");
    solo.core.transfer(solo.now, 2).expect("it leads");
    let Err(Dropped { why, .. }) = solo.core.propose(command("late")) else { panic!("taken") };
    assert_eq!(why, Why::HandingOver);
    let entries = solo.next(2).expect("it lacks an entry");
    assert!(matches!(&entries.1, Request::Append(append) if append.entries.len() == 1));
    assert_eq!(solo.next(2), None, "it has not said that it has it");
    solo.agree(2, &entries);
    let (_, request) = solo.next(2).expect("it has all");
    assert_eq!(request, Request::Campaign { term: 1 });
    assert_eq!(solo.next(2), None, "once");
}

/// Dissertation, 3.10: the other does not wait, asks for no trial, and its peers vote though their
/// leader lives.
#[test]
fn lead_passes_without_a_pause() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    let (now, term) = (cluster.now, cluster.core(1).term());
    cluster.core(1).transfer(now, 3).expect("it leads");
    cluster.settle();
    assert!(cluster.core(3).is_leader(), "no time has passed");
    assert_eq!(cluster.core(3).term(), term + 1);
    cluster.run(ms(100));
    assert_eq!(cluster.core(1).leader(), Some(3));
}

/// Dissertation, 3.10: "If leadership transfer does not complete after about an election timeout, the
/// prior leader aborts the transfer and resumes accepting client requests."
#[test]
fn leader_resumes_when_the_other_does_not_take_over() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.core.transfer(solo.now, 2).expect("it leads");
    assert_eq!(solo.core.transfer(solo.now, 3), Err(TransferError::Busy(2)));
    let changed = solo.core.propose_change(solo.now, &[Change::Remove(3)]);
    assert_eq!(changed, Err(ChangeRefused::HandingOver));
    for _ in 0..3 {
        solo.pass(ms(49));
        solo.obey(&[3]);
        assert!(solo.core.propose(command("early")).is_err());
    }
    solo.pass(ms(3));
    assert!(solo.core.is_leader());
    solo.propose("again");
    solo.core.transfer(solo.now, 3).expect("the first try is over");
}

/// Dissertation, 3.10: to another voter only.
#[test]
fn lead_goes_to_no_stranger() {
    let mut solo = Solo::new(3);
    assert_eq!(solo.core.transfer(ms(0), 2), Err(TransferError::NotLeader { leader: None }));
    solo.rule();
    for to in [0, 1, 4] {
        assert_eq!(solo.core.transfer(solo.now, to), Err(TransferError::NoVoter(to)));
    }
}

/// Dissertation, 3.10: who is told to lead by somebody who does not lead itself stays where it is.
#[test]
fn only_the_leader_can_hand_over() {
    let mut solo = Solo::new(3);
    solo.ask(2, beat(1));
    for (from, term) in [(3, 1), (2, 2), (3, 9)] {
        assert_eq!(solo.ask(from, Request::Campaign { term }).answer, Answer::No);
        assert_eq!((solo.core.term(), solo.core.role()), (1, RoleName::Follower));
    }
    assert_eq!(solo.ask(2, Request::Campaign { term: 1 }), Reply { term: 2, answer: Answer::Yes });
    let (_, request) = solo.next(3).expect("it asks for votes");
    let Request::Vote(asked) = request else { panic!("{request}") };
    assert_eq!((asked.term, asked.ballot), (2, Ballot::Handed));
    assert_eq!(solo.ask(2, Request::Campaign { term: 1 }).answer, Answer::No, "repeated");
    assert_eq!(solo.core.term(), 2);
}
