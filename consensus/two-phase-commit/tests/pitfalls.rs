//! The textbook's two-phase commit, and how it breaks: fault 003-1b. Ours stands beside each, in both
//! variants; what else goes wrong between a coordinator and who promised it something is in
//! [exhibits](pitfalls/exhibits.rs).

/// Each test on both variants.
macro_rules! both {
    ($($test:ident,)*) => {
        mod channel {
            $(#[test] fn $test() { super::$test::<two_phase_commit::channel::Coordinator>(); })*
        }
        mod lock {
            $(#[test] fn $test() { super::$test::<two_phase_commit::lock::Coordinator>(); })*
        }
    };
}

#[path = "pictures/account.rs"]
mod account;
#[path = "pitfalls/bank.rs"]
mod bank;
#[path = "pitfalls/exhibits.rs"]
mod exhibits;
#[path = "pitfalls/textbook.rs"]
mod textbook;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bank::{Fate, Others, PATIENCE, SOON, Variant, Wire, is_decision, work};
use textbook::{Clock, Coordinator, Does, Participant, PowerCut, State};
use two_phase_commit::log::Memory;
use two_phase_commit::message::What;
use two_phase_commit::{CommitError, Outcome, Why};

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn the_textbooks_abort_is_a_success() {
    let clock = Clock::default();
    let [yes, no] = [Does::Agrees, Does::Refuses].map(|does| Participant::new(&clock, does));
    let mut coordinator = Coordinator::new(vec![&yes, &no], HOUR);
    assert_eq!(coordinator.prepare(), Ok(()), "and the caller ships the goods");
    assert_eq!(coordinator.state, State::Aborted);
    assert_eq!([&yes, &no].map(|it| it.state.get()), [State::Aborted; 2]);
}

fn an_abort_is_an_error_that_names_who_refused<C: Variant>() {
    let wire = Wire::to(2);
    let coordinator = C::open(1, &Memory::default(), &wire);
    let ended = coordinator.commit(work(&[(1, 70), (2, -170)]), PATIENCE);
    assert!(matches!(ended, Err(CommitError::Aborted(_, Why::Refused(2)))), "{ended:?}");
    assert_eq!([1, 2].map(|id| wire.balance(id)), [100; 2]);
    assert_eq!([1, 2].map(|id| wire.is_locked(id)), [false; 2]);
}

#[test]
fn the_textbook_prepares_one_after_another() {
    let clock = Clock::default();
    let slow = || Participant::new(&clock, Does::Takes(HOUR));
    let all = [slow(), slow(), slow()];
    Coordinator::new(all.iter().collect(), HOUR).prepare().unwrap();
    assert_eq!(clock.now(), 3 * HOUR);
    assert_eq!(all.map(|it| it.held.get()), [2 * HOUR, HOUR, Duration::ZERO]);
}

/// Nobody is answered for before all were asked: a coordinator that asks one after another waits in vain.
fn all_are_asked_before_anybody_answers<C: Variant>() {
    let wire = Wire::to(3);
    let (own, asked) = (wire.clone(), Arc::new(Mutex::new(Vec::new())));
    let list = Arc::clone(&asked);
    let coordinator = C::open(1, &Memory::default(), &wire);
    wire.fates(move |to, what| {
        if !matches!(what, What::Prepare(_)) {
            return Fate::Arrives;
        }
        list.lock().unwrap().push((to, own.late()));
        Fate::IsLate
    });
    std::thread::scope(|scope| {
        let parts = work(&[(1, 10), (2, 10), (3, -20)]);
        let client = scope.spawn(|| coordinator.commit(parts, PATIENCE));
        while wire.late() < 3 && !client.is_finished() {
            std::thread::yield_now();
        }
        assert_eq!(wire.release().len(), 3);
        client.join().unwrap().unwrap();
    });
    // Each was sent while those before it were on their way.
    assert_eq!(*asked.lock().unwrap(), [(1, 0), (2, 1), (3, 2)]);
}

#[test]
fn the_textbook_forgets_and_who_prepared_stays_locked() {
    let clock = Clock::default();
    let [one, two] = [(); 2].map(|()| Participant::new(&clock, Does::Agrees));
    let last = Participant::new(&clock, Does::Falls);
    let all = || vec![&one, &two, &last];
    let mut coordinator = Coordinator::new(all(), HOUR);
    let died = catch_unwind(AssertUnwindSafe(|| coordinator.prepare()));
    assert!(died.unwrap_err().is::<PowerCut>());
    // It comes back and knows of nothing; and nobody who is locked knows whom to ask.
    let coordinator = Coordinator::new(all(), HOUR);
    assert_eq!(coordinator.state, State::Idle);
    assert_eq!([&one, &two].map(Participant::is_locked), [true; 2]);
}

/// The power goes when all have voted and nothing is decided.
fn who_comes_back_has_it_aborted_if_it_was_not_decided<C: Variant>() {
    let (log, wire) = (Memory::default(), Wire::to(3));
    let first = C::open(1, &log, &wire);
    wire.fates(|_, what| match what {
        What::Prepare(_) => Fate::AnswerIsLost,
        _ => Fate::IsLost,
    });
    let ended = first.commit(work(&[(1, 10), (2, 10), (3, -20)]), SOON);
    assert!(matches!(ended, Err(CommitError::Aborted(..))), "{ended:?}");
    drop(first);
    assert_eq!([1, 2, 3].map(|id| wire.is_locked(id)), [true; 3]);
    wire.mend();
    let second = C::open(1, &log, &wire);
    for id in 1..=3 {
        let others = Others { coordinator: Some(&second), peers: &wire };
        let resolved = wire.bank(id).resolve(&others);
        assert!(matches!(resolved[..], [(_, Outcome::Aborted)]), "{resolved:?}");
    }
    assert_eq!([1, 2, 3].map(|id| wire.is_locked(id)), [false; 3]);
    assert_eq!([1, 2, 3].map(|id| wire.balance(id)), [100; 3]);
}

/// The power goes when it is decided and nobody was told.
fn who_comes_back_tells_what_was_decided<C: Variant>() {
    let (log, wire) = (Memory::default(), Wire::to(3));
    let first = C::open(1, &log, &wire);
    wire.fates(
        |_, what| {
            if is_decision(what, Outcome::Committed) { Fate::IsLost } else { Fate::Arrives }
        },
    );
    first.commit(work(&[(1, 10), (2, 10), (3, -20)]), PATIENCE).unwrap();
    drop(first);
    assert_eq!([1, 2, 3].map(|id| wire.is_locked(id)), [true; 3]);
    wire.mend();
    let second = C::open(1, &log, &wire);
    assert!(second.settled());
    assert_eq!([1, 2, 3].map(|id| wire.is_locked(id)), [false; 3]);
    assert_eq!([1, 2, 3].map(|id| wire.balance(id)), [110, 110, 80]);
}

#[test]
fn the_textbook_waits_for_the_slow_one_far_beyond_its_timeout() {
    let clock = Clock::default();
    let [quick, slow] =
        [Does::Agrees, Does::Takes(HOUR)].map(|does| Participant::new(&clock, does));
    let timeout = Duration::from_secs(1);
    Coordinator::new(vec![&quick, &slow], timeout).prepare().unwrap();
    assert_eq!((clock.now(), quick.held.get()), (HOUR, HOUR), "the quick one was locked meanwhile");
}

fn a_deadline_ends_what_somebody_does_not_answer<C: Variant>() {
    let wire = Wire::to(2);
    let coordinator = C::open(1, &Memory::default(), &wire);
    wire.fates(|to, _| if to == 2 { Fate::IsLost } else { Fate::Arrives });
    let ended = coordinator.commit(work(&[(1, 10), (2, -10)]), SOON);
    let Err(CommitError::Aborted(_, Why::Late(late))) = ended else { panic!("{ended:?}") };
    assert_eq!(late, [2]);
    assert!(!wire.is_locked(1), "it is told at once");
}

both! {
    an_abort_is_an_error_that_names_who_refused,
    all_are_asked_before_anybody_answers,
    who_comes_back_has_it_aborted_if_it_was_not_decided,
    who_comes_back_tells_what_was_decided,
    a_deadline_ends_what_somebody_does_not_answer,
}
