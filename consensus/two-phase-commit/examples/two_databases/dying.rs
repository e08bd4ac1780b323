//! The coordinator that is killed: this program once more, as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, thread};

use two_phase_commit::log::{Durable, Line, Log, LogFailed};

use crate::{Bank, PATIENCE, Result, Side};

/// What tells the process what it is.
pub(crate) const WORD: &str = "between-the-phases";
const STOPPED: &str = "It can be killed now.";

/// When it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing says yet that it is committed.
    Undecided,
    /// The decision is in the log, and nobody was told.
    Decided,
}

impl Moment {
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Undecided => "",
            Self::Decided => ", and that is written down",
        }
    }

    pub(crate) fn finished(self) -> &'static str {
        match self {
            Self::Undecided => "The log does not say that it is committed: so it is aborted.",
            Self::Decided => "The log says that it is committed: both do it now.",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Decided => "decided",
        }
    }
}

/// Starts it, and kills it at that moment.
pub(crate) fn kill_one(folder: &Path, moment: Moment) -> Result<()> {
    let mut child = Command::new(env::current_exe()?)
        .args([WORD, moment.word()])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or("it has no output")?;
    let is_there =
        BufReader::new(out).lines().map_while(std::result::Result::ok).any(|it| it == STOPPED);
    child.kill()?;
    let status = child.wait()?;
    if is_there {
        Ok(())
    } else {
        Err(format!("the coordinator was to be killed: {status}").into())
    }
}

/// In the other process: begins a transfer, and waits for its death.
pub(crate) fn die<L: Side, R: Side>(bank: &Bank<L, R>, moment: &str) -> Result<()> {
    let is_decided = moment == Moment::Decided.word();
    let opened = bank.open(|log| Stops { log, is_decided })?;
    opened.coordinator.commit(bank.transfer(25), PATIENCE)?;
    Err("it was to be killed".into())
}

/// The log of a coordinator whose time ends with its first decision.
struct Stops {
    log: Durable,
    is_decided: bool,
}

impl Log for Stops {
    fn force(&self, lines: &[Line]) -> std::result::Result<u64, LogFailed> {
        // What is carried along says that a run begins.
        let is_decision = lines.iter().any(|line| matches!(line, Line::Plain(_)));
        if !is_decision || self.is_decided {
            let place = self.log.force(lines)?;
            if !is_decision {
                return Ok(place);
            }
        }
        println!("{STOPPED}");
        loop {
            thread::park();
        }
    }

    fn write(&self, line: Line) -> std::result::Result<(), LogFailed> {
        self.log.write(line)
    }

    fn release(&self, before: u64) -> std::result::Result<(), LogFailed> {
        self.log.release(before)
    }
}
