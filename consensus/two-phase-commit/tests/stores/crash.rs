//! A coordinator that is killed between the phases. It runs in a process of its own, which is this test once
//! more; when all have promised, it says so and stays there until it is killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::{env, thread};

use two_phase_commit::log::{Durable, Line, Log, LogFailed, Opened};
use two_phase_commit::{Options, channel, lock};

use crate::servers::{OfMariaDb, OfPostgreSql, Server};
use crate::subject::Coordinate;
use crate::transfers::{Bank, Branches, MARIADB, PATIENCE, POSTGRES};

/// How much the transfer moves that nobody finishes.
pub(crate) const AMOUNT: i64 = 30;

/// When the coordinator is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// All have promised.
    Undecided,
    /// And the decision is safe; nobody was told.
    Decided,
}

/// What the process is told, and says.
const ORDERS: &str = "STORES_CHILD";
const STOPPED: &str = "between the phases";

/// Returns when it is dead.
pub(crate) fn kill_between_the_phases<C: Coordinate>(bank: &Bank, moment: Moment) {
    let variant = if is_channel::<C>() { "channel" } else { "lock" };
    let folder = bank.folder.path().to_str().expect("a plain name");
    let (ann, bob) = (&bank.postgres.prefix, &bank.mariadb.prefix);
    let orders = format!("{variant} {moment:?} {ann} {bob} {folder}");
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "crash::child", "--nocapture"])
        .env(ORDERS, orders)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs twice");
    let out = BufReader::new(child.stdout.take().expect("it was asked for"));
    let stopped = out.lines().map_while(Result::ok).any(|line| line.contains(STOPPED));
    child.kill().expect("it is ours");
    let status = child.wait().expect("it is ours");
    assert!(stopped, "it was not killed between the phases: {status}");
}

fn is_channel<C: 'static>() -> bool {
    std::any::TypeId::of::<C>() == std::any::TypeId::of::<channel::Coordinator>()
}

/// Stops at the first decision.
struct Stops {
    log: Durable,
    moment: Moment,
}

fn stop() -> ! {
    println!("{STOPPED}");
    loop {
        thread::park();
    }
}

impl Log for Stops {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        // The record of the run, and no decision, is carried along.
        let decides = lines.iter().any(|line| matches!(line, Line::Plain(_)));
        if decides && self.moment == Moment::Undecided {
            stop();
        }
        let place = self.log.force(lines)?;
        if decides {
            stop();
        }
        Ok(place)
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        self.log.write(line)
    }

    fn release(&self, before: u64) -> Result<(), LogFailed> {
        self.log.release(before)
    }
}

/// The other process; nothing to test.
#[test]
fn child() {
    let Ok(orders) = env::var(ORDERS) else { return };
    let [variant, moment, ann, bob, folder] = orders.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{orders} are no orders");
    };
    let moment = if moment == "Decided" { Moment::Decided } else { Moment::Undecided };
    let url = |name| env::var(name).expect("who started this has it");
    let postgres = OfPostgreSql::open(&url(OfPostgreSql::VARIABLE), &format!("{ann}_bank"));
    let mariadb = OfMariaDb::open(&url(OfMariaDb::VARIABLE), &format!("{bob}_bank"));
    let branches = Branches::of(postgres, mariadb);
    let Opened { log, lines } = Durable::open(folder, 1).expect("nobody else has it");
    let opened = Opened { log: Stops { log, moment }, lines };
    let change = |prefix: &str, account, by: i64| {
        let set = format!("SET balance = balance + {by} WHERE name = '{account}'");
        format!("UPDATE {prefix}_accounts {set}").into_bytes()
    };
    let work = vec![(POSTGRES, change(ann, "ann", -AMOUNT)), (MARIADB, change(bob, "bob", AMOUNT))];
    let options = Options::new(1);
    if variant == "channel" {
        let coordinator = channel::Coordinator::open(&options, opened, branches.link());
        let _ = coordinator.expect("the log is new").commit(work, PATIENCE);
    } else {
        let coordinator = lock::Coordinator::open(&options, opened, branches.link());
        let _ = coordinator.expect("the log is new").commit(work, PATIENCE);
    }
    panic!("it was to be killed");
}
