//! What goes wrong between a coordinator and who promised it something, and what becomes of it.

use std::time::Instant;

use two_phase_commit::branches::Part;
use two_phase_commit::ledger::Ledger;
use two_phase_commit::log::Memory;
use two_phase_commit::message::{Said, What};
use two_phase_commit::{Answer, CommitError, Outcome, Report, Tx, Unfinished, Vote, Why};

use crate::bank::{Fate, Others, PATIENCE, SOON, Variant, Wire, bank, is_decision, work};
use crate::textbook::Forgetful;

const MOVE: &[(u64, i64)] = &[(1, 10), (2, -10)];

/// Committed and decided, and nobody told: all are in doubt.
fn in_doubt<C: Variant>(log: &Memory, wire: &Wire) -> Tx {
    told::<C>(log, wire, &[])
}

/// Committed, and told to these alone; then the coordinator dies.
fn told<C: Variant>(log: &Memory, wire: &Wire, told: &'static [u64]) -> Tx {
    let coordinator = C::open(1, log, wire);
    wire.fates(|to, what| {
        let is_lost = is_decision(what, Outcome::Committed) && !told.contains(&to);
        if is_lost { Fate::IsLost } else { Fate::Arrives }
    });
    let tx = coordinator.commit(work(MOVE), PATIENCE).unwrap();
    drop(coordinator);
    wire.mend();
    tx
}

#[test]
fn a_forgetful_participant_locks_for_what_is_aborted_already() {
    let mut participant = Forgetful::default();
    participant.abort();
    participant.prepare();
    assert!(participant.is_locked, "and nobody will ever tell it more");
}

/// ABORT overtakes PREPARE.
fn a_prepare_that_comes_after_its_abort_locks_nothing<C: Variant>() {
    let wire = Wire::to(2);
    let coordinator = C::open(1, &Memory::default(), &wire);
    wire.fates(|to, what| match what {
        What::Prepare(_) if to == 2 => Fate::IsLate,
        _ => Fate::Arrives,
    });
    let ended = coordinator.commit(work(&[(1, -200), (2, 200)]), PATIENCE);
    assert!(matches!(ended, Err(CommitError::Aborted(_, Why::Refused(1)))), "{ended:?}");
    let said: Vec<_> = wire.release().iter().map(|reply| reply.said).collect();
    assert_eq!(said, [Said::Voted(Vote::No)]);
    assert!(wire.bank(2).in_doubt().is_empty() && !wire.is_locked(2));
}

/// The same after the participant has forgotten the abort, by a crash: it prepares, asks once, and is free.
fn a_prepare_that_comes_after_a_crash_costs_one_inquiry<C: Variant>() {
    let wire = Wire::to(2);
    let own = Memory::default();
    wire.replace(bank(2, &own));
    let coordinator = C::open(1, &Memory::default(), &wire);
    wire.fates(|to, what| match what {
        What::Prepare(_) if to == 2 => Fate::IsLate,
        _ => Fate::Arrives,
    });
    coordinator.commit(work(&[(1, -200), (2, 200)]), PATIENCE).unwrap_err();
    wire.replace(bank(2, &own));
    let said: Vec<_> = wire.release().iter().map(|reply| reply.said).collect();
    assert_eq!(said, [Said::Voted(Vote::Yes)]);
    let others = Others { coordinator: Some(&coordinator), peers: &wire };
    let resolved = wire.bank(2).resolve(&others);
    assert!(matches!(resolved[..], [(_, Outcome::Aborted)]), "{resolved:?}");
    assert!(!wire.is_locked(2));
}

/// All have voted yes, and the coordinator is gone: nobody who is left can know the outcome.
fn who_voted_yes_waits_with_its_locks_until_the_coordinator_returns<C: Variant>() {
    let (log, wire) = (Memory::default(), Wire::to(2));
    let tx = in_doubt::<C>(&log, &wire);
    let other = C::open(2, &Memory::default(), &wire);
    for _ in 0..100 {
        for id in [1, 2] {
            let alone = Others::<C> { coordinator: None, peers: &wire };
            assert_eq!(wire.bank(id).resolve(&alone), [], "to decide alone would be a guess");
            assert_eq!(wire.bank(id).in_doubt(), [tx]);
        }
        let blocked = other.commit(work(MOVE), PATIENCE);
        assert!(matches!(blocked, Err(CommitError::Aborted(_, Why::Refused(_)))), "{blocked:?}");
    }
    let back = C::open(1, &log, &wire);
    assert!(back.settled());
    assert_eq!([1, 2].map(|id| wire.balance(id)), [110, 90]);
    other.commit(work(MOVE), PATIENCE).expect("the locks are free");
}

/// One was told before the coordinator died; the other asks it.
fn a_peer_that_was_told_helps_who_is_in_doubt<C: Variant>() {
    let (log, wire) = (Memory::default(), Wire::to(2));
    let tx = told::<C>(&log, &wire, &[1]);
    let alone = Others::<C> { coordinator: None, peers: &wire };
    assert_eq!(wire.bank(2).resolve(&alone), [(tx, Outcome::Committed)]);
    assert_eq!((wire.balance(2), wire.is_locked(2)), (90, false));
}

