//! A coordinator and participants that can die and start again, joined by a link on which each message is
//! delivered, and answered, before the next is sent: so all steps have one order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use two_phase_commit::embedded::Embedded;
use two_phase_commit::message::{Answers, Link, Request};
use two_phase_commit::participant::{Inquire, Participant};
use two_phase_commit::{Answer, CommitError, CoordinatorId, Options, ParticipantId, Tx, Work};

use super::accounts::Accounts;
use super::faults::{COORDINATOR, Fallible, Faults, NodeId, Plan};
use super::subject::Coordinate;

pub(crate) type Bank = Participant<Embedded<Accounts, Fallible>>;

/// What every account holds at first; each bank has one, `a`.
pub(crate) const AT_FIRST: i64 = 100;

/// Long enough for whatever is on its way; nothing is, once all sends have returned.
pub(crate) const MOMENT: Duration = Duration::from_millis(2);
pub(crate) const LONG: Duration = Duration::from_mins(1);

pub(crate) struct World<C> {
    pub(crate) faults: Faults,
    pub(crate) coordinator: Option<C>,
    pub(crate) banks: Banks,
    size: u64,
}

/// Those that run.
#[derive(Clone, Default)]
pub(crate) struct Banks(Arc<Mutex<BTreeMap<ParticipantId, Arc<Bank>>>>);

impl Banks {
    pub(crate) fn get(&self, id: ParticipantId) -> Option<Arc<Bank>> {
        self.0.lock().unwrap().get(&id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Bank>> {
        self.0.lock().unwrap().values().cloned().collect()
    }
}

/// Delivers at once, unless somebody dies or the message is lost.
struct Wire {
    faults: Faults,
    banks: Banks,
}

impl Link for Wire {
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
        if !self.faults.step(COORDINATOR) || !self.faults.message() {
            return;
        }
        let Some(bank) = self.banks.get(to) else { return };
        if !self.faults.step(to) {
            return;
        }
        let reply = bank.handle(request);
        if let Some(reply) = reply
            && self.faults.step(to)
            && self.faults.message()
            && !self.faults.is_dead(COORDINATOR)
        {
            answers.put(reply);
        }
    }
}

impl<C: Coordinate> World<C> {
    pub(crate) fn new(banks: u64, plan: Plan) -> Self {
        let faults = Faults::new(Plan::default());
        let mut world = Self { faults, coordinator: None, banks: Banks::default(), size: banks };
        for id in 1..=banks {
            world.start(id);
        }
        world.start_coordinator();
        let faults = world.faults.clone();
        faults.begin(plan);
        world
    }

    pub(crate) fn start(&mut self, id: ParticipantId) {
        let empty = Accounts::with(&[("a", AT_FIRST)]);
        // It dies again, perhaps.
        let Ok(store) = Embedded::open(self.faults.restart(id), empty) else { return };
        if let Ok(bank) = Participant::open(id, store) {
            self.banks.0.lock().unwrap().insert(id, Arc::new(bank));
        }
    }

    pub(crate) fn start_coordinator(&mut self) {
        self.coordinator = None;
        let wire = Wire { faults: self.faults.clone(), banks: self.banks.clone() };
        let options = Options { id: COORDINATOR, retell: Duration::from_hours(1) };
        let opened = self.faults.restart(COORDINATOR);
        self.coordinator = C::open(&options, opened, wire).ok();
    }

    pub(crate) fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
        let coordinator = self.coordinator.as_ref().ok_or(CommitError::Closed)?;
        coordinator.commit(work, patience)
    }

    /// Whoever is in doubt asks around. The coordinator may be left out.
    pub(crate) fn resolve(&self, with_coordinator: bool) -> usize {
        let alive = |bank: &Arc<Bank>| !self.faults.is_dead(bank.id());
        let asking = Asking { world: self, with_coordinator };
        let resolve = |bank: Arc<Bank>| bank.resolve(&asking).len();
        self.banks.all().into_iter().filter(alive).map(resolve).sum()
    }

    pub(crate) fn is_down(&self, node: NodeId) -> bool {
        let runs = if node == COORDINATOR {
            self.coordinator.is_some()
        } else {
            self.banks.get(node).is_some()
        };
        !runs || self.faults.is_dead(node)
    }

    pub(crate) fn banks_at_first(&self) -> u64 {
        self.size
    }

    /// As the coordinator does from time to time.
    pub(crate) fn tell_again(&mut self) {
        if !self.is_down(COORDINATOR) {
            self.start_coordinator();
        }
    }

    pub(crate) fn balance(&self, id: ParticipantId) -> i64 {
        let bank = self.banks.get(id).expect("it runs");
        bank.store().read(|accounts| accounts.balances["a"])
    }
}

struct Asking<'a, C> {
    world: &'a World<C>,
    with_coordinator: bool,
}

impl<C: Coordinate> Inquire for Asking<'_, C> {
    fn coordinator(&self, _: CoordinatorId, tx: Tx) -> Option<Answer> {
        let is_there = self.with_coordinator && !self.world.faults.is_dead(COORDINATOR);
        is_there.then(|| Some(self.world.coordinator.as_ref()?.answer(tx)))?
    }

    fn next(&self, _: CoordinatorId) -> Option<Tx> {
        let is_there = self.with_coordinator && !self.world.faults.is_dead(COORDINATOR);
        is_there.then(|| self.world.coordinator.as_ref()?.next())?
    }

    fn peer(&self, peer: ParticipantId, tx: Tx) -> Option<Answer> {
        if self.world.faults.is_dead(peer) {
            return None;
        }
        let answer = self.world.banks.get(peer)?.ask(tx);
        // Who dies of what it had to write says nothing.
        (!self.world.faults.is_dead(peer)).then_some(answer)
    }
}
