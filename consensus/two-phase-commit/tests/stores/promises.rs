//! The promises of a store, each once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use two_phase_commit::branches::Part;
use two_phase_commit::message::{Request, Said, What};
use two_phase_commit::participant::Participant;
use two_phase_commit::record::Branched;
use two_phase_commit::store::{Forget, Store};
use two_phase_commit::{Answer, Outcome, Tx, Vote};

use crate::kinds::{Kind, START, noted, part, promised, tx};

fn prepare(store: &impl Store, tx: Tx, redo: Vec<u8>) -> Vote {
    store.prepare(tx, &part(redo)).expect("the store is there")
}

pub(crate) fn what_is_committed_shows<K: Kind>(place: &K) {
    let store = place.open("one");
    assert_eq!(prepare(&store, tx(1), place.change("ann", -30)), Vote::Yes);
    assert_eq!(place.balance(&store, "ann"), START, "nothing shows before it is committed");
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    assert_eq!(place.balance(&store, "ann"), START - 30);
    assert_eq!(promised(&store), []);
    assert_eq!(noted(&store), [Branched::Decided(tx(1), Outcome::Committed)]);
}

pub(crate) fn what_is_aborted_shows_nothing<K: Kind>(place: &K) {
    let store = place.open("one");
    assert_eq!(prepare(&store, tx(1), place.change("ann", -30)), Vote::Yes);
    store.finish(tx(1), Outcome::Aborted).expect("it was promised");
    assert_eq!(place.balance(&store, "ann"), START);
    assert_eq!(promised(&store), []);
    // Its locks are gone too.
    assert_eq!(prepare(&store, tx(2), place.change("ann", -40)), Vote::Yes);
    store.finish(tx(2), Outcome::Committed).expect("it was promised");
    assert_eq!(place.balance(&store, "ann"), START - 40);
}

pub(crate) fn a_no_leaves_nothing<K: Kind>(place: &K) {
    let store = place.open("one");
    assert_eq!(prepare(&store, tx(1), place.change("ann", -START - 1)), Vote::No);
    assert_eq!(promised(&store), []);
    assert_eq!(noted(&store), []);
    store.finish(tx(1), Outcome::Aborted).expect("there is nothing to drop");
    assert_eq!(prepare(&store, tx(2), place.change("ann", -START)), Vote::Yes);
    store.finish(tx(2), Outcome::Committed).expect("it was promised");
    assert_eq!(place.balance(&store, "ann"), 0);
}

pub(crate) fn twice_is_once<K: Kind>(place: &K) {
    let store = place.open("one");
    let work = place.change("ann", -30);
    assert_eq!(prepare(&store, tx(1), work.clone()), Vote::Yes);
    assert_eq!(prepare(&store, tx(1), work), Vote::Yes);
    assert_eq!(promised(&store), [tx(1)]);
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    store.finish(tx(1), Outcome::Committed).expect("it is done");
    assert_eq!(place.balance(&store, "ann"), START - 30);
    for note in [Branched::Store(5), Branched::Bound(6, 7), Branched::Refused(tx(2))] {
        store.note(&note).expect("it is new");
        store.note(&note).expect("it is there");
    }
}

pub(crate) fn a_promise_survives_the_store<K: Kind>(place: &K) {
    let store = place.open("one");
    assert_eq!(prepare(&store, tx(1), place.change("ann", -30)), Vote::Yes);
    assert_eq!(prepare(&store, tx(2), place.change("bob", -30)), Vote::Yes);
    drop(store);
    let store = place.open("one");
    assert_eq!(promised(&store), [tx(1), tx(2)]);
    // Its locks hold.
    assert_eq!(prepare(&store, tx(3), place.change("ann", -1)), Vote::No);
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    store.finish(tx(2), Outcome::Aborted).expect("it was promised");
    let seen = ["ann", "bob"].map(|account| place.balance(&store, account));
    assert_eq!(seen, [START - 30, START]);
    drop(store);
    assert_eq!(promised(&place.open("one")), []);
}

