//! Two banks with logs of their own, a coordinator, and a crash at the two worst moments.
//!
//! Run it with `cargo run -p two-phase-commit --example bank`.
//!
//! It starts itself twice as another process, which moves money until it kills itself: once when all have
//! promised and nothing is decided, and once when it is decided and nobody was told. Each time you will see
//! what the banks are in doubt about, what the coordinator's log says, and that no money is lost.

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use two_phase_commit::channel::Coordinator; // or lock::Coordinator
use two_phase_commit::embedded::Embedded;
use two_phase_commit::here::Here;
use two_phase_commit::log::Durable;
use two_phase_commit::participant::{Inquire, Participant};
use two_phase_commit::{Answer, CoordinatorId, Options, ParticipantId, Tx};

#[path = "bank/accounts.rs"]
mod accounts;
#[path = "bank/dying.rs"]
mod dying;

use accounts::{Accounts, part};
use dying::{Dying, Moment};

type Bank = Participant<Embedded<Accounts, Durable>>;

const USAGE: &str = "usage: bank\nTwo banks, a coordinator and two crashes, in a temporary folder.";
const PATIENCE: Duration = Duration::from_secs(10);
/// What Ann and Bob have together.
const TOTAL: i64 = 200;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => demonstrate()?,
        // What it starts itself.
        ["die", moment, folder] => move_money(Path::new(folder), moment.parse()?)?,
        ["--help" | "-h"] => println!("{USAGE}"),
        [what, ..] => {
            eprintln!("there is no argument {what:?}\n{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn demonstrate() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("two-phase-commit-bank-{}", std::process::id()));
    let result = [Moment::Promised, Moment::Decided].into_iter().try_for_each(|moment| {
        let folder = folder.join(moment.to_string());
        let program = std::env::current_exe()?;
        let died =
            Command::new(program).args(["die", &moment.to_string()]).arg(&folder).status()?;
        assert!(!died.success(), "it was to die");
        println!("It died when {}.", moment.in_words());
        recover(&folder, moment)
    });
    std::fs::remove_dir_all(&folder)?;
    result
}

/// Ann, at the first bank, pays Bob, at the second, until it dies.
fn move_money(folder: &Path, moment: Moment) -> Result<(), Box<dyn Error>> {
    let banks = [open(folder, 1)?, open(folder, 2)?];
    let link = Dying::new(here(&banks), 10, moment);
    let log = Durable::open(folder.join("coordinator"), 3)?;
    let coordinator = Coordinator::open(&Options::new(3), log, link)?;
    loop {
        coordinator.commit(vec![(1, part("Ann", -5)), (2, part("Bob", 5))], PATIENCE)?;
        assert!(coordinator.settled(PATIENCE), "both do their part");
    }
}

fn recover(folder: &Path, moment: Moment) -> Result<(), Box<dyn Error>> {
    let banks = [open(folder, 1)?, open(folder, 2)?];
    for bank in &banks {
        let in_doubt: Vec<_> = bank.in_doubt().iter().map(Tx::to_string).collect();
        println!("  bank {} holds {} and is in doubt about {in_doubt:?}", bank.id(), holds(bank));
        assert_eq!(in_doubt.len(), 1);
    }
    let log = Durable::open(folder.join("coordinator"), 3)?;
    let coordinator = Coordinator::open(&Options::new(3), log, here(&banks))?;
    let unfinished = coordinator.unfinished();
    let to_tell: Vec<_> = unfinished.iter().map(|it| it.tx.to_string()).collect();
    println!("  the coordinator's log says to tell of {to_tell:?}");
    // What is committed is told by the coordinator. About the rest the banks ask.
    assert!(coordinator.settled(PATIENCE), "both do their part");
    for bank in &banks {
        for (tx, outcome) in bank.resolve(&Asking(&coordinator)) {
            println!("  bank {} asked about {tx}: {outcome:?}", bank.id());
        }
        assert_eq!(bank.in_doubt(), []);
        assert_eq!(bank.store().read(Accounts::locked), 0);
    }
    let moved = if moment == Moment::Decided { 55 } else { 50 };
    let held = banks.each_ref().map(|bank| holds(bank));
    assert_eq!(held, [100 - moved, 100 + moved]);
    assert_eq!(held[0] + held[1], TOTAL);
    println!("  Ann has {}, Bob has {}: nothing is lost.", held[0], held[1]);
    Ok(())
}

fn open(folder: &Path, id: ParticipantId) -> Result<Arc<Bank>, Box<dyn Error>> {
    let log = Durable::open(folder.join(format!("bank-{id}")), id)?;
    let customers = if id == 1 { [("Ann", 100)] } else { [("Bob", 100)] };
    let store = Embedded::open(log, Accounts::with(&customers))?;
    Ok(Arc::new(Participant::open(id, store)?))
}

fn here(banks: &[Arc<Bank>; 2]) -> Here {
    Here::new().with(1, &banks[0], 2).with(2, &banks[1], 2)
}

fn holds(bank: &Bank) -> i64 {
    bank.store().read(|accounts| accounts.balances.values().sum())
}

/// Whoever is in doubt asks the coordinator. The other bank is in doubt itself.
struct Asking<'a>(&'a Coordinator);

impl Inquire for Asking<'_> {
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
