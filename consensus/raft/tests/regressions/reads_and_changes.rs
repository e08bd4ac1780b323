//! Rows about reads, members and snapshots: 3, 9, 11, 13, 23, 24.

use raft::core::{ChangeRefused, ReadOutcome};
use raft::membership::{Change, Membership};
use raft::message::{Answer, Request};
use raft::{Config, Stored};

use crate::solo::{Solo, append, at, chunk, disk, ms, snapshot};

/// Row 3: two leaders each changed one server before either had committed in its term, and their
/// majorities did not meet (the correction of 2015 to the dissertation).
#[test]
fn a_new_leader_changes_nobody_before_it_has_committed() {
    let mut solo = Solo::with(4, disk(1, &[1]), |config| config);
    solo.lead();
    let refused = solo.core.propose_change(solo.now, &[Change::Remove(4)]);
    assert_eq!(refused, Err(ChangeRefused::TooSoon));
    solo.obey(&[2, 3]);
    assert!(solo.core.propose_change(solo.now, &[Change::Remove(4)]).is_ok());
}

/// Row 9: a deposed leader answered a read by its role alone (consul #54); a new one with an old commit
/// index (sofa-jraft #25); a round that began before the read counted (tikv PR #9239).
#[test]
fn a_deposed_leader_answers_no_read() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.pass(ms(50));
    let before = solo.next(2).expect("a heartbeat is due");
    let read = solo.core.read_index(solo.now).expect("it believes to lead");
    // Another leads, and has committed: nobody answers in this term any more.
    solo.agree(2, &before);
    assert_eq!(solo.ready(), [], "role and an old round are not enough");
    solo.pass(ms(200));
    assert_eq!(solo.ready(), [ReadOutcome::Lost(read)], "and it does not hang");
}

/// Row 9, the commit index: what the leader before it acknowledged is committed, and the new one does
/// not know.
#[test]
fn a_new_leader_reads_behind_its_first_entry() {
    let mut solo = Solo::with(3, disk(1, &[1, 1]), |config| config);
    solo.lead();
    solo.core.read_index(solo.now).expect("it leads");
    assert_eq!((solo.core.commit(), solo.ready().len()), (0, 0));
    solo.obey(&[2]);
    assert!(matches!(solo.ready()[..], [ReadOutcome::Ready { index: 3, .. }]));
}

/// Row 9, the quorum: in a joint change both majorities must confirm.
#[test]
fn a_read_in_a_joint_change_needs_both_majorities() {
    let mut solo = Solo::new(3);
    solo.rule();
    let changes = [Change::Voter(4), Change::Voter(5), Change::Remove(2), Change::Remove(3)];
    solo.core.propose_change(solo.now, &changes).expect("it leads");
    (4..=5).for_each(|peer| solo.core.link_up(peer, 1));
    solo.save();
    solo.core.read_index(solo.now).expect("it leads");
    solo.obey(&[4, 5]);
    assert_eq!(solo.ready(), [], "the old ones could have another leader");
    solo.obey(&[2]);
    assert_eq!(solo.ready().len(), 1);
}

/// Row 11: a change took effect when it was applied: a candidate counted the votes of an old
/// configuration (etcd #7280, #12359).
#[test]
fn a_candidate_counts_by_the_members_in_its_log() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.core.propose_change(solo.now, &[Change::Voter(4)]).expect("it leads");
    solo.save();
    solo.restart(Solo::config(3));
    solo.core.link_up(4, 1);
    assert_eq!(solo.core.commit(), 0, "nothing is applied");
    solo.time_out();
    let trial = solo.next(4).expect("4 votes too");
    assert!(matches!(trial.1, Request::Vote(_)));
    let other = solo.next(2).expect("and 2");
    solo.agree(2, &other);
    assert_eq!(solo.core.term(), 1, "two of four are no majority");
    solo.agree(4, &trial);
    assert_eq!(solo.core.term(), 2);
}

/// Row 13: a snapshot arrived while entries were being applied (openraft #1829), and its state was
/// put under them.
#[test]
fn a_snapshot_waits_for_the_entries_that_are_being_applied() {
    let mut solo = Solo::new(3);
    solo.ask(2, append(1, at(0, 0), &[1, 1, 1], 3));
    let (first, entries) = solo.core.take_committed(9).expect("three are committed");
    assert_eq!((first, entries.len()), (1, 3));
    // They are with the state machine. Meanwhile:
    let whole = snapshot(at(1, 9), 4);
    solo.ask(2, chunk(1, &whole, 0, 4));
    solo.ask(2, append(1, at(1, 9), &[1], 10));
    assert_eq!(solo.core.take_committed(9), None, "behind the snapshot, which is not installed");
    assert_eq!(solo.core.describe(3, 1), None, "(1, 3) is gone");
    solo.core.applied(3).expect("it was handed out");
    assert_eq!(solo.core.take_install(), Some(whole));
    assert_eq!(solo.core.take_committed(9), None);
    solo.core.installed(9).expect("it was handed out");
    assert_eq!(solo.core.take_committed(9).map(|(first, _)| first), Some(10));
}

