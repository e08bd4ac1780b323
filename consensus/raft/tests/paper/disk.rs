//! What is durable, and who says so (section 5.1 "persistent state"; dissertation, 10.2.1).

use raft::HardState;
use raft::core::RoleName;
use raft::message::{Answer, Ballot, Request};

use crate::solo::{Solo, append, at, disk, ms, vote};

/// Dissertation, 10.2.1: "The leader can write to its disk in parallel with replicating to the
/// followers"; it counts itself when its own write is done.
#[test]
fn leader_sends_before_its_own_disk_has_the_entry() {
    let mut solo = Solo::new(3);
    solo.rule();
    let place = solo.propose("work");
    let save = solo.take().expect("the entry is to be written");
    let sent = solo.next(2).expect("and sent meanwhile");
    solo.agree(2, &sent);
    assert_eq!(solo.core.commit(), place.index - 1, "one disk of three has it");
    solo.keep(save);
    assert_eq!(solo.core.commit(), place.index);
}

/// Dissertation, 10.2.1: "it may even commit an entry before it has been written to the leader's disk,
/// if a majority of followers have written it"; but it applies nothing that its disk could lose.
#[test]
fn majority_of_others_commits_without_the_leaders_disk() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.apply();
    let place = solo.propose("work");
    for peer in [2, 3] {
        let sent = solo.next(peer).expect("there is an entry");
        solo.agree(peer, &sent);
    }
    assert_eq!(solo.core.commit(), place.index);
    assert_eq!(solo.apply(), None);
    solo.save();
    assert_eq!(solo.apply(), Some(place.index));
}

/// Figure 2: "Updated on stable storage before responding to RPCs".
#[test]
fn answers_wait_for_what_they_rest_on() {
    let mut solo = Solo::with(3, disk(1, &[1]), |config| config);
    let voted = solo.hear(2, vote(Ballot::Real, 2, at(1, 1))).expect("it is good");
    assert_eq!(solo.answer(voted), None);
    let first = solo.take().expect("the vote");
    assert_eq!(first.hard_state, Some(HardState { term: 2, vote: Some(2) }));
    let stored = solo.hear(2, append(2, at(1, 1), &[2], 0)).expect("it is good");
    assert_eq!(solo.answer(stored), None);
    solo.keep(first);
    let replies = solo.core.take_replies();
    assert_eq!(replies.iter().map(|reply| reply.1).collect::<Vec<_>>(), [voted]);
    solo.save();
    assert_eq!(solo.answer(stored).map(|reply| reply.answer), Some(Answer::Yes));
}

/// A candidate's own vote counts when it is durable, and nobody hears of the term before.
#[test]
fn candidate_counts_its_own_vote_when_it_is_durable() {
    let mut solo = Solo::new(1);
    solo.time_out();
    assert_eq!((solo.core.role(), solo.core.term()), (RoleName::Candidate, 1));
    solo.save();
    assert_eq!(solo.core.role(), RoleName::Leader);

    let mut solo = Solo::new(3);
    solo.time_out();
    let trial = solo.next(2).expect("it asks");
    solo.agree(2, &trial);
    assert_eq!((solo.core.term(), solo.next(2), solo.next(3)), (1, None, None));
    solo.save();
    assert!(matches!(solo.next(2), Some((_, Request::Vote(asked))) if asked.term == 1));
}

/// A heartbeat is answered while entries wait for the disk.
#[test]
fn heartbeat_is_answered_while_the_disk_is_busy() {
    let mut solo = Solo::with(3, disk(1, &[1]), |config| config);
    solo.ask(2, append(1, at(1, 1), &[], 0));
    let entries = solo.hear(2, append(1, at(1, 1), &[1, 1], 0)).expect("it is good");
    let beat = solo.hear(2, append(1, at(1, 1), &[], 0)).expect("it is good");
    let replies = solo.core.take_replies();
    assert_eq!(replies.iter().map(|reply| reply.1).collect::<Vec<_>>(), [beat]);
    solo.save();
    assert!(solo.answer(entries).is_some());
}

/// A follower's word is about what is on its disk: a heartbeat at the end of its log waits.
#[test]
fn question_about_unwritten_entries_waits_for_them() {
    let mut solo = Solo::new(3);
    solo.hear(2, append(1, at(0, 0), &[1, 1], 0)).expect("it is good");
    let again = solo.hear(2, append(1, at(1, 2), &[], 0)).expect("it is good");
    assert_eq!(solo.answer(again), None);
    solo.save();
    assert!(solo.answer(again).is_some());
}

/// Saves are taken while others are on their way, and the last word vouches for all before it.
#[test]
fn saves_are_pipelined() {
    let mut solo = Solo::new(1);
    solo.lead();
    let saves: Vec<_> = (0..3)
        .map(|_| {
            solo.propose("work");
            solo.take().expect("an entry")
        })
        .collect();
    assert_eq!(solo.core.commit(), 1);
    let (second, third) = (saves[1].seq, saves[2].seq);
    for save in saves {
        solo.disk.keep(save);
    }
    solo.core.saved(ms(0), second).expect("it was taken");
    assert_eq!(solo.core.commit(), 3);
    solo.core.saved(ms(0), third).expect("it was taken");
    assert_eq!(solo.core.commit(), 4);
}

/// Figure 2: what was acknowledged is there after a crash, at each point between a save and its word.
#[test]
fn crash_loses_nothing_that_was_acknowledged() {
    for safe in 0..=3 {
        let mut solo = Solo::new(3);
        let mut saves = Vec::new();
        let mut tickets = Vec::new();
        for index in 0..3 {
            let previous = at(u64::from(index > 0), index);
            tickets.push(solo.hear(2, append(1, previous, &[1], 0)).expect("it is good"));
            saves.extend(solo.take());
        }
        for save in saves.into_iter().take(safe) {
            solo.keep(save);
        }
        let answered = solo.core.take_replies().len();
        solo.restart(Solo::config(3));
        assert_eq!((answered, solo.core.last().index), (safe, safe as u64));
    }
}
