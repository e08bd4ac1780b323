//! Faults of this core that were found while these tests were written.

use raft::core::{Core, ReadOutcome, RoleName};
use raft::log::{Conflict, Payload};
use raft::membership::{Change, Membership};
use raft::message::{Answer, Refused, Request};
use raft::{Config, Stored};

use crate::cluster::Cluster;
use crate::solo::{Solo, append, at, carried, chunk, disk, ms, snapshot};

/// The first entry of the leader's term was looked for behind the log: the read waited for an entry
/// that nobody had proposed.
#[test]
fn a_read_needs_no_write_when_the_whole_log_is_compacted() {
    let mut solo = Solo::new(3);
    solo.rule();
    let last = solo.apply().expect("its first entry is committed");
    solo.compact(last, 10);
    solo.core.read_index(solo.now).expect("it leads");
    solo.obey(&[2, 3]);
    assert!(matches!(solo.ready()[..], [ReadOutcome::Ready { index, .. }] if index == last));
}

/// Entries that the coming snapshot holds were acknowledged while the snapshot was on no disk. After a
/// crash the leader would have looked for the follower's end only behind them.
#[test]
fn an_entry_that_a_snapshot_holds_is_acknowledged_with_the_snapshot() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    let whole = snapshot(at(1, 10), 5);
    let chunk_ticket = solo.hear(2, chunk(1, &whole, 0, 5)).expect("it is good");
    let late = solo.hear(2, append(1, at(1, 4), &[1, 1], 6)).expect("it is good");
    let save = solo.take().expect("there is a piece");
    assert_eq!(solo.answer(late), None, "its disk holds two entries");
    solo.keep(save);
    let mut tickets: Vec<_> = solo.core.take_replies().iter().map(|reply| reply.1).collect();
    tickets.sort_unstable();
    assert_eq!(tickets, [chunk_ticket, late]);
}

/// What was committed, and known to be, is on the disk or under way already: its acknowledgement does
/// not wait for the snapshot.
#[test]
fn a_heartbeat_does_not_wait_for_the_snapshot() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    solo.ask(2, append(1, at(1, 2), &[], 2));
    solo.hear(2, chunk(1, &snapshot(at(1, 10), 5), 0, 5)).expect("it is good");
    let ticket = solo.hear(2, append(1, at(1, 2), &[], 2)).expect("it is good");
    assert_eq!(solo.answer(ticket).map(|reply| reply.answer), Some(Answer::Yes));
}

/// A piece that had to wait for the disk was answered at once, so that it came again at once; and the
/// answer for an empty snapshot, no bytes, said that it was whole.
#[test]
fn a_piece_that_finds_the_disk_busy_is_asked_for_when_it_is_free() {
    let mut solo = Solo::new(3);
    let first = solo.hear(2, chunk(1, &snapshot(at(1, 5), 20), 0, 5)).expect("it is good");
    let empty = snapshot(at(1, 8), 0);
    let second = solo.hear(2, chunk(1, &empty, 0, 0)).expect("it is good");
    assert!(solo.core.take_replies().is_empty(), "the disk was not even told");
    let save = solo.take().expect("the first piece waits");
    solo.keep(save);
    let replies = solo.core.take_replies();
    let [(2, one, have), (2, other, no)] = replies[..] else { panic!("{replies:?}") };
    assert_eq!((one, have.answer), (first, Answer::Have(5)));
    assert_eq!((other, no.answer), (second, Answer::No));
    assert_eq!(solo.core.log().base(), at(0, 0), "it is not installed");
    assert_eq!(solo.ask(2, chunk(1, &empty, 0, 0)).answer, Answer::Have(0));
    assert_eq!(solo.core.log().base(), at(1, 8));
}

/// The leader's side of it: it sends the piece again.
#[test]
fn a_leader_repeats_the_piece_that_was_not_taken() {
    let mut solo = leader_with_a_snapshot(0);
    let sent = solo.next(2).expect("the peer lacks the snapshot");
    assert!(matches!(sent.1, Request::Chunk(_)), "{}", sent.1);
    solo.reply(2, &sent, Answer::No);
    assert_eq!(solo.core.matched(2), Some(0));
    let again = solo.next(2).expect("it was not taken");
    assert_eq!(again.1, sent.1);
    solo.agree(2, &again);
    assert_eq!(solo.core.matched(2), Some(5));
}