/// Row 13: the own snapshot is ready when a leader's, which reaches further, is installed already.
#[test]
fn an_own_snapshot_that_is_late_takes_nothing_back() {
    let mut solo = Solo::new(3);
    solo.ask(2, append(1, at(0, 0), &[1, 1, 1], 3));
    solo.apply();
    let own = solo.core.describe(3, 1).expect("it is applied");
    let whole = snapshot(at(1, 9), 4);
    solo.ask(2, chunk(1, &whole, 0, 4));
    solo.apply();
    solo.disk.compact(own.clone());
    solo.core.snapshot_taken(own).expect("it was described");
    solo.core.compact(3);
    assert_eq!((solo.core.log().base(), solo.core.last()), (at(1, 9), at(1, 9)));
    solo.restart(Solo::config(3));
    assert_eq!(solo.core.take_install(), Some(whole));
}

/// Row 13: a transfer that was cut off left the peer paused (tikv #11618). The snapshot is a state of
/// the peer's progress, which a lost message, a new connection and time each leave.
#[test]
fn an_aborted_snapshot_pauses_nobody() {
    let stored = Stored { snapshot: Some(snapshot(at(1, 5), 25)), ..disk(1, &[1]) };
    let mut solo = Solo::with(3, stored, |config| config);
    solo.apply();
    solo.lead();
    let probe = solo.next(2).expect("a new leader asks");
    solo.reply(2, &probe, Answer::Conflict(raft::log::Conflict::Short { next: 1 }));
    let piece = solo.next(2).expect("a piece");
    solo.core.on_lost(2, piece.0);
    let piece = solo.next(2).expect("it was lost");
    assert!(matches!(piece.1, Request::Chunk(_)));
    solo.core.link_up(2, 3);
    assert!(matches!(solo.next(2), Some((_, Request::Chunk(_)))));
    for _ in 0..3 {
        solo.pass(ms(50));
        solo.obey(&[3]);
    }
    assert!(matches!(solo.next(2), Some((_, Request::Chunk(_)))), "time");
    // The peer got the entries some other way: the snapshot is not needed any more.
    let mut other = solo.clone();
    other.core.link_up(2, 4);
    let piece = other.next(2).expect("a piece");
    other.reply(2, &piece, Answer::Have(25));
    assert_eq!(other.core.matched(2), Some(5));
}

fn leased() -> Solo {
    let mut solo = Solo::with(3, Stored::default(), |mut config: Config| {
        config.lease_drift = Some(1000);
        config
    });
    solo.now = ms(1000);
    solo.rule();
    assert!(solo.core.lease_ends().is_some());
    solo
}

/// Row 23: a read was served by the lease after the lead was being handed over (etcd #10082). No lease
/// holds from then on, not even when the hand-over failed: its election may still be on its way.
#[test]
fn a_lease_ends_when_the_lead_is_handed_over() {
    let mut solo = leased();
    solo.core.transfer(solo.now, 2).expect("it leads");
    assert_eq!(solo.core.lease_ends(), None);
    let read = solo.core.read_index(solo.now).expect("it leads");
    assert_eq!(solo.ready(), [], "it asks a majority");
    for _ in 0..4 {
        solo.pass(ms(40));
        solo.obey(&[3]);
    }
    assert!(solo.core.is_leader() && solo.core.propose([1].as_slice().into()).is_ok(), "it failed");
    assert_eq!(solo.core.lease_ends(), None);
    assert!(matches!(solo.ready()[..], [ReadOutcome::Ready { id, until: None, .. }] if id == read));
}

/// Row 23: the process was stopped between the answer and the read. What rests on a lease says until
/// when, so that the clock is looked at again after the read.
#[test]
fn a_read_by_lease_says_until_when_it_holds() {
    let mut solo = leased();
    solo.core.read_index(solo.now).expect("it leads");
    let [ReadOutcome::Ready { until: Some(until), .. }] = solo.ready()[..] else {
        panic!("no lease")
    };
    assert!(until > solo.now && until < solo.now + ms(150));
    // It wakes up, and its role is still what it was: the clock alone tells.
    solo.now = until;
    assert!(solo.core.is_leader() && solo.core.lease_ends() == Some(until));
}

/// Row 24: a change whose entry was cut off stayed in force (dissertation, 4.1). Who takes part follows
/// from the log.
#[test]
fn a_change_that_is_cut_off_is_taken_back() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.core.propose_change(solo.now, &[Change::Voter(4)]).expect("it leads");
    solo.save();
    assert_eq!(**solo.core.log().membership(), Membership::new(1..=4));
    solo.ask(2, append(2, at(1, 1), &[2], 1));
    assert_eq!(**solo.core.log().membership(), Membership::new(1..=3));
    solo.stand();
    assert_eq!(solo.next(4), None, "4 is nobody");
    solo.restart(Solo::config(3));
    assert_eq!(**solo.core.log().membership(), Membership::new(1..=3), "so says its disk");
}
