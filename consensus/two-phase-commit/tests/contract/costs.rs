//! What a transaction costs: messages, and lines that must be safe before anything else happens.

use two_phase_commit::Work;

use crate::accounts::part;
use crate::faults::{COORDINATOR, Plan};
use crate::subject::Coordinate;
use crate::world::{LONG, World};

/// Messages of all, lines forced by the coordinator, lines forced by all participants.
fn cost<C: Coordinate>(work: Work) -> (usize, u64, u64) {
    let banks = work.iter().map(|(id, _)| *id).max().unwrap_or(0);
    let mut world = World::<C>::new(banks, Plan::default());
    // Once in their lives they note whose transactions these are, and that they may read only.
    let all = |change| (1..=banks).map(|id| (id, part("a", change))).collect();
    for first in [all(1), all(0)] {
        let _ = world.commit(first, LONG);
    }
    let coordinator = world.coordinator.as_ref().unwrap();
    assert!(coordinator.settled(LONG));
    world.faults.begin(Plan::default());
    let _ = world.commit(work, LONG);
    assert!(world.coordinator.as_ref().unwrap().settled(LONG));
    let (_, messages, ..) = world.faults.counts();
    let by_banks = (1..=banks).map(|id| world.faults.forced(id)).sum();
    // To end it gives the last answer time to be counted.
    world.coordinator = None;
    (messages, world.faults.forced(COORDINATOR), by_banks)
}

pub(crate) fn a_commit_costs_four_messages_each_and_two_writes_each_and_one<C: Coordinate>() {
    for n in 2..=5_u64 {
        let work = (1..=n).map(|id| (id, part("a", 5))).collect();
        let all = usize::try_from(n).unwrap();
        assert_eq!(cost::<C>(work), (4 * all, 1, 2 * n), "{n} participants");
    }
}

pub(crate) fn an_abort_costs_the_coordinator_no_write<C: Coordinate>() {
    // The first promises and is told; the second says no, and nobody waits for it.
    let work = vec![(1, part("a", 5)), (2, part("a", -1_000))];
    let (messages, by_coordinator, by_banks) = cost::<C>(work);
    assert_eq!((by_coordinator, by_banks), (0, 1));
    assert_eq!(messages, 4 + 2);
}

pub(crate) fn to_read_costs_two_messages_and_no_write<C: Coordinate>() {
    assert_eq!(cost::<C>(vec![(1, part("a", 5)), (2, part("a", 0))]), (4 + 2, 1, 2));
    assert_eq!(cost::<C>(vec![(1, part("a", 0)), (2, part("a", 0))]), (2 + 2, 0, 0));
}

pub(crate) fn alone_it_costs_two_messages_and_one_write<C: Coordinate>() {
    assert_eq!(cost::<C>(vec![(1, part("a", 5))]), (2, 0, 1));
}
