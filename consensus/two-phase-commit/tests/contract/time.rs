//! What is late, twice, or cut short.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use two_phase_commit::log::Memory;
use two_phase_commit::message::{Said, What};
use two_phase_commit::{Answer, CommitError, Options, Outcome, Vote, Why};

use crate::held::Held;
use crate::subject::Coordinate;
use crate::world::{LONG, MOMENT};

fn open<C: Coordinate>() -> (Arc<C>, Held) {
    let held = Held::default();
    let coordinator = C::open(&Options::new(1), Memory::default().open(), held.clone()).unwrap();
    (Arc::new(coordinator), held)
}

fn work() -> Vec<(u64, Vec<u8>)> {
    vec![(1, b"a".to_vec()), (2, b"b".to_vec())]
}

pub(crate) fn who_never_answers_costs_its_deadline_and_no_more<C: Coordinate>() {
    let (coordinator, held) = open::<C>();
    let patience = Duration::from_millis(50);
    let begin = Instant::now();
    let client = thread::spawn({
        let coordinator = Arc::clone(&coordinator);
        move || coordinator.commit(work(), patience)
    });
    held.take(2)[0].answer(Said::Voted(Vote::Yes));
    let late = client.join().unwrap();
    assert!(matches!(late, Err(CommitError::Aborted(_, Why::Late(ref who))) if who.contains(&2)));
    assert!(begin.elapsed() >= patience);
    // Both are told: who promised, and who may have.
    let told = held.take(2);
    assert!(told.iter().all(|it| it.request.what == What::Decide(Outcome::Aborted)));
}

pub(crate) fn an_answer_after_the_deadline_changes_nothing<C: Coordinate>() {
    let (coordinator, held) = open::<C>();
    let Err(CommitError::Aborted(tx, _)) = coordinator.commit(work(), MOMENT) else {
        panic!("nobody answered")
    };
    for sent in held.take(2) {
        sent.answer(Said::Voted(Vote::Yes));
    }
    assert_eq!(coordinator.answer(tx), Answer::Is(Outcome::Aborted));
    let told = held.take(2);
    assert!(told.iter().all(|it| it.request.what == What::Decide(Outcome::Aborted)));
    assert_eq!(held.len(), 0);
}

pub(crate) fn an_answer_that_comes_twice_counts_once<C: Coordinate>() {
    let (coordinator, held) = open::<C>();
    let client = thread::spawn({
        let coordinator = Arc::clone(&coordinator);
        move || coordinator.commit(work(), Duration::from_millis(50))
    });
    let sent = held.take(2);
    sent[0].answer(Said::Voted(Vote::Yes));
    sent[0].answer(Said::Voted(Vote::Yes));
    let late = client.join().unwrap();
    assert!(matches!(late, Err(CommitError::Aborted(_, Why::Late(ref who))) if who.contains(&2)));
}

pub(crate) fn close_wakes_whoever_waits<C: Coordinate>() {
    let (coordinator, held) = open::<C>();
    let client = thread::spawn({
        let coordinator = Arc::clone(&coordinator);
        move || (coordinator.commit(work(), LONG), coordinator.commit(work(), LONG))
    });
    held.take(2);
    coordinator.close();
    let (woken, refused) = client.join().unwrap();
    assert!(matches!(woken, Err(CommitError::Aborted(_, Why::Closed))), "{woken:?}");
    assert_eq!(refused, Err(CommitError::Closed));
}

pub(crate) fn shutdown_lets_a_decision_be_told<C: Coordinate>() {
    let (coordinator, held) = open::<C>();
    let client = thread::spawn({
        let coordinator = Arc::clone(&coordinator);
        move || coordinator.commit(work(), LONG)
    });
    for sent in held.take(2) {
        sent.answer(Said::Voted(Vote::Yes));
    }
    let told = held.take(2);
    assert!(told.iter().all(|it| it.request.what == What::Decide(Outcome::Committed)));
    client.join().unwrap().unwrap();
    // Nobody has said that it is done; that is for the next run.
    Arc::into_inner(coordinator).unwrap().shutdown();
}

pub(crate) fn asked_while_it_is_undecided_it_says_wait<C: Coordinate>() {
    let (coordinator, held) = open::<C>();
    let client = thread::spawn({
        let coordinator = Arc::clone(&coordinator);
        move || coordinator.commit(work(), LONG)
    });
    let sent = held.take(2);
    let tx = sent[0].request.tx;
    sent[0].answer(Said::Voted(Vote::Yes));
    assert_eq!(coordinator.answer(tx), Answer::Wait);
    sent[1].answer(Said::Voted(Vote::Yes));
    client.join().unwrap().unwrap();
    assert_eq!(coordinator.answer(tx), Answer::Is(Outcome::Committed));
    let later = two_phase_commit::Tx { sequence: tx.sequence + 1, ..tx };
    assert_eq!(coordinator.answer(later), Answer::Unknown, "it was never begun here");
}
