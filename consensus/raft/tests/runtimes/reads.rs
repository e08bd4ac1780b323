//! What readers and clients are told is true.

use std::sync::Arc;
use std::time::Duration;

use raft::core::RoleName;
use raft::message::{Answer, AppendRequest, Ballot, Reply, Request, VoteRequest};
use raft::node::{Answerer, Found, Network, ProposeError, ReadError};
use raft::{Config, NodeId, Position, Term};

use crate::running::cluster::{Cluster, LIMIT};
use crate::running::disk::{Brake, Memory};
use crate::running::hand::Hand;
use crate::running::news::News;
use crate::running::tape::{Shelf, Tape};
use crate::running::{Runs, Waits};

/// No busy machine holds up heartbeats so long.
fn calm(mut config: Config) -> Config {
    config.election = Duration::from_millis(400);
    config
}

pub(crate) fn a_read_sees_what_was_answered_before_it<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    let mut read = 0;
    for number in 0..50 {
        let index = cluster.one([number], 1);
        // Whoever answers, at whatever moment, knows it.
        let sees = |(_, node): (NodeId, &Arc<N>)| node.read(Tape::last).ok();
        for last in cluster.nodes().filter_map(sees) {
            assert!(last >= index, "read {last} after {index} was answered");
            read += 1;
        }
    }
    assert!(read > 25, "the leader was read: {read} times");
}

pub(crate) fn a_leader_that_was_cut_off_reads_nothing<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    cluster.one([1], 3);
    let old = cluster.leader();
    cluster.cut_off([old]);
    let read = cluster.node(old).read(Tape::last);
    assert!(matches!(read, Err(ReadError::Lost | ReadError::NotLeader { .. })), "{read:?}");
    cluster.one([2], 2);
    assert!(cluster.node(old).read(Tape::last).is_err());
}

/// A read that takes longer than the lease may be old when it is done.
pub(crate) fn a_lease_is_looked_at_again_after_the_read<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, |config| {
        let mut config = calm(config);
        config.lease_drift = Some(1000);
        config
    });
    let index = cluster.one([1], 3);
    let leader = cluster.leader();
    // Quick reads rest on the lease; those that do not rest on a round, and hold too.
    assert_eq!(cluster.node(leader).read(Tape::last), Ok(index));
    let waits = Arc::new(News::default());
    let slow = cluster.node(leader).read(move |tape| {
        waits.never(Duration::from_millis(500), || false);
        tape.last()
    });
    assert_eq!(slow, Err(ReadError::Lost));
    assert_eq!(cluster.node(leader).read(Tape::last), Ok(index));
}

pub(crate) fn a_stale_read_needs_no_leader<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(3);
    let index = cluster.one([1], 3);
    cluster.cut_off(1..=3);
    cluster.has_no_leader();
    for (_, node) in cluster.nodes() {
        assert_eq!(node.read_stale(Tape::last), Ok(index));
    }
}

pub(crate) fn a_command_in_whose_place_another_stands_says_so<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::with(3, calm);
    cluster.one([1], 3);
    let old = cluster.leader();
    let before = cluster.node(old).status().unwrap().last;
    cluster.cut_off([old]);
    let lost = cluster.node(old).submit(vec![2]);
    let last = cluster.node(old).status().unwrap().last;
    assert_eq!(last, Position { index: before.index + 1, ..before }, "it stands in its log");
    cluster.one([3], 2);
    cluster.mend([old]);
    assert_eq!(lost.fate(), Err(ProposeError::Superseded));
    cluster.one([4], 3);
    assert_eq!(cluster.shelf.count_of(&[2]), 0);
}

/// Tells a node that another leads in a term, and then that it is to lead itself.
pub(crate) fn hand_over<N: Runs>(node: &N, from: NodeId, term: Term) {
    let (entries, previous) = (Vec::new(), Position::default());
    let beat = AppendRequest { term, previous, entries, commit: 0 };
    for request in [Request::Append(beat), Request::Campaign { term }] {
        node.serve(from, request, Answerer::new(|_| {}));
    }
}

const YES: Answer = Answer::Yes;

/// A vote for an earlier term comes after the term has changed.
pub(crate) fn an_answer_of_an_earlier_term_counts_for_nothing<N: Runs<Machine = Tape>>() {
    let hand = Arc::new(Hand::default());
    let mut config = Config::new(1, 1..=5).unwrap();
    config.election = Duration::from_secs(5);
    let tape = Tape::new(1, Arc::new(Shelf::default()), Arc::new(Brake::default()));
    let network = Arc::clone(&hand) as Arc<dyn Network>;
    let node = N::start(config, Found::default(), tape, Memory::default(), network).unwrap();
    (2..=5).for_each(|peer| node.link_up(peer, 1));

    // In term 2 it asks all; node 2 says yes, late.
    hand_over(&node, 3, 1);
    let late = hand.vote(2, 2);
    (3..=5).for_each(|peer| drop(hand.vote(peer, 2)));
    // In term 4 it asks again. One more voter is missing, and node 2 has not voted in this term.
    hand_over(&node, 4, 3);
    hand.vote(3, 4).answer(Reply { term: 4, answer: YES });
    late.answer(Reply { term: 2, answer: YES });
    let leads = || node.status().unwrap().role == RoleName::Leader;
    assert!(hand.news.never(Duration::from_millis(100), leads));
    hand.vote(4, 4).answer(Reply { term: 4, answer: YES });
    hand.news.until(LIMIT, || leads().then_some(())).expect("three of five voted for it");
    let vote = VoteRequest { term: 4, last: Position::default(), ballot: Ballot::Handed };
    let (answer, told) = std::sync::mpsc::sync_channel(1);
    let tell = Answerer::new(move |reply| _ = answer.send(reply.map(|it| it.answer)));
    node.serve(5, Request::Vote(vote), tell);
    assert_eq!(told.recv_timeout(LIMIT), Ok(Some(Answer::No)), "it has voted for itself");
}
