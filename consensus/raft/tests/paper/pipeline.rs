//! Batches that follow each other unanswered (section 5.3; dissertation, 10.2.1), and what bounds them.

use raft::Stored;
use raft::log::Conflict;
use raft::message::{Answer, Request};

use crate::solo::{Solo, carried, command, ms};

/// Entries take 100 bytes each; a batch holds 3, the window 8, and 4 messages may be on their way.
fn leader() -> Solo {
    let mut solo = Solo::with(3, Stored::default(), |mut config| {
        (config.batch, config.window, config.flights) = (300, 800, 4);
        config
    });
    solo.rule();
    solo
}

fn propose(solo: &mut Solo, entries: usize) {
    for _ in 0..entries {
        solo.core.propose([0; 36].into()).expect("it leads");
    }
    solo.save();
}

fn lengths(sent: &[crate::solo::Sent]) -> Vec<usize> {
    sent.iter().map(|sent| carried(sent).1.len()).collect()
}

/// Dissertation, 10.2.1: the leader does not wait for an answer before it sends what is next; what is
/// unanswered is bounded in bytes.
#[test]
fn window_bounds_the_bytes_on_their_way() {
    let mut solo = leader();
    propose(&mut solo, 20);
    let sent = solo.sent(2);
    assert_eq!(lengths(&sent), [3, 3, 2], "800 bytes");
    let first: Vec<_> = sent.iter().map(|sent| carried(sent).0).collect();
    assert_eq!(first, [2, 5, 8], "each behind the one before");
    solo.agree(2, &sent[0]);
    assert_eq!(lengths(&solo.sent(2)), [3], "300 bytes are free again");
}

/// And in messages.
#[test]
fn flights_bound_the_messages_on_their_way() {
    let mut solo = leader();
    let mut sent = Vec::new();
    for _ in 0..6 {
        propose(&mut solo, 1);
        sent.extend(solo.sent(2));
    }
    assert_eq!(lengths(&sent), [1, 1, 1, 1]);
    solo.agree(2, &sent[0]);
    assert_eq!(lengths(&solo.sent(2)), [2], "the two that wait go together");
}

/// One answer frees all before it: they are in the log when this is.
#[test]
fn one_answer_frees_all_before_it() {
    let mut solo = leader();
    propose(&mut solo, 20);
    let sent = solo.sent(2);
    solo.agree(2, &sent[2]);
    assert_eq!(solo.core.matched(2), Some(9));
    assert_eq!(lengths(&solo.sent(2)), [3, 3, 2]);
    solo.agree(2, &sent[0]);
    assert_eq!(solo.core.matched(2), Some(9), "late, and no news");
    assert_eq!(solo.next(2), None);
}

/// An entry that is larger than a batch, or than the window, goes alone.
#[test]
fn one_entry_always_goes() {
    let mut solo = leader();
    solo.core.propose([0; 5000].into()).expect("nothing else waits");
    propose(&mut solo, 1);
    let sent = solo.sent(2);
    assert_eq!(lengths(&sent), [1]);
    solo.agree(2, &sent[0]);
    assert_eq!(lengths(&solo.sent(2)), [1]);
}

/// As long as it is not known where the logs part, one question at a time.
#[test]
fn one_probe_at_a_time() {
    let mut solo = leader();
    solo.core.link_up(2, 2);
    propose(&mut solo, 9);
    let probe = solo.next(2).expect("a probe");
    assert_eq!(solo.next(2), None);
    solo.pass(ms(50));
    let beat = solo.next(2).expect("the heartbeat is due");
    assert_eq!(carried(&beat).1, [0; 0], "a heartbeat is no probe");
    assert_eq!(solo.next(2), None);
    solo.agree(2, &probe);
    assert_eq!(lengths(&solo.sent(2)), [3, 3]);
}

