//! The checksum of every file under a directory, computed by a pool, printed in order.
//!
//! Run it with `cargo run -p worker-pool --example checksum_tree`. It makes a small tree of files in
//! a temporary folder, and prints the CRC-32, the length and the name of each. A link that leads
//! nowhere is reported, and the rest is done. Then one thread does it all again, and the answers are
//! compared. On a terminal a bar shows how far it is.
//!
//! Your own files: `.. --example checksum_tree -- --threads 8 ~/pictures`, and `--help` for more.
//! Ctrl-C ends it: what runs stops at its next block, and what has not begun is dropped.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;
use std::{env, thread};

#[path = "checksum_tree/crc.rs"]
mod crc;
#[path = "checksum_tree/demo.rs"]
mod demo;
#[path = "checksum_tree/options.rs"]
mod options;
#[path = "checksum_tree/report.rs"]
pub(crate) mod report;
#[path = "checksum_tree/sums.rs"]
pub(crate) mod sums;
#[path = "checksum_tree/walk.rs"]
pub(crate) mod walk;

use options::Options;
use report::{Console, Report, Totals};
use walk::Walk;

/// The end, as `sha256sum` and shells count it.
const SOME_FAILED: u8 = 1;
const BAD_ARGUMENTS: u8 = 2;
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let terminal = err.is_terminal();
    let mut console = Console { out: &mut out, err: &mut err, terminal };
    let ended = stop_on_ctrl_c(Arc::clone(&stop))
        .and_then(|()| run(env::args_os().skip(1), &stop, &mut console));
    match ended {
        Ok(code) => ExitCode::from(code),
        // Whoever read the lines wants no more of them.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(err, "checksum_tree: {error}");
            ExitCode::from(SOME_FAILED)
        }
    }
}

/// The whole program but for the process around it; how it ends is what it returns.
pub(crate) fn run(
    arguments: impl Iterator<Item = OsString>,
    stop: &Arc<AtomicBool>,
    console: &mut Console<'_>,
) -> io::Result<u8> {
    let options = match Options::parse(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => return write!(console.out, "{}", options::HELP).map(|()| 0),
        Err(wrong) => {
            writeln!(console.err, "checksum_tree: {wrong}\nTry --help.")?;
            return Ok(BAD_ARGUMENTS);
        }
    };
    let Some(root) = &options.root else {
        let demo = demo::Tree::new()?;
        let options = Options { check: true, ..options };
        return sum_up(demo.path(), demo.broken(), &options, stop, console);
    };
    if let Err(error) = root.metadata() {
        writeln!(console.err, "checksum_tree: {}: {error}", root.display())?;
        return Ok(BAD_ARGUMENTS);
    }
    sum_up(root, 0, &options, stop, console)
}

/// The sums of a tree of which `broken` files are known to be unreadable.
fn sum_up(
    root: &Path,
    broken: u64,
    options: &Options,
    stop: &Arc<AtomicBool>,
    console: &mut Console<'_>,
) -> io::Result<u8> {
    let bytes = console.terminal.then(|| walk::total_bytes(root, stop));
    let (start, mut report) = (Instant::now(), Report::new(root, console, bytes));
    let unfinished = sums::by_pool(Walk::new(root), options.threads, stop, &mut report)?;
    let totals = report.finish()?;
    if stop.load(Relaxed) {
        writeln!(console.err, "stopped: {totals}; {unfinished} under way were not finished")?;
        return Ok(INTERRUPTED);
    }
    let (threads, time) = (options.threads, start.elapsed());
    writeln!(console.err, "{totals}; in {time:.1?} by a pool of {threads}")?;
    if options.check {
        match compare(root, &totals, stop, console)? {
            0 => {}
            end => return Ok(end),
        }
    }
    Ok(if totals.failed == broken { 0 } else { SOME_FAILED })
}

/// One thread does it again.
fn compare(
    root: &Path,
    totals: &Totals,
    stop: &Arc<AtomicBool>,
    console: &mut Console<'_>,
) -> io::Result<u8> {
    let (mut out, mut err) = (io::sink(), io::sink());
    let mut quiet = Console { out: &mut out, err: &mut err, terminal: false };
    let (start, mut report) = (Instant::now(), Report::new(root, &mut quiet, None));
    sums::by_one_thread(Walk::new(root), stop, &mut report)?;
    let its = report.finish()?;
    if stop.load(Relaxed) {
        writeln!(console.err, "stopped before the comparison was done")?;
        return Ok(INTERRUPTED);
    }
    if its != *totals {
        writeln!(console.err, "one thread finds {its}; did a file change meanwhile?")?;
        return Ok(SOME_FAILED);
    }
    writeln!(console.err, "the same in {:.1?} by one thread", start.elapsed())?;
    Ok(0)
}

/// The first Ctrl-C asks everybody to stop, the second waits for nobody.
pub(crate) fn stop_on_ctrl_c(stop: Arc<AtomicBool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watch = async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, Relaxed);
            let _ = tokio::signal::ctrl_c().await;
            process::exit(INTERRUPTED.into());
        }
    };
    thread::Builder::new().name("ctrl-c".into()).spawn(move || runtime.block_on(watch))?;
    Ok(())
}
