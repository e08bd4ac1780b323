//! Whole transactions: an account in PostgreSQL, one in MariaDB, and a coordinator of each variant.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use two_phase_commit::here::Here;
use two_phase_commit::log::{Durable, Memory};
use two_phase_commit::participant::{Inquire, Participant};
use two_phase_commit::stores::mariadb::MariaDb;
use two_phase_commit::stores::postgres::Postgres;
use two_phase_commit::{
    Answer, CommitError, CoordinatorId, Options, Outcome, ParticipantId, Tx, Why, Work,
};

use crate::crash::{self, Moment};
use crate::kinds::{Kind, START, noted, promised};
use crate::servers::{OfMariaDb, OfPostgreSql, Tables};
use crate::subject::Coordinate;

pub(crate) const POSTGRES: ParticipantId = 1;
pub(crate) const MARIADB: ParticipantId = 2;
/// Far longer than any lock is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// `ann` is in PostgreSQL and `bob` in MariaDB.
pub(crate) struct Bank {
    pub(crate) postgres: Tables<OfPostgreSql>,
    pub(crate) mariadb: Tables<OfMariaDb>,
    /// Where the coordinator's log is.
    pub(crate) folder: TempDir,
}

/// Both participants.
pub(crate) struct Branches {
    pub(crate) postgres: Arc<Participant<Postgres>>,
    pub(crate) mariadb: Arc<Participant<MariaDb>>,
}

impl Bank {
    fn new() -> Option<Self> {
        let folder = TempDir::new().expect("there is room for a folder");
        Some(Self { postgres: Kind::new()?, mariadb: Kind::new()?, folder })
    }

    fn open(&self) -> Branches {
        let (postgres, mariadb) = (self.postgres.open("bank"), self.mariadb.open("bank"));
        Branches::of(postgres, mariadb)
    }

    fn transfer(&self, amount: i64) -> Work {
        let (ann, bob) = ("ann", "bob");
        vec![
            (POSTGRES, self.postgres.change(ann, -amount)),
            (MARIADB, self.mariadb.change(bob, amount)),
        ]
    }

    fn balances(&self) -> [i64; 2] {
        [self.postgres.look("ann"), self.mariadb.look("bob")]
    }
}

impl Branches {
    pub(crate) fn of(postgres: Postgres, mariadb: MariaDb) -> Self {
        let postgres = Participant::open(POSTGRES, postgres).expect("the store is its own");
        let mariadb = Participant::open(MARIADB, mariadb).expect("the store is its own");
        Self { postgres: Arc::new(postgres), mariadb: Arc::new(mariadb) }
    }

    pub(crate) fn link(&self) -> Here {
        Here::new().with(POSTGRES, &self.postgres, 4).with(MARIADB, &self.mariadb, 4)
    }

    fn promised(&self) -> [Vec<Tx>; 2] {
        [promised(self.postgres.store()), promised(self.mariadb.store())]
    }
}

/// Asks this coordinator, and no peer.
struct Only<'a, C>(&'a C);

impl<C: Coordinate> Inquire for Only<'_, C> {
    fn coordinator(&self, _: CoordinatorId, tx: Tx) -> Option<Answer> {
        Some(self.0.answer(tx))
    }

    fn peer(&self, _: ParticipantId, _: Tx) -> Option<Answer> {
        None
    }

    fn next(&self, _: CoordinatorId) -> Option<Tx> {
        self.0.next()
    }
}

fn coordinator<C: Coordinate>(branches: &Branches) -> C {
    C::open(&Options::new(1), Memory::default().open(), branches.link()).expect("the log is new")
}

fn a_transfer_is_done_on_both<C: Coordinate>(bank: &Bank) {
    let branches = bank.open();
    let coordinator: C = coordinator(&branches);
    coordinator.commit(bank.transfer(30), PATIENCE).expect("all agree");
    assert!(coordinator.settled(PATIENCE));
    assert_eq!(bank.balances(), [START - 30, START + 30]);
    assert_eq!(branches.promised(), [vec![], vec![]]);
}

fn what_one_side_refuses_is_done_on_none<C: Coordinate>(bank: &Bank) {
    let branches = bank.open();
    let coordinator: C = coordinator(&branches);
    for (amount, who) in [(START + 1, POSTGRES), (-START - 1, MARIADB)] {
        match coordinator.commit(bank.transfer(amount), PATIENCE) {
            Err(CommitError::Aborted(_, Why::Refused(refused))) => assert_eq!(refused, who),
            other => panic!("one of them cannot: {other:?}"),
        }
    }
    // Whoever voted yes is told, and then their accounts are free again.
    coordinator.commit(bank.transfer(START), PATIENCE).expect("all agree");
    assert!(coordinator.settled(PATIENCE));
    assert_eq!(bank.balances(), [0, 2 * START]);
    assert_eq!(branches.promised(), [vec![], vec![]]);
}

