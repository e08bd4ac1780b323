//! The textbook's Raft, and how it breaks: faults 000-c (Raft's part), 003-1a and 004-2c. Ours stands
//! beside each.

#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/cluster.rs"]
mod cluster;
#[path = "pitfalls/textbook.rs"]
mod textbook;

use cluster::{Cluster, Mail, command, ms};
use raft::core::{Core, RoleName};
use raft::log::{Entry, Payload};
use raft::message::{Answer, AppendRequest, Ballot, Request, VoteRequest};
use raft::{Config, HardState, NodeId, Position, Stored, Term};
use textbook::{State, Textbook};

const NOTHING: (Term, usize) = (0, 0);

fn vote(term: Term) -> Request {
    Request::Vote(VoteRequest { term, last: Position::default(), ballot: Ballot::Real })
}

/// What one of ours says to a request, once its disk is as far.
fn ask(cluster: &mut Cluster, to: NodeId, from: NodeId, request: Request) -> Answer {
    let now = cluster.now;
    let node = cluster.node(to);
    node.core.handle(now, from, u64::MAX, request).expect("it is a good message");
    node.write(now);
    let replies = node.core.take_replies();
    replies.into_iter().find(|(_, ticket, _)| *ticket == u64::MAX).expect("it answers").2.answer
}

/// 003-1a: the vote is the part that the textbook leaves out.
#[test]
fn without_a_vote_that_is_kept_two_lead_in_one_term() {
    let mut voter = Textbook::new(3, 3);
    assert!(voter.request_vote(1, 1, NOTHING));
    voter = voter.restarted();
    assert!(voter.request_vote(1, 2, NOTHING), "it has forgotten, and votes a second time");
    let leaders = [1, 2].map(|id| {
        let mut candidate = Textbook::new(id, 3);
        candidate.start_election();
        candidate.vote_came();
        (candidate.state, candidate.term)
    });
    assert_eq!(leaders, [(State::Leader, 1); 2]);
}

#[test]
fn ours_votes_once_in_a_term_and_remembers_it() {
    let mut cluster = Cluster::new(3);
    assert_eq!(ask(&mut cluster, 3, 1, vote(1)), Answer::Yes);
    let disk = cluster.node(3).disk.clone();
    cluster.start(Config::new(3, 1..=3).unwrap(), disk);
    assert_eq!(ask(&mut cluster, 3, 2, vote(1)), Answer::No);
    assert_eq!(ask(&mut cluster, 3, 1, vote(1)), Answer::Yes, "the same one may ask again");
}

/// 004-2c: a candidate that does not vote for itself has a vote left.
#[test]
fn a_candidate_of_the_textbook_votes_for_another_too() {
    let mut candidate = Textbook::new(1, 3);
    candidate.start_election();
    assert!(candidate.request_vote(1, 2, NOTHING), "it counted itself, and helps another");
}

#[test]
fn a_candidate_of_ours_has_voted() {
    let mut cluster = Cluster::new(3);
    cluster.isolate(1);
    let (previous, entries) = (Position::default(), Vec::new());
    let word = AppendRequest { term: 1, previous, entries, commit: 0 };
    assert_eq!(ask(&mut cluster, 1, 2, Request::Append(word)), Answer::Yes);
    assert_eq!(ask(&mut cluster, 1, 2, Request::Campaign { term: 1 }), Answer::Yes);
    assert_eq!((cluster.core(1).role(), cluster.core(1).term()), (RoleName::Candidate, 2));
    assert_eq!(ask(&mut cluster, 1, 3, vote(2)), Answer::No);
    assert_eq!(cluster.node(1).disk.hard_state, HardState { term: 2, vote: Some(1) });
}

