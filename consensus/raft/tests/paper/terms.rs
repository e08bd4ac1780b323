//! Terms (section 5.1).

use raft::core::RoleName;
use raft::message::{Answer, Ballot, Reply};

use crate::solo::{Solo, at, beat, disk, vote};

/// Section 5.1: "if one server's current term is smaller than the other's, then it updates its current
/// term to the larger value".
#[test]
fn follower_updates_term_from_message() {
    let mut solo = Solo::with(3, disk(1, &[]), |config| config);
    solo.ask(2, beat(3));
    assert_eq!((solo.core.term(), solo.core.leader()), (3, Some(2)));
    assert_eq!(solo.disk.hard_state.term, 3, "and remembers it");
}

/// Section 5.1: "If a candidate or leader discovers that its term is out of date, it immediately
/// reverts to follower state."
#[test]
fn candidate_updates_term_from_message() {
    let mut solo = Solo::with(3, disk(1, &[]), |config| config);
    solo.stand();
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 2));
    solo.ask(2, beat(3));
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Follower, 3));
    assert_eq!(solo.disk.hard_state.vote, None, "nobody has its vote in the new term");
}

/// Section 5.1, as above, for a leader: by a request, and by an answer.
#[test]
fn leader_updates_term_from_message() {
    let mut solo = Solo::new(3);
    solo.rule();
    let mut other = solo.clone();
    solo.ask(2, beat(3));
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Follower, 3));

    other.propose("work");
    let sent = other.next(2).expect("there is something to send");
    let reply = Reply { term: 3, answer: Answer::No };
    other.core.on_reply(other.now, 2, sent.0, reply).expect("it is good");
    assert_eq!((other.core.role(), other.core.term()), (RoleName::Follower, 3));
    assert_eq!(other.core.leader(), None, "it knows no leader of that term");
}

/// Section 5.1: "If a server receives a request with a stale term number, it rejects the request."
#[test]
fn rejects_stale_term_message() {
    let mut solo = Solo::with(3, disk(3, &[]), |config| config);
    for request in [beat(2), vote(Ballot::Real, 2, at(1, 9)), vote(Ballot::Trial, 3, at(1, 9))] {
        let reply = solo.ask(2, request);
        assert_eq!(reply, Reply { term: 3, answer: Answer::No }, "it learns the term");
    }
    assert_eq!((solo.core.term(), solo.core.leader()), (3, None));
    assert_eq!(solo.disk.hard_state.vote, None);
}

/// Section 5.1: an answer to a question of an earlier term is about what is no more.
#[test]
fn ignores_stale_term_answer() {
    let mut solo = Solo::new(3);
    solo.stand();
    let late = solo.next(2).expect("it asks for the vote");
    solo.stand();
    solo.agree(2, &late);
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 2));
    let now = solo.next(2).expect("it asks again");
    solo.agree(2, &now);
    assert_eq!(solo.core.role(), RoleName::Leader);
}