fn who_only_reads_is_left_out<C: Coordinate>(bank: &Bank) {
    let branches = bank.open();
    let coordinator: C = coordinator(&branches);
    let work = |tables: Vec<u8>| vec![(POSTGRES, tables), (MARIADB, bank.mariadb.change("bob", 5))];
    let tx = coordinator.commit(work(bank.postgres.reading("ann")), PATIENCE).expect("all agree");
    assert!(coordinator.settled(PATIENCE));
    assert_eq!(bank.balances(), [START, START + 5]);
    let about = |notes: Vec<two_phase_commit::record::Branched>| {
        notes.iter().any(|note| note.tx() == Some(tx))
    };
    assert!(!about(noted(branches.postgres.store())), "of reading nothing is kept");
    assert!(about(noted(branches.mariadb.store())));
}

fn one_database_alone_needs_one_phase<C: Coordinate>(bank: &Bank) {
    let branches = bank.open();
    let coordinator: C = coordinator(&branches);
    coordinator
        .commit(vec![(POSTGRES, bank.postgres.change("ann", -1))], PATIENCE)
        .expect("it can");
    let too_much = vec![(MARIADB, bank.mariadb.change("bob", -START - 1))];
    let refused = coordinator.commit(too_much, PATIENCE).expect_err("it cannot");
    assert!(matches!(refused, CommitError::Aborted(_, Why::Refused(MARIADB))), "{refused}");
    assert_eq!(coordinator.counts().forced, 0, "the coordinator keeps nothing of it");
    assert_eq!(bank.balances(), [START - 1, START]);
}

/// Opens the bank that a dead coordinator left.
fn come_back<C: Coordinate>(bank: &Bank) -> (Branches, C, Tx) {
    assert_eq!(bank.balances(), [START, START], "what is promised does not show");
    let branches = bank.open();
    let [postgres, mariadb] = branches.promised();
    assert_eq!((postgres.len(), &postgres), (1, &mariadb), "both promised the same one");
    assert_eq!(branches.postgres.in_doubt(), postgres);
    assert_eq!(branches.mariadb.in_doubt(), mariadb);
    let log = Durable::open(bank.folder.path(), 1).expect("its owner is dead");
    let coordinator = C::open(&Options::new(1), log, branches.link()).expect("the log is whole");
    (branches, coordinator, postgres[0])
}

fn killed_before_the_decision_none_does_it<C: Coordinate>(bank: &Bank) {
    crash::kill_between_the_phases::<C>(bank, Moment::Undecided);
    let (branches, coordinator, tx) = come_back::<C>(bank);
    assert_eq!(coordinator.answer(tx), Answer::Is(Outcome::Aborted));
    let aborted = [(tx, Outcome::Aborted)];
    assert_eq!(branches.postgres.resolve(&Only(&coordinator)), aborted);
    assert_eq!(branches.mariadb.resolve(&Only(&coordinator)), aborted);
    assert_eq!(branches.promised(), [vec![], vec![]]);
    assert_eq!(bank.balances(), [START, START]);
    coordinator.commit(bank.transfer(1), PATIENCE).expect("the accounts are free");
    assert!(coordinator.settled(PATIENCE));
}

fn killed_after_the_decision_both_do_it<C: Coordinate>(bank: &Bank) {
    crash::kill_between_the_phases::<C>(bank, Moment::Decided);
    let (branches, coordinator, _) = come_back::<C>(bank);
    // Nobody asked: who opens the log tells them.
    assert!(coordinator.settled(PATIENCE));
    assert_eq!(branches.promised(), [vec![], vec![]]);
    assert_eq!(bank.balances(), [START - crash::AMOUNT, START + crash::AMOUNT]);
    assert_eq!(coordinator.unfinished(), []);
    assert_eq!(coordinator.reports(), []);
}

macro_rules! transfers {
    ($variant:ident: $coordinator:ty; $($test:ident)+) => {
        mod $variant {
            $(
                #[test]
                fn $test() {
                    if let Some(bank) = super::Bank::new() {
                        super::$test::<$coordinator>(&bank);
                    }
                }
            )+
        }
    };
}

macro_rules! both {
    ($($test:ident)+) => {
        transfers! { channel: two_phase_commit::channel::Coordinator; $($test)+ }
        transfers! { lock: two_phase_commit::lock::Coordinator; $($test)+ }
    };
}

both! {
    a_transfer_is_done_on_both
    what_one_side_refuses_is_done_on_none
    who_only_reads_is_left_out
    one_database_alone_needs_one_phase
    killed_before_the_decision_none_does_it
    killed_after_the_decision_both_do_it
}
