//! The job: each file is one, and the pool bounds how many wait.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use worker_pool::lock::Pool;
use worker_pool::{Handle, JoinTimeoutError};

use super::crc::{self, Sum};
use super::report::Report;
use super::walk::Found;

/// How often the bar moves while a large file is waited for.
const MOMENT: Duration = Duration::from_millis(100);

/// Results that are not yet printed, for each thread. With the queue they bound the memory: the
/// walk waits once so many files are under way, however many there are.
pub(crate) const WINDOW: usize = 64;

/// What is known of a file so far.
enum Pending {
    Sum(Handle<io::Result<Sum>>),
    Skipped(&'static str),
    Failed(io::Error),
}

impl Pending {
    fn is_known(&self) -> bool {
        match self {
            Self::Sum(handle) => handle.is_finished(),
            Self::Skipped(_) | Self::Failed(_) => true,
        }
    }
}

/// Has the pool do it, and reports in the order of the walk. Returns how many files were under way
/// and not finished because of `stop`.
pub(crate) fn by_pool(
    walk: impl Iterator<Item = Found>,
    threads: usize,
    stop: &Arc<AtomicBool>,
    report: &mut Report<'_>,
) -> io::Result<u64> {
    let pool = Pool::new(threads, 2 * threads);
    let unfinished = feed(&pool, walk, stop, report);
    if unfinished.is_err() {
        // Nobody wants the sums any more, and dropping the pool would wait for all of them.
        stop.store(true, Relaxed);
        let _ = pool.abort();
    }
    unfinished
}

fn feed(
    pool: &Pool,
    walk: impl Iterator<Item = Found>,
    stop: &Arc<AtomicBool>,
    report: &mut Report<'_>,
) -> io::Result<u64> {
    let (mut window, mut unfinished) = (VecDeque::new(), 0);
    for found in walk.take_while(|_| !stop.load(Relaxed)) {
        window.push_back(submit(pool, found, stop, report));
        let is_full = |window: &VecDeque<_>| window.len() == WINDOW * pool.workers();
        while window.front().is_some_and(|(_, it): &(_, Pending)| it.is_known() || is_full(&window))
            && let Some(oldest) = window.pop_front()
        {
            unfinished += settle(oldest, report)?;
        }
    }
    if stop.load(Relaxed) {
        let _ = pool.abort(); // what runs has seen `stop` as well
    }
    for oldest in window {
        unfinished += settle(oldest, report)?;
    }
    Ok(unfinished)
}

/// Waits for room in the queue.
fn submit(
    pool: &Pool,
    found: Found,
    stop: &Arc<AtomicBool>,
    report: &Report<'_>,
) -> (PathBuf, Pending) {
    match found {
        Found::File(path) => {
            let (its, stop, read) = (path.clone(), Arc::clone(stop), report.read());
            let job = move || crc::of_file(&its, &stop, &read);
            let Ok(handle) = pool.submit(job) else { unreachable!("nobody has closed it") };
            (path, Pending::Sum(handle))
        }
        Found::Skipped(path, why) => (path, Pending::Skipped(why)),
        Found::Failed(path, error) => (path, Pending::Failed(error)),
    }
}

/// Waits for a file and reports it; 1 if it was not finished.
fn settle((path, pending): (PathBuf, Pending), report: &mut Report<'_>) -> io::Result<u64> {
    let mut handle = match pending {
        Pending::Sum(handle) => handle,
        Pending::Skipped(why) => return report.skipped(&path, why).map(|()| 0),
        Pending::Failed(error) => return report.failed(&path, &error).map(|()| 0),
    };
    let outcome = loop {
        match handle.join_timeout(MOMENT) {
            Ok(outcome) => break outcome,
            Err(JoinTimeoutError::TimedOut(same)) => {
                handle = same;
                report.draw()?;
            }
            Err(JoinTimeoutError::Aborted) => return Ok(1),
            Err(_) => break Err(io::Error::other("its job panicked")),
        }
    };
    match outcome {
        // Half a file has no sum.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(1),
        outcome => report.outcome(&path, outcome).map(|()| 0),
    }
}

/// The same without a pool.
pub(crate) fn by_one_thread(
    walk: impl Iterator<Item = Found>,
    stop: &AtomicBool,
    report: &mut Report<'_>,
) -> io::Result<()> {
    for found in walk.take_while(|_| !stop.load(Relaxed)) {
        match found {
            Found::File(path) => {
                let outcome = crc::of_file(&path, stop, &report.read());
                report.outcome(&path, outcome)?;
            }
            Found::Skipped(path, why) => report.skipped(&path, why)?,
            Found::Failed(path, error) => report.failed(&path, &error)?,
        }
    }
    Ok(())
}
