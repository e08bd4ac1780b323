//! One transaction with its faults, recovery, and what must hold then.

use two_phase_commit::{Answer, CommitError, Outcome, ParticipantId, Tx, Work};

use crate::accounts::part;
use crate::faults::{COORDINATOR, Plan};
use crate::subject::Coordinate;
use crate::world::{AT_FIRST, LONG, MOMENT, World};

/// What the participants make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All can do their part.
    Agreed,
    /// The last one cannot.
    Refused,
    /// The first one has nothing to do.
    Reads,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) banks: u64,
    pub(crate) kind: Kind,
    /// Those in doubt ask each other before the coordinator is back.
    pub(crate) rescue: bool,
}

/// What came to pass in all runs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: usize,
    deaths: usize,
    losses: usize,
    committed: usize,
    aborted: usize,
    blocked: usize,
    rescued: usize,
}

impl Tally {
    /// A run in which nothing happened proves nothing.
    pub(crate) fn check(&self, name: &str) {
        let all = [self.deaths, self.committed, self.aborted, self.blocked, self.rescued];
        assert!(all.iter().all(|count| *count > 0), "{name} was too quiet: {self:?}");
    }
}

/// Its steps and messages, up to the end of the first try.
pub(crate) fn run<C: Coordinate>(case: Case, plan: Plan, tally: &mut Tally) -> (usize, usize) {
    let is_quiet = plan.deaths.is_empty() && plan.lost.is_empty();
    let context = format!("{case:?} {plan:?}");
    let mut world = World::<C>::new(case.banks, plan);
    let patience = if is_quiet { LONG } else { MOMENT };
    let answer = world.commit(work(case), patience);
    let (steps, messages, ..) = world.faults.counts();
    if case.rescue {
        tally.rescued += world.resolve(false);
    }
    let all = world.banks.all();
    tally.blocked += usize::from(all.iter().any(|bank| !bank.in_doubt().is_empty()));
    drop(all);
    recover(&mut world);
    let (_, _, deaths, losses) = world.faults.counts();
    (tally.deaths, tally.losses) = (tally.deaths + deaths, tally.losses + losses);
    tally.runs += 1;

    let done = changed(&world, case);
    let is_committed = done.iter().any(|it| *it);
    assert!(
        done.iter().all(|it| *it == is_committed),
        "{context}: one did it, one did not: {done:?}"
    );
    assert!(!is_committed || case.kind != Kind::Refused, "{context}: without all votes");
    match outcome(&world, &answer) {
        Some(Outcome::Committed) => assert!(is_committed || !has_effect(case), "{context}"),
        Some(Outcome::Aborted) => assert!(!is_committed, "{context}: told otherwise"),
        None => {}
    }
    if is_quiet {
        let wanted = case.kind != Kind::Refused;
        assert_eq!(answer.is_ok(), wanted, "{context}: {answer:?}");
    }
    *(if is_committed { &mut tally.committed } else { &mut tally.aborted }) += 1;
    is_usable(&world, case, &context);
    (steps, messages)
}

fn work(case: Case) -> Work {
    let change = |id| match case.kind {
        Kind::Refused if id == case.banks => -AT_FIRST - 1,
        Kind::Reads if id == 1 => 0,
        _ => 10,
    };
    (1..=case.banks).map(|id| (id, part("a", change(id)))).collect()
}

fn has_effect(case: Case) -> bool {
    case.banks > 1 || case.kind != Kind::Reads
}

/// Until nobody dies of it any more.
fn recover<C: Coordinate>(world: &mut World<C>) {
    for _ in 0..4 {
        for id in (1..=world.banks_at_first()).filter(|id| world.is_down(*id)).collect::<Vec<_>>() {
            world.start(id);
        }
        if world.is_down(COORDINATOR) {
            world.start_coordinator();
        }
        world.tell_again();
        world.resolve(true);
    }
    world.faults.heal();
    world.start_coordinator();
    for id in 1..=world.banks_at_first() {
        world.start(id);
    }
    world.resolve(true);
    let coordinator = world.coordinator.as_ref().expect("nothing goes wrong any more");
    assert!(coordinator.settled(LONG), "{:?}", coordinator.unfinished());
}

/// What the client knows in the end. With one participant it may have to ask again.
fn outcome<C: Coordinate>(world: &World<C>, answer: &Result<Tx, CommitError>) -> Option<Outcome> {
    match answer {
        Ok(_) => Some(Outcome::Committed),
        Err(CommitError::Aborted(..)) => Some(Outcome::Aborted),
        Err(CommitError::Silent { tx, participant }) => {
            let coordinator = world.coordinator.as_ref().expect("it was started again");
            Some(coordinator.recall(*tx, *participant, LONG).expect("it answers"))
        }
        Err(_) => None,
    }
}

/// Who did its part, of those who have one.
fn changed<C: Coordinate>(world: &World<C>, case: Case) -> Vec<bool> {
    let has_part = |id: &ParticipantId| case.kind != Kind::Reads || *id != 1;
    (1..=case.banks).filter(has_part).map(|id| world.balance(id) != AT_FIRST).collect()
}

/// Nothing is locked, nobody waits, and the next transaction is committed.
fn is_usable<C: Coordinate>(world: &World<C>, case: Case, context: &str) {
    for bank in world.banks.all() {
        assert_eq!(bank.in_doubt(), [], "{context}: bank {} is in doubt", bank.id());
        let locked = bank.store().read(crate::accounts::Accounts::locked);
        assert_eq!(locked, 0, "{context}: bank {} holds locks", bank.id());
    }
    let before: Vec<_> = (1..=case.banks).map(|id| world.balance(id)).collect();
    let again = (1..=case.banks).map(|id| (id, part("a", 1))).collect();
    let tx = world.commit(again, LONG).unwrap_or_else(|error| panic!("{context}: {error}"));
    let coordinator = world.coordinator.as_ref().expect("it runs");
    assert!(coordinator.settled(LONG), "{context}");
    let after: Vec<_> = (1..=case.banks).map(|id| world.balance(id)).collect();
    assert!(before.iter().zip(&after).all(|(before, after)| before + 1 == *after), "{context}");
    let forgotten = coordinator.answer(tx);
    assert_eq!(forgotten, Answer::Is(Outcome::Aborted), "{context}: nobody needs to ask any more");
}
