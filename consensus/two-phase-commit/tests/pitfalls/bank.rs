//! Accounts that take part, the wire to them with the faults that a test wants, and both variants under
//! one name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use two_phase_commit::embedded::Embedded;
use two_phase_commit::log::Memory;
use two_phase_commit::message::{Answers, Link, Reply, Request, What};
use two_phase_commit::participant::{Inquire, Participant};
use two_phase_commit::{
    Answer, CommitError, CoordinatorId, Options, Outcome, ParticipantId, Report, Tx, Unfinished,
    Work,
};

use crate::account::Account;

/// For what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// For what must not.
pub(crate) const SOON: Duration = Duration::from_millis(20);

pub(crate) type Bank = Participant<Embedded<Account, Memory>>;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    IsLost,
    /// It arrives, and what is said to it is lost.
    AnswerIsLost,
    /// It stays on its way until the test lets it go.
    IsLate,
}

type Fates = Box<dyn FnMut(ParticipantId, &What) -> Fate + Send>;

/// Carries each message at once, on the thread that sends it; clones are the same wire.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Inside>);

struct Inside {
    banks: Mutex<BTreeMap<ParticipantId, Arc<Bank>>>,
    fates: Mutex<Fates>,
    late: Mutex<Vec<(ParticipantId, Request, Answers)>>,
}

impl Wire {
    /// To banks 1 up to `count`, with 100 in each.
    pub(crate) fn to(count: ParticipantId) -> Self {
        let bank = |id| (id, Arc::new(bank(id, &Memory::default())));
        let banks = Mutex::new((1..=count).map(bank).collect());
        let fates: Fates = Box::new(|_, _| Fate::Arrives);
        Self(Arc::new(Inside { banks, fates: Mutex::new(fates), late: Mutex::default() }))
    }

    pub(crate) fn bank(&self, id: ParticipantId) -> Arc<Bank> {
        Arc::clone(&self.0.banks.lock().unwrap()[&id])
    }

    /// Another one in its place.
    pub(crate) fn replace(&self, bank: Bank) {
        self.0.banks.lock().unwrap().insert(bank.id(), Arc::new(bank));
    }

    /// From now on.
    pub(crate) fn fates(&self, fates: impl FnMut(ParticipantId, &What) -> Fate + Send + 'static) {
        *self.0.fates.lock().unwrap() = Box::new(fates);
    }

    pub(crate) fn mend(&self) {
        self.fates(|_, _| Fate::Arrives);
    }

    /// What was late arrives. What was said to it.
    pub(crate) fn release(&self) -> Vec<Reply> {
        let late = std::mem::take(&mut *self.0.late.lock().unwrap());
        let carry = |(to, request, answers): (ParticipantId, Request, Answers)| {
            let reply = self.bank(to).handle(request)?;
            answers.put(reply);
            Some(reply)
        };
        late.into_iter().filter_map(carry).collect()
    }

    pub(crate) fn late(&self) -> usize {
        self.0.late.lock().unwrap().len()
    }

    pub(crate) fn balance(&self, id: ParticipantId) -> i64 {
        self.bank(id).store().read(|account| account.balance)
    }

    pub(crate) fn is_locked(&self, id: ParticipantId) -> bool {
        self.bank(id).store().read(|account| account.locked.is_some())
    }
}

/// What is in this log, or 100 if nothing is.
pub(crate) fn bank(id: ParticipantId, log: &Memory) -> Bank {
    let empty = Account { balance: 100, locked: None };
    let store = Embedded::open(log.open(), empty).expect("it is its own log");
    Participant::open(id, store).expect("memory does not fail")
}

impl Link for Wire {
    fn send(&self, to: ParticipantId, request: Request, answers: &Answers) {
        let fate = (self.0.fates.lock().unwrap())(to, &request.what);
        if fate == Fate::IsLate {
            self.0.late.lock().unwrap().push((to, request, answers.clone()));
        } else if fate != Fate::IsLost {
            let reply = self.bank(to).handle(request);
            if let Some(reply) = reply.filter(|_| fate == Fate::Arrives) {
                answers.put(reply);
            }
        }
    }
}

/// Whom a bank in doubt can ask.
pub(crate) struct Others<'a, C> {
    /// `None` while it is down.
    pub(crate) coordinator: Option<&'a C>,
    pub(crate) peers: &'a Wire,
}

impl<C: Variant> Inquire for Others<'_, C> {
    fn coordinator(&self, _: CoordinatorId, tx: Tx) -> Option<Answer> {
        self.coordinator.map(|it| it.answer(tx))
    }

    fn peer(&self, peer: ParticipantId, tx: Tx) -> Option<Answer> {
        Some(self.peers.bank(peer).ask(tx))
    }

    fn next(&self, _: CoordinatorId) -> Option<Tx> {
        self.coordinator.and_then(C::next)
    }
}

/// Both variants, as these tests use them.
pub(crate) trait Variant: Sized + Sync {
    fn open(id: CoordinatorId, log: &Memory, wire: &Wire) -> Self;
    fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError>;
    fn answer(&self, tx: Tx) -> Answer;
    fn next(&self) -> Option<Tx>;
    fn settled(&self) -> bool;
    fn unfinished(&self) -> Vec<Unfinished>;
    fn reports(&self) -> Vec<Report>;
    fn overrule(&self, tx: Tx, participant: ParticipantId);
}

macro_rules! variant {
    ($variant:ident) => {
        impl Variant for two_phase_commit::$variant::Coordinator {
            fn open(id: CoordinatorId, log: &Memory, wire: &Wire) -> Self {
                Self::open(&Options::new(id), log.open(), wire.clone()).expect("it is its own log")
            }
            fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
                self.commit(work, patience)
            }
            fn answer(&self, tx: Tx) -> Answer {
                self.answer(tx)
            }
            fn next(&self) -> Option<Tx> {
                self.next()
            }
            fn settled(&self) -> bool {
                self.settled(PATIENCE)
            }
            fn unfinished(&self) -> Vec<Unfinished> {
                self.unfinished()
            }
            fn reports(&self) -> Vec<Report> {
                self.reports()
            }
            fn overrule(&self, tx: Tx, participant: ParticipantId) {
                self.overrule(tx, participant);
            }
        }
    };
}

variant!(channel);
variant!(lock);

/// So much comes in at each of these, or goes out.
pub(crate) fn work(parts: &[(ParticipantId, i64)]) -> Work {
    parts.iter().map(|(id, amount)| (*id, amount.to_le_bytes().to_vec())).collect()
}

pub(crate) fn is_decision(what: &What, outcome: Outcome) -> bool {
    *what == What::Decide(outcome)
}
