//! Reads that see all that was acknowledged before them (section 8; dissertation, 6.4), and leases
//! (dissertation, 6.4.1).

use raft::core::{ReadId, ReadOutcome};
use raft::log::Conflict;
use raft::message::{Answer, Asked, Ballot};
use raft::{Config, Index, Stored};

use crate::solo::{Solo, at, beat, disk, ms, vote};

fn ready(solo: &mut Solo) -> Vec<(ReadId, Index)> {
    let outcomes = solo.ready().into_iter().map(|outcome| match outcome {
        ReadOutcome::Ready { id, index, .. } => (id, index),
        ReadOutcome::Lost(id) => panic!("{id:?} is lost"),
    });
    outcomes.collect()
}

fn read(solo: &mut Solo) -> ReadId {
    solo.core.read_index(solo.now).expect("it leads")
}

/// Dissertation, 6.4, step 3: "The leader needs to make sure it has not been superseded by a newer
/// leader of which it is unaware. It issues a new round of heartbeats and waits for their
/// acknowledgments from a majority".
#[test]
fn read_waits_for_a_round_that_began_after_it() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.pass(ms(50));
    let before = solo.next(2).expect("a heartbeat is due");
    let id = read(&mut solo);
    solo.agree(2, &before);
    assert_eq!(ready(&mut solo), [], "it was sent before");
    let after = solo.next(2).expect("the read asks for a round");
    solo.agree(2, &after);
    assert_eq!(ready(&mut solo), [(id, solo.core.commit())]);
}

/// Dissertation, 6.4, step 1: "If the leader has not yet marked an entry from its current term
/// committed, it waits until it has done so."
#[test]
fn read_waits_for_the_first_commit_of_a_new_leader() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    solo.lead();
    let first = solo.next(2).expect("a new leader asks");
    let id = read(&mut solo);
    let round = solo.next(2).expect("the read asks for a round");
    solo.agree(2, &round);
    assert_eq!(ready(&mut solo), [], "(1, 2) may be committed, and nobody here knows");
    solo.agree(2, &first);
    assert_eq!(ready(&mut solo), [(id, 3)]);
}

/// Dissertation, 6.4, step 2: it reads at least what was committed when it began.
#[test]
fn read_index_is_the_commit_index() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.propose("work");
    solo.obey(&[2, 3]);
    let commit = solo.core.commit();
    let id = read(&mut solo);
    solo.propose("later");
    let sent = solo.sent(2);
    assert!(sent.iter().any(|(context, _)| context.round > 0));
    for sent in &sent {
        solo.agree(2, sent);
    }
    assert_eq!(ready(&mut solo), [(id, commit)]);
}