/// One was never asked; when the other asks it, it writes down that it will never say yes.
fn a_peer_that_was_not_asked_refuses_for_good<C: Variant>() {
    let wire = Wire::to(2);
    let coordinator = C::open(1, &Memory::default(), &wire);
    wire.fates(|to, what| match what {
        What::Prepare(_) if to == 2 => Fate::IsLate,
        What::Prepare(_) => Fate::Arrives,
        _ => Fate::IsLost,
    });
    coordinator.commit(work(MOVE), SOON).unwrap_err();
    drop(coordinator);
    let alone = Others::<C> { coordinator: None, peers: &wire };
    let resolved = wire.bank(1).resolve(&alone);
    assert!(matches!(resolved[..], [(_, Outcome::Aborted)]), "{resolved:?}");
    let said: Vec<_> = wire.release().iter().map(|reply| reply.said).collect();
    assert_eq!(said, [Said::Voted(Vote::No)], "though what it is asked comes now");
}

/// An operator loses patience, and guesses wrong.
fn an_operator_who_contradicts_the_outcome_is_reported<C: Variant>() {
    let (log, wire) = (Memory::default(), Wire::to(2));
    let tx = in_doubt::<C>(&log, &wire);
    wire.bank(2).force(tx, Outcome::Aborted).unwrap();
    assert!(!wire.is_locked(2));
    let back = C::open(1, &log, &wire);
    wait_for(&back, Report::Mixed(tx, 2, Outcome::Committed));
    assert_eq!([1, 2].map(|id| wire.balance(id)), [110, 100], "ten too many");
    mended(&back, tx);
}

/// It said yes, and its disk is gone. Whoever has its name now cannot do what it promised.
fn who_loses_its_disk_after_its_vote_is_reported<C: Variant>() {
    let (log, wire) = (Memory::default(), Wire::to(2));
    let tx = in_doubt::<C>(&log, &wire);
    wire.replace(bank(2, &Memory::default()));
    let back = C::open(1, &log, &wire);
    wait_for(&back, Report::Lost(tx, 2));
    assert_eq!([1, 2].map(|id| wire.balance(id)), [110, 100], "ten too many");
    mended(&back, tx);
}

fn wait_for<C: Variant>(coordinator: &C, report: Report) {
    let end = Instant::now() + PATIENCE;
    while coordinator.reports() != [report] {
        assert!(Instant::now() < end, "{:?}", coordinator.reports());
        std::thread::yield_now();
    }
}

/// It stays unfinished until a person has mended it, and says so.
fn mended<C: Variant>(coordinator: &C, tx: Tx) {
    assert_eq!(coordinator.unfinished(), [Unfinished { tx, participants: vec![2] }]);
    coordinator.overrule(tx, 2);
    assert_eq!((coordinator.unfinished(), coordinator.reports()), (vec![], vec![]));
}

/// Somebody copied a configuration, and not the log.
fn the_second_coordinator_of_a_name_is_refused<C: Variant>() {
    let wire = Wire::to(2);
    let first = C::open(1, &Memory::default(), &wire);
    first.commit(work(MOVE), PATIENCE).unwrap();
    let second = C::open(1, &Memory::default(), &wire);
    let ended = second.commit(work(MOVE), PATIENCE);
    assert!(matches!(ended, Err(CommitError::Aborted(_, Why::Foreign(_)))), "{ended:?}");
    assert!(first.settled());
    assert_eq!([1, 2].map(|id| wire.balance(id)), [110, 90], "done once");
}

/// Why they must be told apart: by its log, a second one says of what the first has committed that it was
/// aborted.
#[test]
fn a_ledger_without_its_log_presumes_what_is_false() {
    let (mut first, _) = Ledger::recover(1, 1, []).unwrap();
    let tx = first.begin();
    first.committed(tx, [(1, 1), (2, 2)].into());
    assert_eq!(first.answer(tx), Answer::Is(Outcome::Committed));
    let (mut second, _) = Ledger::recover(1, 2, []).unwrap();
    assert_eq!(second.answer(tx), Answer::Unknown, "not begun here, so far");
    let same_name = second.begin();
    second.forget(same_name);
    assert_eq!((same_name, second.answer(tx)), (tx, Answer::Is(Outcome::Aborted)));
}

/// The same name once more, for another part.
#[test]
fn another_part_under_the_same_name_is_refused() {
    let (mut ledger, _) = Ledger::recover(1, 1, []).unwrap();
    let (tx, wire) = (ledger.begin(), Wire::to(1));
    let ask = |amount: i64| {
        let part = Part { peers: vec![2], redo: amount.to_le_bytes().to_vec() };
        let (log, mark) = (1, tx);
        let what = What::Prepare(part);
        let request = two_phase_commit::message::Request { tx, log, mark, what };
        wire.bank(1).handle(request).map(|reply| reply.said)
    };
    assert_eq!(ask(10), Some(Said::Voted(Vote::Yes)));
    assert_eq!(ask(10), Some(Said::Voted(Vote::Yes)), "the same may come twice");
    assert_eq!(ask(20), Some(Said::Voted(Vote::No)));
    assert_eq!(wire.bank(1).in_doubt(), [tx], "and what was promised stands");
}

both! {
    a_prepare_that_comes_after_its_abort_locks_nothing,
    a_prepare_that_comes_after_a_crash_costs_one_inquiry,
    who_voted_yes_waits_with_its_locks_until_the_coordinator_returns,
    a_peer_that_was_told_helps_who_is_in_doubt,
    a_peer_that_was_not_asked_refuses_for_good,
    an_operator_who_contradicts_the_outcome_is_reported,
    who_loses_its_disk_after_its_vote_is_reported,
    the_second_coordinator_of_a_name_is_refused,
}
