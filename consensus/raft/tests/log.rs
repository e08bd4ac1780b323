//! Two logs become one, and no step of it cuts what was agreed on.

use std::sync::Arc;

use proptest::prelude::*;
use raft::log::{AppendError, Conflict, Entry, Log, Payload};
use raft::membership::{Change, Membership};
use raft::{Index, Position, Term};

fn entry(term: Term) -> Entry {
    Entry { term, payload: Payload::Empty }
}

fn command(term: Term, size: usize) -> Entry {
    Entry { term, payload: Payload::Command(Arc::from(vec![7; size])) }
}

fn log(terms: &[Term]) -> Log {
    let mut log = Log::new(Membership::new([1, 2, 3]));
    for term in terms {
        log.push(entry(*term));
    }
    log
}

fn terms(log: &Log) -> Vec<Term> {
    (log.base().index + 1..=log.last().index).map(|index| log.term(index).unwrap()).collect()
}

const fn at(term: Term, index: Index) -> Position {
    Position { term, index }
}

/// Sends from the leader's log until the follower has it all; says how many messages it took.
fn repair(leader: &Log, follower: &mut Log) -> usize {
    let mut next = leader.last().index + 1;
    for messages in 1.. {
        let previous = at(leader.term(next - 1).expect("it is not gone"), next - 1);
        let entries = leader.batch(next, usize::MAX).expect("it is not gone");
        match follower.append(previous, entries, 0) {
            Ok(_) => return messages,
            Err(AppendError::Conflict(conflict)) => {
                let earlier = leader.after_conflict(conflict);
                assert!(earlier < next, "{conflict:?} leads nowhere from {next}");
                next = earlier;
            }
            Err(AppendError::Committed(index)) => panic!("{index} is not committed"),
        }
    }
    unreachable!("the loop has no end of its own")
}

/// Figure 7 of the paper: the leader of term 8 and six followers.
const LEADER: [Term; 10] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
const FOLLOWERS: [(&str, &[Term]); 6] = [
    ("a", &[1, 1, 1, 4, 4, 5, 5, 6, 6]),
    ("b", &[1, 1, 1, 4]),
    ("c", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]),
    ("d", &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]),
    ("e", &[1, 1, 1, 4, 4, 4, 4]),
    ("f", &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]),
];

#[test]
fn every_follower_of_figure_7_is_repaired_within_three_messages() {
    let mut leader = log(&LEADER);
    leader.push(entry(8));
    for ((name, follower), expected) in FOLLOWERS.into_iter().zip([2, 2, 2, 2, 3, 3]) {
        let mut follower = log(follower);
        assert_eq!(repair(&leader, &mut follower), expected, "follower {name}");
        assert_eq!(terms(&follower), terms(&leader), "follower {name}");
    }
}

#[test]
fn an_old_message_cuts_nothing_off() {
    let mut follower = log(&[1, 1, 2, 2]);
    assert_eq!(follower.append(at(1, 1), vec![entry(1), entry(2)], 0), Ok(None));
    assert_eq!(terms(&follower), [1, 1, 2, 2]);
}

#[test]
fn what_is_committed_is_never_cut_off() {
    let mut log = log(&[1, 1]);
    assert_eq!(log.append(at(1, 1), vec![entry(2)], 2), Err(AppendError::Committed(2)));
    assert_eq!(terms(&log), [1, 1]);
}

#[test]
fn what_a_snapshot_holds_matches_whatever_comes() {
    let mut follower = log(&[1, 1, 2, 2, 3]);
    follower.compact(4);
    assert_eq!((follower.base(), follower.term(3)), (at(2, 4), None));
    // It begins before the snapshot and goes on behind it.
    let entries = vec![entry(1), entry(2), entry(2), entry(3), entry(3)];
    assert_eq!(follower.append(at(1, 1), entries, 4), Ok(Some(6)));
    assert_eq!(terms(&follower), [3, 3]);
}