/// A node that leads behind a snapshot of so many bytes that ends at (1, 5). Peer 2 lacks it.
pub(crate) fn leader_with_a_snapshot(size: u64) -> Solo {
    let stored = Stored { snapshot: Some(snapshot(at(1, 5), size)), ..disk(1, &[]) };
    let mut solo = Solo::with(3, stored, |config| config);
    solo.apply();
    solo.lead();
    let probe = solo.next(2).expect("a new leader asks");
    solo.reply(2, &probe, Answer::Conflict(Conflict::Short { next: 1 }));
    solo
}

/// The first question of a new leader was lost. It asked for entry 1 next, though nobody had refused the
/// end of its log, and would have sent all of it again, or its snapshot.
#[test]
fn a_question_that_was_lost_is_asked_again_in_the_same_place() {
    let mut solo = Solo::with(3, disk(1, &[1; 50]), |config| config);
    solo.lead();
    let lost = solo.next(2).expect("a new leader asks");
    assert_eq!(carried(&lost).0, 51);
    solo.core.on_lost(2, lost.0);
    let again = solo.next(2).expect("the question is open");
    assert_eq!(again.1, lost.1);
}

/// A disk that is slower than an election: all answers to entries wait for it, and while entries were
/// sent, no heartbeat was. The leader took its followers for dead.
#[test]
fn a_slow_disk_of_the_followers_deposes_no_leader_while_traffic_flows() {
    let mut solo = Solo::new(3);
    solo.rule();
    let term = solo.core.term();
    for round in 0..50 {
        solo.propose("work");
        solo.save();
        for peer in [2, 3] {
            for sent in solo.sent(peer) {
                let Request::Append(append) = &sent.1 else { panic!("no append: {}", sent.1) };
                if append.entries.is_empty() {
                    solo.agree(peer, &sent);
                }
            }
        }
        solo.pass(ms(30));
        assert!(solo.core.is_leader(), "deposed in round {round}");
    }
    assert_eq!(solo.core.term(), term);
}

/// An election after more time than a clock can count.
#[test]
fn endless_waits_are_refused_and_do_not_overflow() {
    let mut config = Config::new(1, 1..=3).expect("the list is good");
    config.election = std::time::Duration::MAX;
    let refused = raft::core::Core::new(config, Stored::default(), ms(0)).expect_err("too long");
    assert!(refused.to_string().contains("at most a day"), "{refused}");
}

/// A message whose entries leap over the snapshot that they contradict.
#[test]
fn entries_that_contradict_the_snapshot_are_refused() {
    let stored = Stored { snapshot: Some(snapshot(at(5, 10), 4)), ..disk(5, &[]) };
    let mut solo = Solo::with(3, stored, |config| config);
    for request in [
        append(5, at(1, 3), &[1; 20], 0),
        append(5, at(4, 10), &[4], 0),
        append(5, at(4, 9), &[4, 5], 0),
    ] {
        let before = solo.core.clone();
        let refused = solo.hear(2, request);
        assert_eq!(refused, Err(Refused::Contradiction { leader: 2, term: 5 }));
        assert_eq!(solo.core, before);
    }
}

/// A snapshot that holds another entry where this node has a committed one, or that ends in an
/// earlier term behind it.
#[test]
fn a_snapshot_that_contradicts_what_is_committed_is_refused() {
    let mut solo = Solo::with(3, disk(5, &[1, 5, 5]), |config| config);
    solo.ask(2, append(5, at(5, 3), &[], 3));
    for last in [at(4, 3), at(2, 2), at(4, 9)] {
        let before = solo.core.clone();
        let refused = solo.hear(2, chunk(5, &snapshot(last, 4), 0, 4));
        assert_eq!(refused, Err(Refused::Contradiction { leader: 2, term: 5 }), "{last}");
        assert_eq!(solo.core, before);
    }
}

/// The own snapshot of (1, 3) becomes safe after that of a leader, which reaches further.
#[test]
fn an_older_snapshot_replaces_no_newer_one_on_the_disk() {
    let mut disk = Stored { snapshot: Some(snapshot(at(1, 9), 4)), ..disk(1, &[1]) };
    let before = disk.clone();
    disk.compact(snapshot(at(1, 3), 4));
    assert_eq!(disk, before);
}

