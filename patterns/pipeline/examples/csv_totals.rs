//! Totals by region of a file of sales that may be larger than memory.
//!
//! ```sh
//! cargo run -p pipeline --example csv_totals
//! cargo run -p pipeline --release --example csv_totals -- --size 1G
//! ```
//!
//! A source cuts the file into blocks of whole records, workers count them, a sink adds up what
//! they found. You will see the totals, the first records that were left out with the line they
//! began on, and how much memory all of it took: as much for a gigabyte as for a megabyte. Then
//! the same file is counted by one thread, which must come to the same. Ctrl-C stops it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Seek, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use pipeline::Stopped;
use pipeline::lock::Pipeline;

#[path = "csv_totals/arguments.rs"]
pub(crate) mod arguments;
#[path = "csv_totals/generate.rs"]
pub(crate) mod generate;
#[path = "csv_totals/records.rs"]
pub(crate) mod records;
#[path = "csv_totals/tally.rs"]
pub(crate) mod tally;

use arguments::{Arguments, USAGE, parse};
use records::Blocks;
use tally::{Reject, Tally};

/// Blocks between two stages. Memory is this many blocks, and one for each worker.
const BLOCKS: usize = 4;
/// Rejected records that are shown.
const SHOWN: u64 = 10;

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(complaint) => {
            eprint!("{complaint}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_ctrl_c(&stop);
    match run(&arguments, &stop) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if stop.load(Relaxed) => {
            eprintln!("stopped before the end, so there are no totals");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, stop: &Arc<AtomicBool>) -> Result<(), Box<dyn std::error::Error>> {
    let (file, truth) = open(arguments, stop)?;
    let size = file.metadata()?.len();
    let mut rejects = arguments.rejects.as_ref().map(create).transpose()?;

    let (start, mut shown) = (Instant::now(), 0);
    let tally =
        total(BufReader::new(file.try_clone()?), arguments.workers, stop, |(line, fault)| {
            if let Some(file) = &mut rejects {
                writeln!(file, "{line},{fault}")?;
            }
            if shown < SHOWN {
                println!("line {line}: {fault}");
            }
            shown += 1;
            Ok(())
        })?;
    let seconds = start.elapsed().as_secs_f64();
    if let Some(file) = &mut rejects {
        file.flush()?;
    }
    print(&tally, size, seconds);

    let alone = one_thread(BufReader::new(rewound(file)?), stop)?;
    assert_eq!(tally, alone, "one thread counts the same");
    assert!(truth.is_none_or(|truth| truth == tally), "all that was written, and nothing else");
    println!("one thread counts the same");
    Ok(())
}

/// The pipeline. `note` hears of each record that is left out, in the order of the file.
pub(crate) fn total(
    input: impl BufRead + Send + 'static,
    workers: usize,
    stop: &Arc<AtomicBool>,
    mut note: impl FnMut(Reject) -> io::Result<()>,
) -> Result<Tally, Stopped<io::Error>> {
    let (stop, mut tally) = (Arc::clone(stop), Tally::default());
    Pipeline::new(BLOCKS)
        .source(Blocks::new(input).map(move |block| unless(&stop, block)))
        .stage_ordered("count", workers, |block| Ok(Tally::of(&block)))
        .sink("add up", |(part, rejects)| {
            tally.merge(part);
            rejects.into_iter().try_for_each(&mut note)
        })
        .run()?;
    Ok(tally)
}

/// The same without a pipeline.
pub(crate) fn one_thread(input: impl BufRead, stop: &AtomicBool) -> io::Result<Tally> {
    let mut tally = Tally::default();
    for block in Blocks::new(input) {
        tally.merge(Tally::of(&unless(stop, block)?).0);
    }
    Ok(tally)
}

/// A source that was told to stop fails: what was read so far is no total.
fn unless<T>(stop: &AtomicBool, read: io::Result<T>) -> io::Result<T> {
    if stop.load(Relaxed) { Err(ErrorKind::Interrupted.into()) } else { read }
}

/// The file of the arguments, or a generated one and what is in it. The generated one has no name,
/// so the system removes it however this program ends.
fn open(arguments: &Arguments, stop: &AtomicBool) -> io::Result<(File, Option<Tally>)> {
    if let Some(path) = &arguments.file {
        let file = File::open(path).map_err(|error| about(path, &error))?;
        return Ok((file, None));
    }
    let file = tempfile::tempfile()?;
    let writer = BufWriter::new(file.try_clone()?);
    let stopped = || stop.load(Relaxed);
    let truth = generate::write_sales(writer, arguments.size, stopped, |_| ())?;
    unless(stop, Ok(()))?;
    Ok((rewound(file)?, Some(truth)))
}

fn create(path: &PathBuf) -> io::Result<BufWriter<File>> {
    File::create(path).map(BufWriter::new).map_err(|error| about(path, &error))
}

fn about(path: &std::path::Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn rewound(mut file: File) -> io::Result<File> {
    file.rewind()?;
    Ok(file)
}

fn print(tally: &Tally, size: u64, seconds: f64) {
    for (fault, count) in &tally.rejected {
        println!("{count:>9} left out: {fault}");
    }
    for (region, cents) in &tally.totals {
        println!("{:>14}.{:02} {region}", cents / 100, cents % 100);
    }
    let megabytes = size as f64 / 1e6;
    let (records, breaks) = (tally.records, tally.with_breaks);
    println!("{records} records, {breaks} of them with a line break inside");
    println!("{megabytes:.0} MB in {seconds:.2} s, {:.0} MB/s", megabytes / seconds);
    if let Some(peak) = peak_memory() {
        println!("at most {:.1} MB of memory", peak as f64 / 1e6);
    }
}

/// The most bytes this program has had in memory, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn stop_on_ctrl_c(stop: &Arc<AtomicBool>) {
    let stop = Arc::clone(stop);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime
            && runtime.block_on(tokio::signal::ctrl_c()).is_ok()
        {
            stop.store(true, Relaxed);
        }
    });
}