/// 004-2c: `votes > len(peers) / 2`, where `peers` are the others.
#[test]
fn two_of_four_elect_a_leader_and_the_other_two_elect_another() {
    let leaders = [(1, 2), (3, 4)].map(|(candidate, voter)| {
        let (mut candidate, mut voter) = (Textbook::new(candidate, 4), Textbook::new(voter, 4));
        candidate.start_election();
        assert!(voter.request_vote(candidate.term, candidate.id, NOTHING));
        candidate.vote_came();
        (candidate.state, candidate.term)
    });
    assert_eq!(leaders, [(State::Leader, 1); 2], "in one term");
}

#[test]
fn two_of_four_of_ours_elect_nobody() {
    let mut cluster = Cluster::new(4);
    for (one, other) in [(1, 3), (1, 4), (2, 3), (2, 4)] {
        cluster.cut.extend([(one, other), (other, one)]);
    }
    cluster.run(ms(5_000));
    assert!(cluster.nodes.values().all(|node| !node.core.is_leader()));
    cluster.heal();
    cluster.run(ms(5_000));
    assert_eq!(cluster.nodes.values().filter(|node| node.core.is_leader()).count(), 1);
}

/// 004-2c: a vote is counted whatever became of the candidate meanwhile.
#[test]
fn a_late_vote_crowns_a_node_in_a_term_that_it_did_not_win() {
    let mut node = Textbook::new(1, 5);
    node.start_election();
    node.vote_came();
    // Another asks for votes in term 2, and gets this one's.
    assert!(node.request_vote(2, 2, NOTHING));
    assert_eq!(node.state, State::Follower);
    node.vote_came();
    assert_eq!((node.state, node.term), (State::Leader, 2), "by a vote of term 1");
    node.vote_came();
    assert_eq!(node.crowned, 2, "and once more for every vote that is later still");
}

#[test]
fn a_late_vote_is_nothing_to_ours() {
    let mut cluster = Cluster::new(5);
    cluster.now = ms(1_000);
    let now = cluster.now;
    cluster.core(1).tick(now);
    // The trial is won. Of the votes in term 1 none has arrived when term 2 begins.
    while cluster.core(1).term() == 0 {
        assert!(cluster.write() || cluster.collect() || cluster.deliver());
    }
    while cluster.write() || cluster.collect() {}
    let at_one = |mail: &Mail| matches!(mail, Mail::Request { from: 1, .. });
    while cluster.mail.iter().any(at_one) {
        cluster.deliver();
        cluster.write();
        cluster.collect();
    }
    assert_eq!(ask(&mut cluster, 1, 2, vote(2)), Answer::Yes);
    while cluster.deliver() {}
    assert_eq!((cluster.core(1).role(), cluster.core(1).term()), (RoleName::Follower, 2));
}

/// 004-2c: nobody stops the leader's election timer.
#[test]
fn the_election_timer_of_the_textbook_deposes_its_leader() {
    let mut node = Textbook::new(1, 3);
    node.start_election();
    node.vote_came();
    let beats = (0..3).filter(|_| node.tick()).count();
    assert_eq!((node.state, node.term), (State::Candidate, 2), "nothing was wrong");
    assert_eq!(beats, 1, "the heartbeat's timer fires once");
}

#[test]
fn a_leader_of_ours_leads_on_and_beats() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    let (term, before) = (cluster.core(1).term(), cluster.requests);
    cluster.run(ms(10_000));
    assert!(cluster.core(1).is_leader() && cluster.core(1).term() == term);
    let beats = (cluster.requests - before) / 2;
    assert!((190..=200).contains(&beats), "{beats} in 200 times 50 ms");
}

/// 004-2c: a candidate stays one when it hears the leader of its own term.
#[test]
fn a_candidate_of_the_textbook_does_not_see_who_won() {
    let mut node = Textbook::new(1, 3);
    node.start_election();
    assert!(node.append_entries(1, NOTHING, &[], 0));
    assert_eq!(node.state, State::Candidate);
    node.vote_came();
    assert_eq!(node.state, State::Leader, "so that a late vote makes two in one term");
}