#[test]
fn a_log_that_is_too_short_says_where_it_ends() {
    let mut follower = log(&[1, 1]);
    let conflict = follower.append(at(3, 9), vec![entry(3)], 0);
    assert_eq!(conflict, Err(AppendError::Conflict(Conflict::Short { next: 3 })));
}

#[test]
fn a_later_term_is_more_up_to_date_than_a_longer_log() {
    assert!(at(3, 1) > at(2, 100) && at(3, 2) > at(3, 1));
}

#[test]
fn a_membership_is_in_force_at_once_and_taken_back_with_its_entry() {
    let mut log = log(&[1]);
    let four = log.membership().simple(&[Change::Voter(4)]).unwrap();
    log.push(Entry { term: 1, payload: Payload::Membership(Arc::new(four.clone())) });
    assert_eq!(**log.membership(), four);
    assert_eq!(**log.membership_at(1), Membership::new([1, 2, 3]));
    log.append(at(1, 1), vec![entry(2)], 1).unwrap();
    assert_eq!(**log.membership(), Membership::new([1, 2, 3]), "its entry was cut off");
}

#[test]
fn a_compacted_log_still_knows_who_takes_part() {
    let mut log = log(&[1]);
    let four = log.membership().simple(&[Change::Voter(4)]).unwrap();
    log.push(Entry { term: 1, payload: Payload::Membership(Arc::new(four.clone())) });
    log.push(entry(1));
    log.compact(2);
    assert_eq!((**log.membership()).clone(), four);
    log.append(at(1, 2), vec![entry(2)], 2).unwrap();
    assert_eq!((**log.membership()).clone(), four, "that cut off only what came later");
    log.compact(1);
    assert_eq!(log.base(), at(1, 2), "it does not go back");
}

#[test]
fn a_batch_holds_what_fits_and_one_entry_at_least() {
    let mut log = log(&[]);
    for size in [10, 10, 1000, 10] {
        log.push(command(1, size));
    }
    let sizes = |log: &Log, from, bytes| log.batch(from, bytes).map(|batch| batch.len());
    assert_eq!(sizes(&log, 1, 150), Some(2));
    assert_eq!(sizes(&log, 1, 10_000), Some(4));
    assert_eq!(sizes(&log, 3, 1), Some(1));
    assert_eq!(sizes(&log, 5, 1), Some(0), "nothing is there yet");
    log.compact(2);
    assert_eq!((sizes(&log, 2, 1), sizes(&log, 3, 1)), (None, Some(1)));
}

/// Logs that Raft can bring about: each leader's log is the common beginning and its own terms.
fn two_logs() -> impl Strategy<Value = (Vec<Term>, Vec<Term>)> {
    let own = || prop::collection::vec(1_u64..4, 0..8);
    (prop::collection::vec(0_u64..2, 0..6), own(), own()).prop_map(|(common, one, other)| {
        let rising = |start: Term, steps: &[Term], parity: Term| {
            // Leaders of odd terms wrote the one, those of even terms the other.
            let mut term = start;
            steps
                .iter()
                .map(|step| {
                    term = (term + step) / 2 * 2 + parity;
                    term
                })
                .collect::<Vec<_>>()
        };
        let mut term = 1;
        let common: Vec<_> = common
            .iter()
            .map(|step| {
                term += step;
                term
            })
            .collect();
        let join = |own: &[Term], parity| [common.clone(), rising(term + 1, own, parity)].concat();
        (join(&one, 1), join(&other, 2))
    })
}

proptest! {
    #[test]
    fn any_follower_becomes_its_leader_in_few_messages((ours, theirs) in two_logs()) {
        let mut leader = log(&ours);
        leader.push(entry(100));
        let mut follower = log(&theirs);
        let mut their_terms = theirs;
        their_terms.dedup();
        let messages = repair(&leader, &mut follower);
        prop_assert_eq!(terms(&follower), terms(&leader));
        prop_assert!(messages <= their_terms.len() + 2, "{} messages", messages);
    }
}
