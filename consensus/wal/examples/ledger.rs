//! A bank whose accounts are in memory and whose transfers are in a log. Its process dies in the middle
//! of its work, twice, and no money is lost or made.
//!
//! Run it with `cargo run -p wal --example ledger`.
//!
//! You will see how many transfers were acknowledged before each death, how many fsyncs that took, and
//! that all of them are there when the log is opened again.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, io, thread};

use wal::lock::Wal;
use wal::{Entry, OpenError, Options, Record};

/// The only kind of record: from, to, how much.
const TRANSFER: u8 = 1;
const ACCOUNTS: u8 = 8;
const START: i64 = 1000;
const TELLERS: u8 = 16;

type Accounts = BTreeMap<u8, i64>;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(folder) = env::args().nth(1) {
        return Ok(open_the_bank(Path::new(&folder))?);
    }
    let folder = env::temp_dir().join(format!("ledger-{}", process::id()));
    let result = die_and_come_back(&folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn die_and_come_back(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut acknowledged = 0;
    for life in 1..=2 {
        let output = Command::new(env::current_exe()?).arg(folder).output()?;
        assert!(!output.status.success(), "it dies");
        let told = String::from_utf8(output.stdout)?;
        let syncs = told.lines().rev().find_map(|line| line.split_once(' ')).map_or("?", |it| it.1);
        acknowledged += told.lines().count() as u64;
        println!("Life {life}: {acknowledged} transfers are acknowledged, {syncs} fsyncs.");
        let (log, accounts) = replay(folder)?;
        println!("        {} are in the log.", log.durable());
        assert!(log.durable() >= acknowledged, "an acknowledged transfer is lost");
        assert_eq!(accounts.values().sum::<i64>(), i64::from(ACCOUNTS) * START);
        // Those in the log that nobody was told of count too: it may be that they were.
        acknowledged = log.durable();
    }
    println!("The accounts sum to {}, as they should.", i64::from(ACCOUNTS) * START);
    Ok(())
}

/// The log, and what it says.
fn replay(folder: &Path) -> Result<(Wal, Accounts), OpenError> {
    let mut accounts = (0..ACCOUNTS).map(|account| (account, START)).collect();
    let (log, _) = Wal::open(folder, &Options::new(0xba4c), |entry| apply(&mut accounts, entry))?;
    Ok((log, accounts))
}

fn apply(accounts: &mut Accounts, entry: Entry<'_>) {
    let (TRANSFER, &[from, to, amount]) = (entry.kind, entry.body) else {
        panic!("record {} is no transfer", entry.sequence)
    };
    *accounts.entry(from).or_default() -= i64::from(amount);
    *accounts.entry(to).or_default() += i64::from(amount);
}

/// Serves customers, until the process dies.
fn open_the_bank(folder: &Path) -> Result<(), OpenError> {
    let (log, _) = replay(folder)?;
    let count = AtomicU64::new(0);
    thread::scope(|scope| {
        for teller in 0..TELLERS {
            let (log, count) = (&log, &count);
            scope.spawn(move || serve(log, teller, count));
        }
    });
    Ok(())
}

/// A teller, whose customers wait until their transfer is safe.
fn serve(log: &Wal, teller: u8, count: &AtomicU64) {
    for round in (0..=u8::MAX).cycle() {
        let transfer = [teller % ACCOUNTS, (teller + round % 7) % ACCOUNTS, round % 100];
        log.force(&[Record::new(TRANSFER, &transfer)]).expect("the disk is well");
        let line = format!("told {}\n", log.counts().syncs);
        io::stdout().lock().write_all(line.as_bytes()).expect("somebody listens");
        if count.fetch_add(1, Ordering::SeqCst) == 500 {
            process::abort();
        }
    }
}