/// When one of them does not fit, those behind it cannot either: back to one question, once.
#[test]
fn gap_turns_the_stream_into_a_probe() {
    let mut solo = leader();
    propose(&mut solo, 8);
    let sent = solo.sent(2);
    assert_eq!(sent.len(), 3);
    let short = |next| Answer::Conflict(Conflict::Short { next });
    solo.reply(2, &sent[1], short(2));
    let probe = solo.next(2).expect("from where the peer ends");
    assert_eq!(carried(&probe).0, 2);
    solo.reply(2, &sent[2], short(2));
    assert_eq!(solo.next(2), None, "that was said already");
    solo.agree(2, &probe);
    assert_eq!(lengths(&solo.sent(2)), [3, 2]);
}

/// What is lost with nobody to say so counts as lost after an election's time.
#[test]
fn lost_flights_are_sent_again() {
    let mut solo = leader();
    propose(&mut solo, 8);
    let sent = solo.sent(2);
    for wait in [50, 50, 49] {
        solo.pass(ms(wait));
        solo.obey(&[3]);
        assert!(solo.sent(2).iter().all(|sent| carried(sent).1.is_empty()), "heartbeats alone");
    }
    solo.pass(ms(1));
    let again = solo.next(2).expect("they are lost");
    assert_eq!(carried(&again), carried(&sent[0]));
    solo.agree(2, &again);
    assert_eq!(lengths(&solo.sent(2))[..2], [3, 2]);
}

/// A new connection: what was on its way over the old one is lost, and its answers are void.
#[test]
fn new_connection_frees_the_window() {
    let mut solo = leader();
    propose(&mut solo, 20);
    let old = solo.sent(2);
    assert_eq!(solo.next(2), None, "the window is full");
    solo.core.link_up(2, 2);
    let probe = solo.next(2).expect("the window is free");
    assert_eq!(carried(&probe).0, 2);
    let before = solo.core.clone();
    solo.agree(2, &old[2]);
    assert_eq!(solo.core, before, "it came over the old one");
    solo.core.on_lost(2, old[0].0);
    assert_eq!(solo.core, before, "so did that word");
    solo.agree(2, &probe);
    assert_eq!(solo.core.matched(2), Some(4));
}

/// A message that was never sent is sent at once when the runtime says so.
#[test]
fn message_that_was_not_sent_is_built_again() {
    let mut solo = leader();
    propose(&mut solo, 3);
    let sent = solo.next(2).expect("there are entries");
    solo.core.on_lost(2, sent.0);
    let again = solo.next(2).expect("it was not sent");
    assert_eq!(again.1, sent.1);
}

/// What a peer acknowledged is never sent to it again in the same term, whatever comes late.
#[test]
fn acknowledged_entries_are_not_sent_again() {
    let mut solo = leader();
    propose(&mut solo, 3);
    let sent = solo.next(2).expect("there are entries");
    solo.agree(2, &sent);
    let late = Answer::Conflict(Conflict::Short { next: 1 });
    solo.reply(2, &sent, late);
    assert_eq!((solo.core.matched(2), solo.next(2)), (Some(4), None));
    solo.core.link_up(2, 2);
    let probe = solo.next(2).expect("a probe");
    assert_eq!(carried(&probe), (5, vec![]));
}

/// Each command goes once to each peer, however many are on their way.
#[test]
fn each_entry_goes_once() {
    let mut solo = leader();
    let mut seen = Vec::new();
    for round in 0..30 {
        propose(&mut solo, 1 + round % 3);
        let sent = solo.sent(2);
        for sent in &sent {
            let (first, terms) = carried(sent);
            seen.extend(first..first + terms.len() as u64);
        }
        if round % 4 == 0 {
            for sent in &sent {
                solo.agree(2, sent);
            }
        }
    }
    assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
    assert!(matches!(solo.core.propose(command("x")), Ok(place) if place.index > 30));
    assert!(solo.sent(9).is_empty(), "nothing for a stranger");
    let Some((_, Request::Append(_))) = solo.next(3) else { panic!("3 has its own window") };
}