/// One round serves all reads that began before it.
#[test]
fn reads_share_a_round() {
    let mut solo = Solo::new(5);
    solo.rule();
    let ids: Vec<_> = (0..100).map(|_| read(&mut solo)).collect();
    for peer in [2, 3] {
        let sent = solo.sent(peer);
        assert_eq!(sent.len(), 1);
        solo.agree(peer, &sent[0]);
    }
    assert_eq!(ready(&mut solo).into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
}

/// A leader that steps down fails its reads; they never hang.
#[test]
fn reads_are_lost_with_the_lead() {
    let mut solo = Solo::new(3);
    solo.rule();
    let (one, other) = (read(&mut solo), read(&mut solo));
    solo.ask(2, beat(2));
    assert_eq!(solo.ready(), [ReadOutcome::Lost(one), ReadOutcome::Lost(other)]);
    let refused = solo.core.read_index(solo.now).expect_err("it follows");
    assert_eq!(refused.to_string(), "this node does not lead; ask node 2");
}

/// An answer of a learner, or of one voter of five, confirms nothing.
#[test]
fn read_needs_a_majority() {
    let mut solo = Solo::new(5);
    solo.rule();
    read(&mut solo);
    let sent = solo.next(2).expect("a round");
    solo.agree(2, &sent);
    solo.agree(2, &sent);
    assert_eq!(ready(&mut solo), [], "one other, twice");
    let sent = solo.next(3).expect("a round");
    solo.agree(3, &sent);
    assert_eq!(ready(&mut solo).len(), 1);
}

/// Whoever answers that the entries do not fit follows all the same.
#[test]
fn read_is_confirmed_by_any_answer_of_the_term() {
    let mut solo = Solo::with(3, disk(1, &[1]), |config| config);
    solo.rule();
    solo.core.link_up(2, 7);
    read(&mut solo);
    let sent = solo.next(2).expect("a probe, with the round");
    let Asked::Append { previous, .. } = sent.0.asked else { panic!("{}", sent.1) };
    solo.reply(2, &sent, Answer::Conflict(Conflict::Short { next: previous }));
    assert_eq!(ready(&mut solo).len(), 1);
}

fn leased(drift: u32) -> Solo {
    let with_lease = |mut config: Config| {
        config.lease_drift = Some(drift);
        config
    };
    let mut solo = Solo::with(3, Stored::default(), with_lease);
    // Not at 0: a clock that shows 0 has not begun.
    solo.now = ms(1000);
    solo.rule();
    solo
}

/// Dissertation, 6.4.1: a leader that heard from a majority need not ask again until an election could
/// have begun, by clocks that run apart by no more than is said.
#[test]
fn lease_is_shorter_than_an_election_by_the_drift() {
    for (drift, lasts) in [(0, 150_000), (1000, 149_700), (500_000, 50_000)] {
        let mut solo = leased(drift);
        let (start, until) = (solo.now, solo.core.lease_ends().expect("a majority answered"));
        assert_eq!((until - start).as_micros() / 100, lasts / 100, "{drift} millionths");
        solo.now = until - std::time::Duration::from_micros(1);
        read(&mut solo);
        let [ReadOutcome::Ready { until: told, .. }] = solo.ready()[..] else { panic!("asks") };
        assert_eq!(told, Some(until), "so that the clock can be looked at again");
        solo.now = until;
        read(&mut solo);
        assert_eq!(solo.ready(), [], "it asks a majority now");
    }
}

/// Dissertation, 6.4.1: the lease begins when the question was sent, not when it was answered.
#[test]
fn lease_counts_from_the_question() {
    let mut solo = leased(0);
    solo.pass(ms(50));
    let (asked, sent) = (solo.now, solo.next(2).expect("a heartbeat is due"));
    solo.now += ms(90);
    solo.agree(2, &sent);
    assert_eq!(solo.core.lease_ends(), Some(asked + ms(150)));
}

/// A candidate was elected by votes, and a vote is no promise to wait: no lease before a majority
/// followed.
#[test]
fn votes_give_no_lease() {
    let mut solo = leased(0);
    solo.ask(2, beat(5));
    solo.now += ms(1000);
    solo.lead();
    assert!(solo.core.is_leader());
    let read_now = solo.core.lease_ends().is_some_and(|until| solo.now < until);
    assert!(!read_now, "nobody has heard of the new leader");
}

/// A node that was started has forgotten whom it heard: for an election's time it votes for nobody,
/// if somebody's lease may rest on it.
#[test]
fn restarted_follower_is_loyal_to_whom_it_may_have_heard() {
    for (drift, loyal) in [(None, false), (Some(0), true)] {
        let config = |mut config: Config| {
            config.lease_drift = drift;
            config
        };
        let mut solo = Solo::with(3, disk(1, &[]), config);
        let reply = solo.ask(2, vote(Ballot::Real, 2, at(1, 3)));
        assert_eq!(reply.answer == Answer::No, loyal);
        solo.now = ms(150);
        let reply = solo.ask(2, vote(Ballot::Real, 3, at(1, 3)));
        assert_eq!(reply.answer, Answer::Yes);
    }
}

/// Without the option there is no lease.
#[test]
fn no_lease_unless_it_is_asked_for() {
    let mut solo = Solo::new(3);
    solo.now = ms(1000);
    solo.rule();
    assert_eq!(solo.core.lease_ends(), None);
    read(&mut solo);
    assert_eq!(solo.ready(), [], "it asks a majority");
}
