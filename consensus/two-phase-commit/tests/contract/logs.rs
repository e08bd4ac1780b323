//! The logs below.

use std::sync::Arc;
use std::thread;

use tempfile::TempDir;
use two_phase_commit::embedded::Embedded;
use two_phase_commit::here::Here;
use two_phase_commit::log::{Durable, Line, Log, LogFailed, Memory, Opened};
use two_phase_commit::participant::Participant;
use two_phase_commit::record::Coordinated;
use two_phase_commit::{Answer, CommitError, OpenError, Options, Tx};

use crate::accounts::{Accounts, part};
use crate::held::Held;
use crate::promises::{bank, here};
use crate::subject::Coordinate;
use crate::world::LONG;

fn refused<C: Coordinate>(log: &Memory) -> OpenError {
    let opened = C::open(&Options::new(1), log.open(), Held::default());
    opened.err().expect("it is no log of its own")
}

pub(crate) fn a_log_with_nonsense_is_refused<C: Coordinate>() {
    let log = Memory::default();
    let tx = Tx { coordinator: 1, epoch: 1, sequence: 0 };
    let whole = Coordinated::Committed { tx, participants: [(1, 2), (3, 4)].into() }.encode();
    log.force(&[Line::Plain(whole[..whole.len() - 1].to_vec())]).unwrap();
    let error = refused::<C>(&log);
    assert!(matches!(error, OpenError::Damaged(_)), "{error}");
    assert!(error.to_string().contains("fewer participants"), "{error}");
    assert_eq!(log.open().lines.len(), 1, "nothing is written to it");
}

pub(crate) fn the_log_of_another_is_refused<C: Coordinate>() {
    let log = Memory::default();
    let tx = Tx { coordinator: 2, epoch: 1, sequence: 0 };
    let foreign = Coordinated::Committed { tx, participants: [(1, 2)].into() };
    log.force(&[Line::Plain(foreign.encode())]).unwrap();
    let error = refused::<C>(&log);
    assert!(error.to_string().contains("of coordinator 2, and not of 1"), "{error}");
}

pub(crate) fn a_log_that_fails_leaves_the_outcome_open<C: Coordinate>() {
    /// The first line, which is the epoch, is all that it takes.
    struct Full(Memory);
    impl Log for Full {
        fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
            if self.0.open().lines.is_empty() {
                return self.0.force(lines);
            }
            Err(LogFailed::new("no space left"))
        }
        fn write(&self, _: Line) -> Result<(), LogFailed> {
            Err(LogFailed::new("no space left"))
        }
        fn release(&self, _: u64) -> Result<(), LogFailed> {
            Ok(())
        }
    }
    let memory = Memory::default();
    let opened = Opened { log: Full(memory.clone()), lines: Vec::new() };
    let banks = [1, 2].map(bank);
    let coordinator = C::open(&Options::new(1), opened, here(&banks)).unwrap();
    let failed = coordinator.commit(vec![(1, part("a", -1)), (2, part("a", 1))], LONG);
    let Err(CommitError::LogFailed(tx)) = failed else { panic!("{failed:?}") };
    assert_eq!(coordinator.answer(tx), Answer::Wait, "it may be in the log or not");
    assert!(banks.iter().all(|bank| bank.in_doubt() == [tx]));
    coordinator.shutdown();
    // Whoever reads the log finds out.
    let coordinator = C::open(&Options::new(1), memory.open(), here(&banks)).unwrap();
    assert_eq!(coordinator.answer(tx), Answer::Is(two_phase_commit::Outcome::Aborted));
}

type OnDisk = Participant<Embedded<Accounts, Durable>>;

fn on_disk(folder: &TempDir, id: u64, accounts: Accounts) -> Arc<OnDisk> {
    let log = Durable::open(folder.path().join(format!("bank-{id}")), id).unwrap();
    let store = Embedded::open(log, accounts).unwrap().picture_every(100);
    Arc::new(Participant::open(id, store).unwrap())
}

/// Each transaction has an account of its own: none finds the locks of the one before.
const CLIENTS: usize = 16;
const EACH: usize = 40;

fn disks(folder: &TempDir) -> [Arc<OnDisk>; 2] {
    let accounts: Vec<_> = (0..CLIENTS * EACH).map(|it| (format!("a{it}"), 10)).collect();
    let accounts: Vec<_> = accounts.iter().map(|(name, sum)| (name.as_str(), *sum)).collect();
    [1, 2].map(|id| on_disk(folder, id, Accounts::with(&accounts)))
}

fn both(banks: &[Arc<OnDisk>; 2]) -> Here {
    Here::new().with(1, &banks[0], CLIENTS).with(2, &banks[1], CLIENTS)
}

fn load<C: Coordinate>(coordinator: &C) {
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                for turn in 0..EACH {
                    let account = format!("a{}", client * EACH + turn);
                    let work = vec![(1, part(&account, -1)), (2, part(&account, 1))];
                    coordinator.commit(work, LONG).unwrap();
                }
            });
        }
    });
    assert!(coordinator.settled(LONG));
}

pub(crate) fn clients_share_the_fsyncs_of_a_durable_log<C: Coordinate>() {
    let folder = TempDir::new().unwrap();
    let banks = disks(&folder);
    let syncs = || banks.each_ref().map(|bank| bank.store().log().counts().syncs);
    let log = Durable::open(folder.path().join("coordinator"), 9).unwrap();
    let coordinator = C::open(&Options::new(9), log, both(&banks)).unwrap();
    let before = syncs();
    load(&coordinator);
    let committed = coordinator.counts().forced;
    coordinator.shutdown();
    assert_eq!(committed, (CLIENTS * EACH) as u64);
    let alone = 2 * committed;
    for (before, after) in before.into_iter().zip(syncs()) {
        assert!(after - before < alone * 3 / 4, "{} fsyncs for {alone} lines", after - before);
    }
}

pub(crate) fn the_logs_stay_short<C: Coordinate>() {
    let folder = TempDir::new().unwrap();
    let log = Memory::default();
    {
        let banks = disks(&folder);
        let options = Options { retell: std::time::Duration::from_millis(1), ..Options::new(9) };
        let coordinator = C::open(&options, log.open(), both(&banks)).unwrap();
        load(&coordinator);
        while log.open().lines.len() > 200 {
            thread::yield_now();
        }
        coordinator.shutdown();
    }
    // Both banks come back with all of it, although they read only what came after their last picture.
    let banks = disks(&folder);
    for (bank, sum) in banks.iter().zip([9, 11]) {
        let balances = bank.store().read(|accounts| accounts.balances.clone());
        assert!(balances.values().all(|balance| *balance == sum), "{balances:?}");
        assert_eq!(bank.in_doubt(), []);
    }
}
