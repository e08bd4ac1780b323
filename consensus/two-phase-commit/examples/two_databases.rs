//! A transfer from an account in PostgreSQL to one in MariaDB, as one transaction: either both change, or
//! neither does. One that a side refuses, and two whose coordinator is killed when both sides have promised.
//!
//! Run it with `cargo run -p two-phase-commit --example two_databases`. With `POSTGRES_URL` and `MYSQL_URL` in
//! the environment it takes these databases; `.ci/databases cargo run ..` has both. Without them it takes two
//! stores of its own.
//!
//! You will see what each transfer did, what the dead coordinator left promised on both sides, how another
//! one finishes it, and that no money is lost or made.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process};

use two_phase_commit::here::Here;
use two_phase_commit::lock::Coordinator;
use two_phase_commit::log::{Durable, Log};
use two_phase_commit::participant::{Inquire, Participant};
use two_phase_commit::{Answer, CoordinatorId, Options, ParticipantId, Tx, Work};

#[path = "two_databases/dying.rs"]
mod dying;
#[path = "two_databases/embedded.rs"]
mod embedded;
#[path = "two_databases/servers.rs"]
mod servers;

use dying::Moment;

const HELP: &str = "\
A transaction over two databases, and a coordinator that is killed between its phases.

Usage: two_databases

Environment: POSTGRES_URL=postgres://user@host/database and MYSQL_URL=mysql://user@host/database, both or none.
A PostgreSQL needs max_prepared_transactions above 0. The tables it makes are dropped when it ends.";

/// In each account at first.
const START: i64 = 100;
const PATIENCE: Duration = Duration::from_secs(30);
const LEFT: ParticipantId = 1;
const RIGHT: ParticipantId = 2;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One of the two, with one account.
pub(crate) trait Side {
    type Store: two_phase_commit::store::Store + 'static;

    /// As a reader calls it.
    fn name(&self) -> &'static str;

    /// Makes the account.
    fn create(&self) -> Result<()>;

    fn open(&self) -> Result<Self::Store>;

    /// The part that changes the account by so much; it cannot fall below zero.
    fn change(&self, by: i64) -> Vec<u8>;

    fn balance(&self, store: &Self::Store) -> Result<i64>;

    /// Leaves nothing behind.
    fn clean(&self) -> Result<()>;
}

/// Both, and the folder of the coordinator's log.
pub(crate) struct Bank<L, R> {
    left: L,
    right: R,
    folder: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        [] => run(None),
        ["--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        // The process that will be killed.
        [dying::WORD, moment, folder] => run(Some((moment, folder))),
        _ => {
            eprintln!("It takes no arguments; see --help.");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("It failed: {error}");
            let mut error = error.as_ref();
            while let Some(why) = error.source() {
                eprintln!("    because: {why}");
                error = why;
            }
            ExitCode::FAILURE
        }
    }
}

fn run(dying: Option<(&str, &str)>) -> Result<()> {
    let own = env::temp_dir().join(format!("two_databases_{}", process::id()));
    let folder = dying.map_or(own, |(_, folder)| PathBuf::from(folder));
    let moment = dying.map(|(moment, _)| moment);
    let url = |name| env::var(name).ok().filter(|url| !url.is_empty());
    match (url("POSTGRES_URL"), url("MYSQL_URL")) {
        (Some(postgres), Some(mysql)) => {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("two_databases");
            let left = servers::PostgreSql::new(postgres, name);
            with(&Bank { left, right: servers::MariaDb::new(mysql, name), folder }, moment)
        }
        (None, None) => {
            if moment.is_none() {
                println!(
                    "POSTGRES_URL and MYSQL_URL are not set: these are two stores of our own."
                );
            }
            let left = embedded::Own::new("left", &folder);
            let right = embedded::Own::new("right", &folder);
            with(&Bank { left, right, folder }, moment)
        }
        _ => Err("set both POSTGRES_URL and MYSQL_URL, or neither".into()),
    }
}

fn with<L: Side, R: Side>(bank: &Bank<L, R>, moment: Option<&str>) -> Result<()> {
    if let Some(moment) = moment {
        return dying::die(bank, moment);
    }
    fs::create_dir_all(&bank.folder)?;
    let done = bank.show();
    // Also if it failed; then that is what to report.
    let cleaned = [bank.left.clean(), bank.right.clean()];
    fs::remove_dir_all(&bank.folder)?;
    done.and(cleaned.into_iter().collect())
}

