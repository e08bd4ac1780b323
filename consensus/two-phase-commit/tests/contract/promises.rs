//! What a coordinator and its participants do together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use two_phase_commit::embedded::Embedded;
use two_phase_commit::here::{Handle, Here};
use two_phase_commit::log::Memory;
use two_phase_commit::message::{Answers, Link, Reply, Request};
use two_phase_commit::participant::Participant;
use two_phase_commit::{Answer, CommitError, Options, Outcome, ParticipantId, Why};

use crate::accounts::{Accounts, part};
use crate::faults::Plan;
use crate::subject::Coordinate;
use crate::world::{AT_FIRST, LONG, MOMENT, World};

pub(crate) fn all_do_their_part_or_nobody_does<C: Coordinate>() {
    let world = World::<C>::new(3, Plan::default());
    let work = vec![(1, part("a", -30)), (2, part("a", 10)), (3, part("a", 20))];
    world.commit(work, LONG).unwrap();
    assert_eq!([1, 2, 3].map(|id| world.balance(id)), [70, 110, 120]);

    let work = vec![(1, part("a", 80)), (2, part("a", -111)), (3, part("a", 31))];
    let refused = world.commit(work, LONG);
    assert!(matches!(refused, Err(CommitError::Aborted(_, Why::Refused(2)))), "{refused:?}");
    assert_eq!([1, 2, 3].map(|id| world.balance(id)), [70, 110, 120]);
    assert!(world.banks.all().iter().all(|bank| bank.in_doubt().is_empty()));
}

pub(crate) fn what_is_committed_is_told_again_after_a_crash<C: Coordinate>() {
    // Prepare and vote, twice: then the decision is lost on its way to both.
    let plan = Plan { lost: BTreeSet::from([4, 5]), ..Plan::default() };
    let mut world = World::<C>::new(2, plan);
    let tx = world.commit(vec![(1, part("a", -10)), (2, part("a", 10))], LONG).unwrap();
    let in_doubt = world.banks.all().iter().map(|bank| bank.in_doubt()).collect::<Vec<_>>();
    assert_eq!(in_doubt, [[tx], [tx]]);
    world.start_coordinator();
    let coordinator = world.coordinator.as_ref().unwrap();
    assert!(coordinator.settled(LONG));
    assert_eq!([world.balance(1), world.balance(2)], [90, 110]);
}

pub(crate) fn one_participant_needs_one_phase<C: Coordinate>() {
    let world = World::<C>::new(1, Plan::default());
    world.commit(vec![(1, part("a", 10))], LONG).unwrap();
    assert_eq!(world.balance(1), 110);
    let refused = world.commit(vec![(1, part("a", -111))], LONG);
    assert!(matches!(refused, Err(CommitError::Aborted(_, Why::Refused(1)))), "{refused:?}");
}

pub(crate) fn who_lost_the_answer_asks_again_and_is_told_once<C: Coordinate>() {
    // The request is message 0, its answer message 1. The third is recalled by a later run.
    for (lost, outcome) in [(0, Outcome::Aborted), (1, Outcome::Committed)] {
        for is_later in [false, true] {
            let plan = Plan { lost: BTreeSet::from([lost]), ..Plan::default() };
            let mut world = World::<C>::new(1, plan);
            let silent = world.commit(vec![(1, part("a", 10))], MOMENT).unwrap_err();
            let CommitError::Silent { tx, participant: 1 } = silent else {
                panic!("{silent}");
            };
            world.start(1);
            if is_later {
                world.start_coordinator();
            }
            let coordinator = world.coordinator.as_ref().unwrap();
            assert_eq!(coordinator.recall(tx, 1, LONG), Ok(outcome), "{lost} {is_later}");
            assert_eq!(world.balance(1) == 110, outcome == Outcome::Committed);
        }
    }
}

pub(crate) fn in_doubt_they_ask_and_never_decide_alone<C: Coordinate>() {
    // Both votes are lost; so is the word that it was aborted.
    let plan = Plan { lost: BTreeSet::from([1, 3, 4, 5]), ..Plan::default() };
    let mut world = World::<C>::new(2, plan);
    let late = world.commit(vec![(1, part("a", -10)), (2, part("a", 10))], MOMENT);
    assert!(matches!(late, Err(CommitError::Aborted(..))), "{late:?}");
    world.coordinator = None;
    assert_eq!(world.resolve(true), 0, "nobody who knows is there");
    assert!(world.banks.all().iter().all(|bank| bank.in_doubt().len() == 1));
    world.start_coordinator();
    assert_eq!(world.resolve(true), 2);
    assert!(world.banks.all().iter().all(|bank| bank.in_doubt().is_empty()));
    assert_eq!([world.balance(1), world.balance(2)], [AT_FIRST, AT_FIRST]);
}