/// The bytes of the command that did not fit any more were counted, its frame was not.
#[test]
fn the_uncommitted_log_never_exceeds_its_bound() {
    let mut solo = Solo::with(3, Stored::default(), |mut config| {
        config.uncommitted = 310;
        config
    });
    solo.rule();
    let accepted = (0..100).take_while(|_| solo.core.propose([0; 10].into()).is_ok()).count();
    let (commit, last) = (solo.core.commit(), solo.core.last().index);
    let waiting = solo.core.log().bytes(commit, last);
    assert!(accepted >= 1 && waiting <= 310, "{waiting} bytes wait");
}

/// A leader that is told of a term at the end of all numbers looked for the one behind it.
#[test]
fn a_conflict_in_an_impossible_term_is_refused() {
    let mut solo = Solo::new(3);
    solo.lead();
    let sent = solo.next(2).or_else(|| solo.next(3)).expect("a new leader asks");
    let conflict = Conflict::Other { term: u64::MAX, first: 1 };
    let reply = raft::message::Reply { term: 1, answer: Answer::Conflict(conflict) };
    let before = solo.core.clone();
    let refused = solo.core.on_reply(solo.now, 2, sent.0, reply).expect_err("it is impossible");
    assert!(refused.to_string().contains("contradicts itself"), "{refused}");
    assert_eq!(solo.core, before);
}

/// A node whose removal is in its log alone gave up for ever, though nobody else's log was long enough
/// to win (dissertation, 4.2.2).
#[test]
fn who_is_removed_in_its_own_log_alone_still_runs_for_the_lead() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.core.propose_change(solo.now, &[Change::Remove(1)]).expect("it leads");
    solo.save();
    solo.restart(Solo::config(3));
    assert!(!solo.core.log().membership().contains(1));
    solo.lead();
    solo.obey(&[2, 3]);
    assert!(!solo.core.is_leader(), "the change is committed: it goes");
    solo.apply();
    assert_eq!((solo.core.role(), solo.core.deadline()), (RoleName::Learner, None));
}

/// The same, when it got its vote by one uncommitted change and lost it by the next. Found by seed 43,621
/// of the simulation.
#[test]
fn who_voted_between_two_uncommitted_changes_still_runs_for_the_lead() {
    let learner = Membership::new([1, 2]).simple(&[Change::Learner(3)]).expect("one learner");
    let voter = learner.simple(&[Change::Voter(3)]).expect("one voter more");
    let again = voter.simple(&[Change::Learner(3)]).expect("one voter less");
    let mut stored = disk(2, &[1, 2, 2]);
    for (entry, members) in stored.entries.iter_mut().zip([learner, voter, again]) {
        entry.payload = Payload::Membership(members.into());
    }
    let core = Core::new(Config::joining(3).expect("a good name"), stored, ms(0));
    let mut core = core.expect("the disk is good");
    core.handle(ms(0), 1, 1, append(2, at(1, 1), &[], 1)).expect("it is good");
    assert_eq!((core.commit(), core.role()), (1, RoleName::Follower));
    assert!(core.deadline().is_some(), "the others may need its log");
}

/// A node that was removed never heard that this is committed, and asked for votes for ever.
#[test]
fn who_is_removed_is_told_and_rests() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1);
    cluster.run(ms(100));
    let now = cluster.now;
    cluster.core(1).propose_change(now, &[Change::Remove(3)]).expect("it leads");
    cluster.run(ms(10));
    assert_eq!(cluster.core(3).role(), RoleName::Learner);
    assert_eq!(cluster.core(3).deadline(), None);
    assert_eq!(cluster.core(1).matched(3), None, "nothing is sent to it any more");
}

/// A term at the end of all numbers was counted on, into one that nobody believes, and that no disk
/// was allowed to hold.
#[test]
fn the_last_term_is_not_exceeded() {
    let last = u64::MAX / 2;
    let mut solo = Solo::new(3);
    solo.ask(2, append(last, at(0, 0), &[], 0));
    solo.now = ms(10_000);
    solo.core.tick(solo.now);
    assert_eq!((solo.core.term(), solo.core.deadline()), (last, None));
    solo.restart(Solo::config(3));
    assert_eq!(solo.core.term(), last);
}