pub(crate) fn exactly_the_promises_are_found<K: Kind>(place: &K) {
    let store = place.open("one");
    assert_eq!(promised(&store), []);
    assert_eq!(prepare(&store, tx(1), place.change("ann", -1)), Vote::Yes);
    store.finish(tx(1), Outcome::Committed).expect("it was promised");
    assert_eq!(prepare(&store, tx(2), place.change("ann", -1)), Vote::Yes);
    store.finish(tx(2), Outcome::Aborted).expect("it was promised");
    assert_eq!(prepare(&store, tx(3), place.change("ann", -START)), Vote::No);
    assert_eq!(prepare(&store, tx(4), place.reading("ann")), Vote::ReadOnly);
    assert_eq!(prepare(&store, tx(12), place.change("ann", -1)), Vote::Yes);
    let other = Tx { coordinator: 1, epoch: 7, sequence: 0 };
    assert_eq!(prepare(&store, other, place.change("bob", -1)), Vote::Yes);
    assert_eq!(promised(&store), [other, tx(12)]);
    drop(store);
    let store = place.open("one");
    assert_eq!(promised(&store), [other, tx(12)]);
    assert!(noted(&store).contains(&Branched::Decided(tx(1), Outcome::Committed)));
    store.finish(other, Outcome::Aborted).expect("it was promised");
    store.finish(tx(12), Outcome::Aborted).expect("it was promised");
}

pub(crate) fn a_note_is_kept_until_it_is_forgotten<K: Kind>(place: &K) {
    let later = Tx { epoch: 2, ..tx(0) };
    let strange = Tx { coordinator: 3, epoch: 1, sequence: 1 };
    let notes = [
        Branched::Store(u64::MAX),
        Branched::Bound(tx(0).coordinator, 4),
        Branched::Refused(tx(1)),
        Branched::Forced(tx(2), Outcome::Committed),
        Branched::Decided(tx(2), Outcome::Committed),
        Branched::Decided(tx(3), Outcome::Aborted),
        Branched::Refused(later),
        Branched::Refused(strange),
    ];
    let store = place.open("one");
    for note in &notes {
        store.note(note).expect("there is room");
    }
    assert_eq!(noted(&store), notes);
    drop(store);
    let store = place.open("one");
    assert_eq!(noted(&store), notes);
    store.forget(Forget::Before(tx(3))).expect("it can");
    let kept = |gone: &[usize]| {
        let left = notes.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        left.map(|(_, note)| note.clone()).collect::<Vec<_>>()
    };
    assert_eq!(noted(&store), kept(&[2, 4]));
    store.forget(Forget::Before(later)).expect("it can");
    assert_eq!(noted(&store), kept(&[2, 4, 5]));
    store.forget(Forget::Before(later)).expect("there is nothing to forget");
}

pub(crate) fn the_latest_reservation_stays<K: Kind>(place: &K) {
    let store = place.open("one");
    for sequence in [1_000, 2_000] {
        store.note(&Branched::Reserved(tx(sequence))).expect("there is room");
    }
    store.forget(Forget::Before(tx(5_000))).expect("it can");
    drop(store);
    let last = noted(&place.open("one")).pop();
    assert_eq!(last, Some(Branched::Reserved(tx(2_000))));
}

pub(crate) fn who_refused_says_no_ever_after<K: Kind>(place: &K) {
    let participant = Participant::open(1, place.open("one")).expect("the store is new");
    assert_eq!(participant.ask(tx(1)), Answer::Is(Outcome::Aborted));
    drop(participant);
    let participant = Participant::open(1, place.open("one")).expect("the store is its own");
    let vote = |tx| {
        let part = Part { peers: vec![], redo: place.change("ann", -1) };
        let request = Request { tx, log: 1, mark: tx, what: What::Prepare(part) };
        participant.handle(request).expect("it answers").said
    };
    assert_eq!(vote(tx(1)), Said::Voted(Vote::No));
    assert_eq!(vote(tx(2)), Said::Voted(Vote::Yes), "others are not refused");
    assert_eq!(promised(participant.store()), [tx(2)]);
    participant.store().finish(tx(2), Outcome::Aborted).expect("it was promised");
}

