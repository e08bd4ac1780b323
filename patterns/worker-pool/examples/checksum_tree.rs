//! The checksum of every file under a directory, computed by a pool, printed in order.
//!
//! Run it with `cargo run -p worker-pool --example checksum_tree`. It makes a small tree of files in
//! a temporary folder, and prints the CRC-32, the length and the name of each. A link that leads
//! nowhere is reported, and the rest is done. Then one thread does it all again, and the answers are
//! compared. On a terminal a bar shows how far it is.
//!
//! Your own files: `.. --example checksum_tree -- --threads 8 ~/pictures`, and `--help` for more.
//! Ctrl-C ends it: what runs stops at its next block, what has not begun is dropped and counted.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

#[path = "checksum_tree/crc.rs"]
mod crc;
#[path = "checksum_tree/demo.rs"]
mod demo;
#[path = "checksum_tree/options.rs"]
mod options;
#[path = "checksum_tree/report.rs"]
mod report;
#[path = "checksum_tree/sums.rs"]
mod sums;
#[path = "checksum_tree/walk.rs"]
mod walk;

use options::Options;
use report::Report;
use walk::Walk;

/// The end, as `sha256sum` and shells count it.
const SOME_FAILED: u8 = 1;
const BAD_ARGUMENTS: u8 = 2;
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let terminal = err.is_terminal();
    let ended = stop_on_ctrl_c(Arc::clone(&stop)).and_then(|()| {
        run(std::env::args_os().skip(1), &stop, &mut out, &mut err, terminal)
    });
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

/// The whole program but for the process around it. Lines go to `out`, all else to `err`.
fn run(
    arguments: impl Iterator<Item = std::ffi::OsString>,
    stop: &Arc<AtomicBool>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: bool,
) -> io::Result<u8> {
    let options = match Options::parse(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => return write!(out, "{}", options::HELP).map(|()| 0),
        Err(wrong) => {
            writeln!(err, "checksum_tree: {wrong}\nTry --help.")?;
            return Ok(BAD_ARGUMENTS);
        }
    };
    let demo = options.root.is_none().then(demo::Tree::new).transpose()?;
    let root = options.root.as_deref().or(demo.as_ref().map(demo::Tree::path)).expect("one of them");
    if let Err(error) = root.metadata() {
        writeln!(err, "checksum_tree: {}: {error}", root.display())?;
        return Ok(BAD_ARGUMENTS);
    }

    let bytes = if terminal { walk::total_bytes(root, stop) } else { 0 };
    let (start, mut report) = (Instant::now(), Report::new(root, out, err, terminal.then_some(bytes)));
    let not_begun = sums::by_pool(Walk::new(root), options.threads, stop, &mut report)?;
    let by_pool = (report.finish()?, start.elapsed());
    if stop.load(Relaxed) {
        writeln!(err, "stopped: {}, {not_begun} not begun", by_pool.0)?;
        return Ok(INTERRUPTED);
    }
    writeln!(err, "{} by {} threads in {:.1?}", by_pool.0, options.threads, by_pool.1)?;

    if demo.is_some() || options.check {
        let (start, mut quiet) = (Instant::now(), Report::new(root, &mut io::sink(), &mut io::sink(), None));
        sums::by_one_thread(Walk::new(root), stop, &mut quiet)?;
        let by_one = quiet.finish()?;
        if stop.load(Relaxed) {
            writeln!(err, "stopped before the comparison was done")?;
            return Ok(INTERRUPTED);
        }
        if by_one != by_pool.0 {
            writeln!(err, "one thread finds something else: {by_one}; did a file change meanwhile?")?;
            return Ok(SOME_FAILED);
        }
        writeln!(err, "one thread finds the same in {:.1?}", start.elapsed())?;
    }
    let expected = demo.as_ref().map_or(0, demo::Tree::broken);
    Ok(if by_pool.0.failed == expected { 0 } else { SOME_FAILED })
}

/// The first Ctrl-C asks everybody to stop, the second waits for nobody.
fn stop_on_ctrl_c(stop: Arc<AtomicBool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watch = async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, Relaxed);
            let _ = tokio::signal::ctrl_c().await;
            std::process::exit(INTERRUPTED.into());
        }
    };
    thread::Builder::new().name("ctrl-c".into()).spawn(move || runtime.block_on(watch))?;
    Ok(())
}
