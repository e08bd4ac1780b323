//! Threads and memory with many clients: those of a process of its own, for in this one others were before.

use std::io::Write as _;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use std::{env, fs, io};

use two_phase_commit::{channel, lock};

use super::bodies::Used;
use super::contender::{Contender, Scene};
use super::ours::Bank;

pub(crate) const CLIENTS: usize = 1_024;

/// What there was while all clients were at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) threads: f64,
    /// In MiB.
    pub(crate) resident: f64,
}

/// Names the contender in the process that is looked at.
const VARIABLE: &str = "COOKBOOK_CROWD";

static SEEN: Mutex<Vec<(String, Crowd)>> = Mutex::new(Vec::new());

/// Whether this is such a process; it is done then.
pub(crate) fn is_one() -> bool {
    let Ok(contender) = env::var(VARIABLE) else { return false };
    match contender.as_str() {
        "lock" => tell::<Bank<lock::Coordinator>>(),
        "channel" => tell::<Bank<channel::Coordinator>>(),
        other => unreachable!("nobody is called {other}"),
    }
    true
}

fn tell<C: Contender>() {
    let limit = Duration::from_millis(500);
    let (_, status) = Used::<C>::start(Scene::Durable, CLIENTS)
        .heat(limit, || fs::read_to_string("/proc/self/status").unwrap_or_default());
    let field = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()).unwrap_or("0").to_owned()
    };
    let line = format!("{} {}\n", field("Threads:"), field("VmRSS:"));
    io::stdout().write_all(line.as_bytes()).expect("somebody listens");
}

/// Each process tells both figures.
pub(crate) fn of(contender: &str) -> Crowd {
    let mut seen = SEEN.lock().expect("nothing panics under this mutex");
    if let Some((_, crowd)) = seen.iter().find(|(name, _)| name == contender) {
        return *crowd;
    }
    let program = env::current_exe().expect("this is a program");
    let output = Command::new(program).env(VARIABLE, contender).output().expect("it starts again");
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said.split_whitespace().map(|it| it.parse().expect("a number"));
    let mut next = || numbers.next().expect("two numbers");
    let crowd = Crowd { threads: next(), resident: next() / 1024.0 };
    seen.push((contender.to_owned(), crowd));
    crowd
}