pub(crate) fn a_peer_that_knows_helps_and_one_that_never_voted_refuses<C: Coordinate>() {
    // The decision does not reach the second.
    let plan = Plan { lost: BTreeSet::from([6]), ..Plan::default() };
    let world = World::<C>::new(2, plan);
    world.commit(vec![(1, part("a", -10)), (2, part("a", 10))], LONG).unwrap();
    assert_eq!(world.banks.get(2).unwrap().in_doubt().len(), 1);
    assert_eq!(world.resolve(false), 1);
    assert_eq!(world.balance(2), 110);

    // Nothing ever reaches the second, and no abort the first.
    let plan = Plan { lost: BTreeSet::from([2, 3, 4]), ..Plan::default() };
    let world = World::<C>::new(2, plan);
    let late = world.commit(vec![(1, part("a", -10)), (2, part("a", 10))], MOMENT);
    assert!(matches!(late, Err(CommitError::Aborted(_, Why::Late(ref who))) if who.contains(&2)));
    assert_eq!(world.faults.forced(2), 0);
    assert_eq!(world.resolve(false), 1);
    assert_eq!(world.balance(1), AT_FIRST);
    assert_eq!(world.faults.forced(2), 1, "the refusal is safe");
}

pub(crate) fn who_reads_only_is_out_of_it<C: Coordinate>() {
    let mut world = World::<C>::new(2, Plan::default());
    world.commit(vec![(1, part("a", 0)), (2, part("a", 10))], LONG).unwrap();
    assert_eq!([world.balance(1), world.balance(2)], [100, 110]);
    let both_read = vec![(1, part("a", 0)), (2, part("a", 0))];
    world.commit(both_read, LONG).unwrap();
    // After a crash it cannot know for what it voted, and says so until the coordinator says where it is.
    world.start(1);
    let bank = world.banks.get(1).unwrap();
    let old = world.commit(vec![(1, part("a", 5)), (2, part("a", 5))], LONG);
    let Err(CommitError::Aborted(tx, Why::Refused(1))) = old else { panic!("{old:?}") };
    assert_eq!(bank.ask(tx), Answer::Unknown);
    world.resolve(true);
    world.commit(vec![(1, part("a", 5)), (2, part("a", 5))], LONG).unwrap();
}

pub(crate) fn a_panic_of_the_link_loses_one_message_and_nothing_else<C: Coordinate>() {
    struct Panics<L>(L, AtomicUsize);
    impl<L: Link> Link for Panics<L> {
        fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
            assert_ne!(self.1.fetch_add(1, Ordering::Relaxed), 1, "the second message");
            self.0.send(to, request, answers);
        }
    }
    let banks = [1, 2].map(bank);
    let link = Panics(here(&banks), AtomicUsize::new(0));
    let coordinator = C::open(&Options::new(1), Memory::default().open(), link).unwrap();
    let work = || vec![(1, part("a", -10)), (2, part("a", 10))];
    let late = coordinator.commit(work(), MOMENT);
    assert!(matches!(late, Err(CommitError::Aborted(_, Why::Late(_)))), "{late:?}");
    // The abort may still be on its way: the first is asked again until it has let go.
    while coordinator.commit(work(), LONG).is_err() {}
    coordinator.shutdown();
}

pub(crate) fn a_store_that_panics_said_nothing<C: Coordinate>() {
    struct Panics;
    impl Handle for Panics {
        fn handle(&self, _: Request) -> Option<Reply> {
            panic!("on purpose");
        }
    }
    let first = bank(1);
    let here = here(std::slice::from_ref(&first)).with(2, &Arc::new(Panics), 1);
    let coordinator = C::open(&Options::new(1), Memory::default().open(), here).unwrap();
    for _ in 0..2 {
        let late = coordinator.commit(vec![(1, part("a", -10)), (2, part("a", 10))], MOMENT * 10);
        assert!(matches!(late, Err(CommitError::Aborted(..))), "{late:?}");
    }
    assert_eq!(first.store().read(|accounts| accounts.balances["a"]), AT_FIRST);
}

pub(crate) fn many_clients_at_once_lose_no_money<C: Coordinate>() {
    let banks = [1, 2, 3].map(bank);
    let coordinator = C::open(&Options::new(1), Memory::default().open(), here(&banks)).unwrap();
    let committed = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..8_u64 {
            let (coordinator, committed) = (&coordinator, &committed);
            scope.spawn(move || {
                for turn in 0..50 {
                    let (from, to) = (1 + (client + turn) % 3, 1 + (client + 2 * turn + 1) % 3);
                    if from != to {
                        let work = vec![(from, part("a", -1)), (to, part("a", 1))];
                        let done = coordinator.commit(work, LONG).is_ok();
                        committed.fetch_add(usize::from(done), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert!(coordinator.settled(LONG));
    coordinator.shutdown();
    let total: i64 =
        banks.iter().map(|it| it.store().read(|accounts| accounts.balances["a"])).sum();
    assert_eq!(total, 3 * AT_FIRST);
    assert!(committed.into_inner() > 0, "nothing was committed");
}

pub(crate) type Small = Participant<Embedded<Accounts, Memory>>;

pub(crate) fn bank(id: ParticipantId) -> Arc<Small> {
    let accounts = Accounts::with(&[("a", AT_FIRST)]);
    let store = Embedded::open(Memory::default().open(), accounts).unwrap();
    Arc::new(Participant::open(id, store).unwrap())
}

pub(crate) fn here(banks: &[Arc<Small>]) -> Here {
    let mut here = Here::new();
    for bank in banks {
        here = here.with(bank.id(), bank, 4);
    }
    here
}