pub(crate) fn alone_is_remembered_until_it_is_forgotten<K: Kind>(place: &K) {
    let store = place.open("one");
    let work = part(place.change("ann", -30));
    assert_eq!(store.alone(tx(1), &work).expect("the store is there"), Outcome::Committed);
    assert_eq!(place.balance(&store, "ann"), START - 30);
    assert_eq!(promised(&store), []);
    drop(store);
    let store = place.open("one");
    assert_eq!(noted(&store), [Branched::Alone(tx(1))]);
    store.forget(Forget::Before(Tx { epoch: 2, ..tx(0) })).expect("it can");
    assert_eq!(noted(&store), [Branched::Alone(tx(1))], "its client may not have its answer");
    store.forget(Forget::Alone(tx(1))).expect("it can");
    assert_eq!(noted(&store), []);
}

pub(crate) fn alone_and_refused_leaves_nothing<K: Kind>(place: &K) {
    let store = place.open("one");
    let too_much = part(place.change("ann", -START - 1));
    assert_eq!(store.alone(tx(1), &too_much).expect("the store is there"), Outcome::Aborted);
    assert_eq!(place.balance(&store, "ann"), START);
    assert_eq!(store.recover().expect("it can be read"), []);
    let work = part(place.change("ann", -START));
    assert_eq!(store.alone(tx(2), &work).expect("the store is there"), Outcome::Committed);
}

pub(crate) fn reading_leaves_nothing<K: Kind>(place: &K) {
    let store = place.open("one");
    assert_eq!(prepare(&store, tx(1), place.reading("ann")), Vote::ReadOnly);
    assert_eq!(store.recover().expect("it can be read"), []);
    assert_eq!(prepare(&store, tx(2), place.change("ann", -1)), Vote::Yes);
    store.finish(tx(2), Outcome::Committed).expect("it was promised");
}

pub(crate) fn two_names_are_two_stores<K: Kind>(place: &K) {
    let (one, two) = (place.open("one"), place.open("two"));
    // The same transaction takes part in both.
    assert_eq!(prepare(&one, tx(1), place.change("ann", -1)), Vote::Yes);
    assert_eq!(prepare(&two, tx(1), place.change("bob", -1)), Vote::Yes);
    assert_eq!(prepare(&two, tx(12), place.reading("bob")), Vote::ReadOnly);
    one.finish(tx(1), Outcome::Committed).expect("it was promised");
    assert_eq!((promised(&one), promised(&two)), (vec![], vec![tx(1)]));
    assert_eq!(noted(&two), []);
    two.finish(tx(1), Outcome::Aborted).expect("it was promised");
    assert_eq!(place.balance(&one, "ann"), START - 1);
    assert_eq!(place.balance(&two, "bob"), START);
}

pub(crate) fn many_at_once_lose_nothing<K: Kind>(place: &K) {
    const THREADS: u64 = 6;
    const EACH: u64 = 5;
    let store = place.open("one");
    let (work, noes) = (place.change("ann", 1), AtomicU64::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, work, noes) = (&store, &work, &noes);
            scope.spawn(move || {
                let mut done = 0;
                for sequence in (thread..).step_by(THREADS as usize) {
                    if done == EACH {
                        break;
                    }
                    // Who finds it locked waits, or hears no, and tries again under another name.
                    if prepare(store, tx(sequence), work.clone()) == Vote::Yes {
                        store.finish(tx(sequence), Outcome::Committed).expect("it was promised");
                        done += 1;
                    } else {
                        noes.fetch_add(1, Ordering::Relaxed);
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(place.balance(&store, "ann"), START + (THREADS * EACH).cast_signed());
    assert_eq!(promised(&store), []);
    assert_eq!(noted(&store).len() as u64, THREADS * EACH);
}
