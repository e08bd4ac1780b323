//! Participants, operators and names that are not what they should be.

use std::time::{Duration, Instant};

use two_phase_commit::branches::Part;
use two_phase_commit::message::{Request, Said, What};
use two_phase_commit::participant::ForceError;
use two_phase_commit::{CommitError, Outcome, Report, Tx, Vote, Why};

use crate::accounts::part;
use crate::faults::{COORDINATOR, Plan};
use crate::subject::Coordinate;
use crate::world::{AT_FIRST, LONG, MOMENT, World};

fn transfer() -> Vec<(u64, Vec<u8>)> {
    vec![(1, part("a", -10)), (2, part("a", 10))]
}

pub(crate) fn nobody_or_somebody_twice_is_refused_and_nothing_is_begun<C: Coordinate>() {
    let world = World::<C>::new(1, Plan::default());
    assert_eq!(world.commit(vec![], LONG), Err(CommitError::Nobody));
    let twice = vec![(1, part("a", 1)), (1, part("a", 1))];
    assert_eq!(world.commit(twice, LONG), Err(CommitError::Twice(1)));
    assert_eq!(world.coordinator.as_ref().unwrap().counts().sent, 0);
}

/// It tells its participants as soon as it runs, and hears what they say.
fn until_it_reports<C: Coordinate>(coordinator: &C) {
    let begin = Instant::now();
    while coordinator.reports().is_empty() {
        assert!(begin.elapsed() < LONG, "nothing is reported");
        std::thread::yield_now();
    }
}

/// A request that no coordinator of this crate would send.
fn request(tx: Tx, log: u64, what: What) -> Request {
    Request { tx, log, mark: Tx { sequence: 0, ..tx }, what }
}

fn prepare(redo: Vec<u8>) -> What {
    What::Prepare(Part { peers: vec![2], redo })
}

const TX: Tx = Tx { coordinator: 9, epoch: 1, sequence: 0 };
const LOG: u64 = 5;

pub(crate) fn a_name_used_again_with_another_part_is_refused<C: Coordinate>() {
    let world = World::<C>::new(1, Plan::default());
    let bank = world.banks.get(1).unwrap();
    let vote = |redo| bank.handle(request(TX, LOG, prepare(redo))).unwrap().said;
    assert_eq!(vote(part("a", 1)), Said::Voted(Vote::Yes));
    assert_eq!(vote(part("a", 1)), Said::Voted(Vote::Yes), "the same once more");
    assert_eq!(vote(part("a", 2)), Said::Voted(Vote::No));
    bank.handle(request(TX, LOG, What::Decide(Outcome::Committed))).unwrap();
    assert_eq!(vote(part("a", 1)), Said::Voted(Vote::No), "it is over");
    assert_eq!(world.balance(1), AT_FIRST + 1);
}

pub(crate) fn to_prepare_after_its_abort_is_refused<C: Coordinate>() {
    let world = World::<C>::new(1, Plan::default());
    let bank = world.banks.get(1).unwrap();
    bank.handle(request(TX, LOG, What::Decide(Outcome::Aborted))).unwrap();
    let late = bank.handle(request(TX, LOG, prepare(part("a", 1)))).unwrap();
    assert_eq!(late.said, Said::Voted(Vote::No));
    assert_eq!(bank.in_doubt(), []);
    // Nor when it is so old that it was forgotten.
    let next = Tx { sequence: 2, ..TX };
    let mark = Request { mark: next, ..request(next, LOG, prepare(part("a", 1))) };
    bank.handle(mark).unwrap();
    let late = bank.handle(request(TX, LOG, prepare(part("a", 1)))).unwrap();
    assert_eq!(late.said, Said::Voted(Vote::No));
}

