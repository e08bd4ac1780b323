//! Elections (sections 5.2 and 5.4.1). Trials come before them: `pre_vote.rs`.

use raft::core::{Core, RoleName};
use raft::log::Conflict;
use raft::message::{Answer, Ballot, Reply, Request, VoteRequest};
use raft::quorum::majority;
use raft::{Config, HardState, Stored};

use crate::solo::{Solo, append, at, beat, disk, ms, vote};

/// Section 5.2: "When servers start up, they begin as followers."
#[test]
fn start_as_follower() {
    let solo = Solo::new(3);
    assert_eq!(
        (solo.core.role(), solo.core.term(), solo.core.leader()),
        (RoleName::Follower, 0, None)
    );
}

/// Section 5.2: a follower that hears nothing over the election time-out wants to lead: it increments
/// its term, votes for itself and asks all others.
#[test]
fn follower_starts_election() {
    let mut solo = Solo::with(5, disk(1, &[]), |config| config);
    solo.stand();
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 2));
    assert_eq!(solo.disk.hard_state, HardState { term: 2, vote: Some(1) });
    for peer in 2..=5 {
        let (_, request) = solo.next(peer).expect("each is asked");
        assert!(matches!(request, Request::Vote(VoteRequest { term: 2, .. })), "{request}");
        assert_eq!(solo.next(peer), None, "once");
    }
}

/// Section 5.2: a candidate that neither wins nor loses over the time-out begins again.
#[test]
fn candidate_starts_new_election() {
    let mut solo = Solo::with(3, disk(1, &[]), |config| config);
    solo.stand();
    solo.stand();
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 3));
    let (_, request) = solo.next(2).expect("it asks again");
    assert!(matches!(request, Request::Vote(VoteRequest { term: 3, .. })), "{request}");
}

/// Section 5.2: "A candidate wins an election if it receives votes from a majority", and else not.
#[test]
fn leader_election_in_one_round_of_messages() {
    for count in 1..=7 {
        for yes in 0..count {
            for no in 0..count - yes {
                let mut solo = Solo::new(count);
                solo.stand();
                for peer in 2..2 + yes + no {
                    if solo.core.is_leader() {
                        break;
                    }
                    let sent = solo.next(peer).expect("each is asked");
                    let answer = if peer < 2 + yes { Answer::Yes } else { Answer::No };
                    solo.reply(peer, &sent, answer);
                }
                let wins = 1 + yes as usize >= majority(count as usize);
                assert_eq!(solo.core.is_leader(), wins, "{yes} yes, {no} no, of {count}");
            }
        }
    }
}

/// Section 5.2: "Each server will vote for at most one candidate in a given term, on a
/// first-come-first-served basis", and again for the same one. Also after a crash.
#[test]
fn follower_votes_once_per_term() {
    let cases = [(None, 2, true), (None, 3, true), (Some(2), 2, true), (Some(2), 3, false)];
    for (given, asker, granted) in cases {
        let stored = Stored { hard_state: HardState { term: 1, vote: given }, ..<_>::default() };
        let mut solo = Solo::with(3, stored, |config| config);
        for crashed in [false, true] {
            let reply = solo.ask(asker, vote(Ballot::Real, 1, at(0, 0)));
            let answer = if granted { Answer::Yes } else { Answer::No };
            assert_eq!(reply.answer, answer, "{given:?}, asked by {asker}, crashed: {crashed}");
            solo.restart(Solo::config(3));
        }
        let other = solo.ask(5 - asker, vote(Ballot::Real, 1, at(0, 0)));
        assert_eq!(other.answer == Answer::Yes, !granted, "one of the two has it");
    }
}

/// Section 5.2: "If the leader's term is at least as large as the candidate's current term, then the
/// candidate recognizes the leader as legitimate and returns to follower state."
#[test]
fn candidate_falls_back() {
    for term in [2, 3] {
        let mut solo = Solo::with(3, disk(1, &[]), |config| config);
        solo.stand();
        assert_eq!(solo.ask(2, beat(term)).answer, Answer::Yes);
        assert_eq!((solo.core.role(), solo.core.leader()), (RoleName::Follower, Some(2)));
        assert_eq!(solo.core.term(), term);
    }
}

/// Section 5.2: a leader that hears of its own term's entries from another has a double. It says so,
/// and does not follow.
#[test]
fn leader_follows_no_other_of_its_own_term() {
    let mut solo = Solo::new(3);
    solo.rule();
    let refused = solo.hear(2, beat(solo.core.term())).expect_err("there is one leader");
    assert!(refused.to_string().contains("two nodes have one name"), "{refused}");
    assert!(solo.core.is_leader());
}