/// Asks the coordinator alone; it is there.
struct There<'a>(&'a Coordinator);

impl Inquire for There<'_> {
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

/// As long as it is open.
pub(crate) struct Opened<L: Side, R: Side> {
    left: Arc<Participant<L::Store>>,
    right: Arc<Participant<R::Store>>,
    pub(crate) coordinator: Coordinator,
}

impl<L: Side, R: Side> Bank<L, R> {
    /// With the log of the coordinator as it is given, so that it can be one that stops.
    pub(crate) fn open<G: Log + 'static>(
        &self,
        log: impl FnOnce(Durable) -> G,
    ) -> Result<Opened<L, R>> {
        let left = Arc::new(Participant::open(LEFT, self.left.open()?)?);
        let right = Arc::new(Participant::open(RIGHT, self.right.open()?)?);
        for (side, in_doubt) in
            [(self.left.name(), left.in_doubt()), (self.right.name(), right.in_doubt())]
        {
            for tx in in_doubt {
                println!("    {side} has promised {tx}, and waits.");
            }
        }
        let link = Here::new().with(LEFT, &left, 2).with(RIGHT, &right, 2);
        let opened = Durable::open(self.log(), 1)?;
        let opened = two_phase_commit::log::Opened { log: log(opened.log), lines: opened.lines };
        let coordinator = Coordinator::open(&Options::new(1), opened, link)?;
        Ok(Opened { left, right, coordinator })
    }

    fn log(&self) -> PathBuf {
        self.folder.join("coordinator")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn transfer(&self, amount: i64) -> Work {
        vec![(LEFT, self.left.change(-amount)), (RIGHT, self.right.change(amount))]
    }

    fn show(&self) -> Result<()> {
        self.left.create()?;
        self.right.create()?;
        let opened = self.open(|log| log)?;
        println!("Ann has {START} in {}, Bob {START} in {}.", self.left.name(), self.right.name());
        println!("30 from Ann to Bob:");
        opened.coordinator.commit(self.transfer(30), PATIENCE)?;
        self.see(&opened, [70, 130])?;
        println!("500 from Ann to Bob:");
        let refused = opened.coordinator.commit(self.transfer(500), PATIENCE);
        println!("    {}.", refused.err().ok_or("Ann does not have that much")?);
        self.see(&opened, [70, 130])?;
        drop(opened);
        self.come_back(Moment::Undecided, [70, 130])?;
        self.come_back(Moment::Decided, [45, 155])
    }

    /// Another process transfers 25, and dies of it. This one finishes.
    fn come_back(&self, moment: Moment, expected: [i64; 2]) -> Result<()> {
        println!(
            "25 from Ann to Bob; the coordinator is killed when both have promised{}:",
            moment.told()
        );
        dying::kill_one(self.folder(), moment)?;
        let opened = self.open(|log| log)?;
        let (left, right) = (opened.left.in_doubt(), opened.right.in_doubt());
        // What is decided is told as soon as the log is open; the rest is asked for.
        let is_settled = opened.coordinator.settled(PATIENCE);
        let asked = There(&opened.coordinator);
        opened.left.resolve(&asked);
        opened.right.resolve(&asked);
        if !is_settled || !opened.left.in_doubt().is_empty() || !opened.right.in_doubt().is_empty()
        {
            return Err(format!("{left:?} and {right:?} are not finished").into());
        }
        println!("    {}", moment.finished());
        self.see(&opened, expected)
    }

    fn see(&self, opened: &Opened<L, R>, expected: [i64; 2]) -> Result<()> {
        // Decided is not yet done: those who promised are told while the client has its answer.
        if !opened.coordinator.settled(PATIENCE) {
            return Err("not all did what was decided".into());
        }
        let found =
            [self.left.balance(opened.left.store())?, self.right.balance(opened.right.store())?];
        println!("    Ann has {}, Bob {}; together {}.", found[0], found[1], found[0] + found[1]);
        if found == expected {
            return Ok(());
        }
        Err(format!("they should have {expected:?}").into())
    }
}