#[test]
fn a_candidate_of_ours_follows_who_won() {
    let mut core = Core::new(Config::new(1, 1..=3).unwrap(), Stored::default(), ms(0)).unwrap();
    core.tick(ms(1_000));
    assert_eq!(core.role(), RoleName::Candidate);
    let (entries, previous) = (Vec::new(), Position::default());
    let word = AppendRequest { term: core.term().max(1), previous, entries, commit: 0 };
    core.handle(ms(1_000), 2, 0, Request::Append(word)).expect("a good message");
    assert_eq!((core.role(), core.leader()), (RoleName::Follower, Some(2)));
}

/// 004-2c: `min(leader's commit, own last index)`, though nobody compared what stands behind the last
/// entry of the message.
#[test]
fn a_follower_of_the_textbook_commits_what_its_leader_never_had() {
    let mut node = Textbook::new(3, 3);
    node.append_entries(1, NOTHING, &[(1, "a"), (1, "b")], 0);
    // Leader of term 2 has a, and another entry at 2, which is committed. Its heartbeat speaks of a.
    node.append_entries(2, (1, 1), &[], 2);
    assert_eq!(node.log[node.commit], (1, "b"), "this is applied, and it is wrong");
}

#[test]
fn a_follower_of_ours_commits_what_the_message_vouches_for() {
    let mut cluster = Cluster::new(3);
    let entry = |term| Entry { term, payload: Payload::Empty };
    let append = |term, previous, entries, commit| {
        Request::Append(AppendRequest { term, previous, entries, commit })
    };
    let two = append(1, Position::default(), vec![entry(1), entry(1)], 0);
    assert_eq!(ask(&mut cluster, 3, 1, two), Answer::Yes);
    let beat = append(2, Position { term: 1, index: 1 }, Vec::new(), 2);
    assert_eq!(ask(&mut cluster, 3, 2, beat), Answer::Yes);
    assert_eq!(cluster.core(3).commit(), 1);
}

/// 004-2c: nothing at the leader ever moves its commit index.
#[test]
fn the_commit_index_of_the_textbooks_leader_never_moves() {
    let (mut leader, mut follower) = (Textbook::new(1, 2), Textbook::new(2, 2));
    leader.start_election();
    leader.vote_came();
    leader.log.push((1, "a"));
    assert!(follower.append_entries(1, NOTHING, &leader.log[1..], leader.commit));
    // A majority has it. There is no more code.
    assert_eq!((leader.commit, follower.commit), (0, 0));
}

#[test]
fn a_leader_of_ours_commits_what_a_majority_has() {
    let mut cluster = Cluster::new(2);
    cluster.elect(1);
    let position = cluster.core(1).propose(command("a")).expect("it leads");
    cluster.settle();
    assert_eq!(cluster.core(1).commit(), position.index);
}

/// 000-c: a time-out that is made anew for every message, whoever sent it.
#[test]
fn a_candidate_that_cannot_win_keeps_the_textbook_from_electing() {
    let mut node = Textbook::new(1, 3);
    node.log.push((1, "a"));
    for _ in 0..1_000 {
        // 2 lacks the entry, so that it never gets the vote. But as long as the timer of a loop starts
        // anew with each message, as in the textbook of 000, node 1 never tries itself.
        assert!(!node.request_vote(node.term + 1, 2, NOTHING));
        node.election = 3;
        node.tick();
    }
    assert_eq!(node.state, State::Follower, "for ever");
}

#[test]
fn only_a_leader_or_a_granted_vote_puts_off_an_election_of_ours() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.core(1).propose(command("a")).expect("it leads");
    cluster.settle();
    cluster.isolate(3);
    cluster.nodes.remove(&1);
    // 3 heard nothing of the entry, or so its words say; it asks for votes again and again.
    let before = cluster.now;
    let mut term = 10;
    while !cluster.core(2).is_leader() && cluster.core(2).role() != RoleName::Candidate {
        term += 1;
        assert_eq!(ask(&mut cluster, 2, 3, vote(term)), Answer::No);
        cluster.run(ms(1));
        assert!(cluster.now < before + ms(300), "two times its time-out have passed");
    }
}