/// Section 5.2: "election timeouts are chosen randomly from a fixed interval": all of it is used.
#[test]
fn election_timeout_is_randomised() {
    let mut solo = Solo::new(3);
    let waits: Vec<_> = (0..1000)
        .map(|_| {
            solo.ask(2, beat(1));
            solo.core.deadline().expect("it waits for its leader") - solo.now
        })
        .collect();
    assert!(waits.iter().all(|wait| (ms(150)..ms(300)).contains(wait)));
    for tenth in 0..10 {
        let part = ms(150 + 15 * tenth)..ms(165 + 15 * tenth);
        assert!(waits.iter().any(|wait| part.contains(wait)), "{part:?} is never chosen");
    }
}

/// Section 5.2: randomised time-outs "ensure that split votes are rare": seldom are the two shortest of
/// five within a round trip.
#[test]
fn election_timeouts_seldom_collide() {
    let collides = |round: u64| {
        let wait = |id: u64| {
            let mut config = Config::new(id, 1..=5).expect("the list is good");
            config.seed = round * 5 + id;
            let core = Core::new(config, Stored::default(), ms(0)).expect("the disk is empty");
            core.deadline().expect("it wants to lead")
        };
        let mut waits: Vec<_> = (1..=5).map(wait).collect();
        waits.sort_unstable();
        waits[1] - waits[0] < ms(5)
    };
    let collisions = (0..1000).filter(|round| collides(*round)).count();
    // By chance 1 - (1 - 5/150)^5, which is 16 %.
    assert!((50..250).contains(&collisions), "{collisions} of 1000");
}

/// Section 5.4.1: "the RPC includes information about the candidate's log".
#[test]
fn vote_request_says_where_the_log_ends() {
    for terms in [&[1][..], &[1, 2], &[1, 1, 4]] {
        let mut solo = Solo::with(3, disk(5, terms), |config| config);
        solo.stand();
        for peer in [2, 3] {
            let (_, request) = solo.next(peer).expect("each is asked");
            let last = at(terms[terms.len() - 1], terms.len() as u64);
            let asked = VoteRequest { term: 6, last, ballot: Ballot::Real };
            assert_eq!(request, Request::Vote(asked));
        }
    }
}

/// Section 5.4.1: "the voter denies its vote if its own log is more up-to-date than that of the
/// candidate": the later last term, then the longer log.
#[test]
fn voter_denies_less_up_to_date_log() {
    let cases: [(&[u64], _, _); 9] = [
        (&[1], at(1, 1), true),
        (&[1], at(1, 2), true),
        (&[1, 1], at(1, 1), false),
        (&[1], at(2, 1), true),
        (&[1], at(2, 2), true),
        (&[1, 1], at(2, 1), true),
        (&[2], at(1, 1), false),
        (&[2], at(1, 2), false),
        (&[1, 2], at(1, 9), false),
    ];
    for (terms, last, granted) in cases {
        for ballot in [Ballot::Trial, Ballot::Real] {
            let mut solo = Solo::with(3, disk(3, terms), |config| config);
            let reply = solo.ask(2, vote(ballot, 4, last));
            assert_eq!(reply.answer == Answer::Yes, granted, "{terms:?}, asked with {last}");
        }
    }
}

/// Section 5.2: a vote that is granted gives its candidate the time to win; one that is refused
/// does not.
#[test]
fn granting_a_vote_puts_off_the_own_election() {
    for (last, granted) in [(at(2, 1), true), (at(1, 1), false)] {
        let mut solo = Solo::with(3, disk(2, &[2]), |config| config);
        let before = solo.core.deadline();
        solo.now = ms(100);
        let reply = solo.ask(2, vote(Ballot::Real, 3, last));
        assert_eq!(
            reply,
            Reply { term: 3, answer: if granted { Answer::Yes } else { Answer::No } }
        );
        assert_eq!(solo.core.deadline() > before, granted);
    }
}

/// Section 5.2: who has won leads; a late vote changes nothing more.
#[test]
fn leader_ignores_late_votes() {
    let mut solo = Solo::new(5);
    solo.stand();
    let asked: Vec<_> = (2..=5).map(|peer| (peer, solo.next(peer).expect("asked"))).collect();
    for (peer, sent) in &asked[..2] {
        solo.agree(*peer, sent);
    }
    assert!(solo.core.is_leader());
    let before = solo.core.clone();
    solo.reply(4, &asked[2].1, Answer::No);
    solo.agree(5, &asked[3].1);
    assert_eq!(solo.core, before);
}

/// Section 5.3, seen from an election: whoever is behind the new leader is asked from its own end on.
#[test]
fn new_leader_begins_behind_its_own_log() {
    let mut solo = Solo::with(3, disk(1, &[1, 1, 1]), |config| config);
    solo.lead();
    let (_, request) = solo.next(2).expect("it says that it leads");
    let Request::Append(asked) = &request else { panic!("{request}") };
    assert_eq!((asked.previous, asked.entries.len()), (at(1, 3), 1));
    let mut follower = Solo::with(3, disk(1, &[1]), |config| config);
    let reply = follower.ask(3, append(2, at(1, 3), &[2], 0));
    assert_eq!(reply.answer, Answer::Conflict(Conflict::Short { next: 2 }));
}
