//! What is committed (sections 5.3 and 5.4).

use raft::Term;
use raft::log::Conflict;
use raft::message::{Answer, Request};
use raft::quorum::majority;

use crate::solo::{Solo, append, at, disk, ms};

/// Section 5.3: "A log entry is committed once the leader that created the entry has replicated it on a
/// majority of the servers"; then it is applied, and all hear of it.
#[test]
fn leader_commits_entry() {
    let mut solo = Solo::new(3);
    solo.rule();
    solo.apply();
    let place = solo.propose("work");
    solo.save();
    let sent = solo.next(2).expect("there is an entry");
    solo.agree(2, &sent);
    assert_eq!(solo.core.commit(), place.index);
    assert_eq!(solo.apply(), Some(place.index));
    solo.pass(ms(50));
    let Some((_, Request::Append(beat))) = solo.next(2) else { panic!("a heartbeat is due") };
    assert_eq!(beat.commit, place.index);
}

/// Section 5.3: a majority, whoever it is, and no fewer.
#[test]
fn leader_acknowledges_commit() {
    for count in 1..=7 {
        for have in 0..count {
            let mut solo = Solo::new(count);
            solo.rule();
            let place = solo.propose("work");
            solo.save();
            for peer in (2..=count).rev().take(have as usize) {
                let sent = solo.next(peer).expect("there is an entry");
                solo.agree(peer, &sent);
            }
            let is_committed = solo.core.commit() == place.index;
            let enough = have as usize + 1 >= majority(count as usize);
            assert_eq!(is_committed, enough, "{have} others of {count}");
        }
    }
}

/// Section 5.3: committing an entry "also commits all preceding entries in the leader's log, including
/// entries created by previous leaders".
#[test]
fn leader_commits_preceding_entries() {
    for terms in [&[][..], &[2], &[1, 2], &[1]] {
        let mut solo = Solo::with(3, disk(2, terms), |config| config);
        solo.rule();
        assert_eq!(solo.core.commit(), terms.len() as u64 + 1);
        assert_eq!(solo.apply(), Some(terms.len() as u64 + 1), "in order");
    }
}

/// Section 5.3: "Once a follower learns that a log entry is committed, it applies the entry to its
/// local state machine (in log order)."
#[test]
fn follower_commits_entry() {
    for commit in 0..=3 {
        let mut solo = Solo::new(3);
        solo.ask(2, append(1, at(0, 0), &[1, 1, 1], commit));
        assert_eq!(solo.core.commit(), commit);
        assert_eq!(solo.apply(), (commit > 0).then_some(commit));
    }
}

/// Figure 2: "set commitIndex = min(leaderCommit, index of last new entry)".
#[test]
fn follower_commits_no_more_than_the_message_brings() {
    let mut solo = Solo::with(3, disk(2, &[1, 2, 2]), |config| config);
    solo.ask(2, append(3, at(1, 1), &[], 9));
    assert_eq!(solo.core.commit(), 1, "what stands behind may be another leader's");
    solo.ask(2, append(3, at(1, 1), &[3], 9));
    assert_eq!((solo.core.commit(), solo.terms()), (2, vec![1, 3]));
}

/// Figure 2: the commit index only rises, whatever an old message says.
#[test]
fn follower_takes_no_commit_back() {
    let mut solo = Solo::new(3);
    solo.ask(2, append(1, at(0, 0), &[1, 1, 1], 3));
    solo.ask(2, append(1, at(0, 0), &[1], 1));
    assert_eq!(solo.core.commit(), 3);
}

/// Section 5.4.2: "Raft never commits log entries from previous terms by counting replicas. Only log
/// entries from the leader's current term are committed by counting replicas."
#[test]
fn leader_only_commits_log_from_current_term() {
    for known in [1, 2] {
        let mut solo = Solo::with(3, disk(2, &[1, 2]), |config| config);
        solo.lead();
        let probe = solo.next(2).expect("a new leader asks");
        solo.reply(2, &probe, Answer::Conflict(Conflict::Short { next: known }));
        let entries = solo.next(2).expect("it goes back");
        // All but the last: entries of earlier terms alone are on a majority.
        let mut shorter = entries.0;
        let raft::message::Asked::Append { length, .. } = &mut shorter.asked else { panic!() };
        *length -= 1;
        solo.agree(2, &(shorter, entries.1.clone()));
        assert_eq!((solo.core.matched(2), solo.core.commit()), (Some(2), 0));
        solo.agree(2, &entries);
        assert_eq!((solo.core.matched(2), solo.core.commit()), (Some(3), 3));
    }
}

/// Figure 8: a majority has the entry of term 2, and it is overwritten all the same; so nobody may have
/// called it committed. With one of term 4 behind it, it cannot be.
#[test]
fn figure_8() {
    // (c) S1 leads in term 4 and has brought its entry of term 2 to S2 and S3.
    let mut first = Solo::with(5, disk(3, &[1, 2]), |config| config);
    first.lead();
    assert_eq!(first.core.term(), 4);
    for peer in [2, 3] {
        let probe = first.next(peer).expect("a new leader asks");
        let Request::Append(asked) = &probe.1 else { panic!("{}", probe.1) };
        assert_eq!(asked.previous, at(2, 2));
        let conflict = Conflict::Short { next: 2 };
        first.reply(peer, &probe, Answer::Conflict(conflict));
        let mut sent = first.next(peer).expect("it goes back");
        let raft::message::Asked::Append { length, .. } = &mut sent.0.asked else { panic!() };
        *length = 1;
        first.agree(peer, &sent);
    }
    assert_eq!(first.core.matched(2).min(first.core.matched(3)), Some(2));
    assert_eq!(first.core.commit(), 0, "three of five have (2, 2), which proves nothing");

    // (d) S5, elected by S2, S3 and S4 with its entry of term 3, overwrites it.
    let voter = |terms: &[Term]| Solo::with(5, disk(4, terms), |config| config);
    let ask = crate::solo::vote(raft::message::Ballot::Real, 5, at(3, 2));
    let mut third = voter(&[1, 2]);
    assert_eq!(third.ask(5, ask.clone()).answer, Answer::Yes);
    third.ask(5, append(5, at(1, 1), &[3], 0));
    assert_eq!(third.terms(), [1, 3]);

    // (e) With S1's entry of term 4 on a majority S5 cannot win.
    assert_eq!(voter(&[1, 2, 4]).ask(5, ask).answer, Answer::No);
    for peer in [2, 3] {
        let rest = first.sent(peer).pop().expect("its own entry follows");
        first.agree(peer, &rest);
    }
    assert_eq!(first.core.commit(), 3);
}