pub(crate) fn two_coordinators_of_one_name_are_told_apart<C: Coordinate>() {
    let mut world = World::<C>::new(2, Plan::default());
    world.commit(transfer(), LONG).unwrap();
    // The second one has a log of its own, and begins with the same numbers.
    world.faults.wipe(COORDINATOR);
    world.start_coordinator();
    let refused = world.commit(transfer(), LONG);
    assert!(matches!(refused, Err(CommitError::Aborted(_, Why::Foreign(1)))), "{refused:?}");
    assert!(refused.unwrap_err().to_string().ends_with("give each its own"));
    world.start(1);
    let refused = world.commit(transfer(), LONG);
    assert!(matches!(refused, Err(CommitError::Aborted(_, Why::Foreign(1)))), "not after a crash");
    assert_eq!(world.balance(1), AT_FIRST - 10);
}

pub(crate) fn a_lost_disk_is_noticed_and_waits_for_a_person<C: Coordinate>() {
    // The decision does not reach the second.
    let plan = Plan { lost: [6].into(), ..Plan::default() };
    let mut world = World::<C>::new(2, plan);
    let tx = world.commit(transfer(), LONG).unwrap();
    world.faults.wipe(2);
    world.start(2);
    world.start_coordinator();
    let coordinator = world.coordinator.as_ref().unwrap();
    until_it_reports(coordinator);
    assert_eq!(coordinator.reports(), [Report::Lost(tx, 2)]);
    assert!(!coordinator.settled(MOMENT), "it waits for a person");
    coordinator.overrule(tx, 2);
    assert!(coordinator.settled(LONG));
    assert_eq!(coordinator.reports(), []);
}

pub(crate) fn an_operator_who_contradicts_is_reported<C: Coordinate>() {
    let plan = Plan { lost: [6].into(), ..Plan::default() };
    let mut world = World::<C>::new(2, plan);
    let tx = world.commit(transfer(), LONG).unwrap();
    world.banks.get(2).unwrap().force(tx, Outcome::Aborted).unwrap();
    assert_eq!(world.balance(2), AT_FIRST);
    for is_restarted in [false, true] {
        if is_restarted {
            world.start(2);
        }
        assert_eq!(world.banks.get(2).unwrap().forced(), [(tx, Outcome::Aborted)]);
        world.start_coordinator();
        let coordinator = world.coordinator.as_ref().unwrap();
        until_it_reports(coordinator);
        assert_eq!(coordinator.reports(), [Report::Mixed(tx, 2, Outcome::Committed)]);
        assert_eq!(coordinator.unfinished()[0].participants, [2]);
    }
    let coordinator = world.coordinator.as_ref().unwrap();
    coordinator.overrule(tx, 2);
    assert!(coordinator.settled(LONG));
}

pub(crate) fn an_operator_decides_what_is_in_doubt_and_nothing_else<C: Coordinate>() {
    let plan = Plan { lost: [6].into(), ..Plan::default() };
    let mut world = World::<C>::new(2, plan);
    let tx = world.commit(transfer(), LONG).unwrap();
    let refused = world.banks.get(1).unwrap().force(tx, Outcome::Aborted);
    assert!(matches!(refused, Err(ForceError::NotInDoubt(_))), "{refused:?}");
    world.banks.get(2).unwrap().force(tx, Outcome::Committed).unwrap();
    assert_eq!(world.balance(2), AT_FIRST + 10);
    // As it was decided: nobody has to look at that.
    world.start_coordinator();
    let coordinator = world.coordinator.as_ref().unwrap();
    assert!(coordinator.settled(LONG));
    assert_eq!(coordinator.reports(), []);
}

pub(crate) fn an_unknown_participant_is_as_one_that_never_answers<C: Coordinate>() {
    let world = World::<C>::new(1, Plan::default());
    let work = vec![(1, part("a", 1)), (77, part("a", 1))];
    let late = world.commit(work, Duration::from_millis(20));
    assert!(matches!(late, Err(CommitError::Aborted(_, Why::Late(ref who))) if who.contains(&77)));
    assert_eq!(world.banks.get(1).unwrap().in_doubt(), []);
}
