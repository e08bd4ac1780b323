//! Orders are extracted from a file, validated, transformed, and loaded in batches.
//!
//! ```sh
//! cargo run -p pipeline --example etl
//! cargo run -p pipeline --example etl -- --fail-at 730
//! ```
//!
//! You will see each record that was rejected, with its line, and how many rows were loaded in how
//! many batches. A rejected record stops nothing. A loader that fails stops everything: with
//! `--fail-at` you will see which record it was, and what had been loaded by then. Give a file to
//! load your own: lines like `1,Ada,12.50,EUR`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use pipeline::Stopped;
use pipeline::lock::Pipeline;
use thiserror::Error;

#[path = "etl/order.rs"]
pub(crate) mod order;
#[path = "etl/warehouse.rs"]
pub(crate) mod warehouse;

use order::{transform, validate};
use warehouse::{Loader, Refused, Warehouse};

const USAGE: &str = "\
Extracts orders, validates and transforms them, and loads them in batches.

usage: etl [--fail-at ORDER] [FILE]

  FILE             lines like 1,Ada,12.50,EUR; without one, 1,000 orders are made up
  --fail-at ORDER  the number of the order at which the loader fails
  --help           this
";

/// Items between two stages.
const CAPACITY: usize = 64;
/// Orders without a file.
const MADE_UP: u64 = 1_000;

/// What stops everything.
#[derive(Debug, Error)]
pub(crate) enum Broken {
    #[error("cannot read on: {0}")]
    Extract(#[from] io::Error),
    #[error(transparent)]
    Load(#[from] Refused),
}

/// How the job fails.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Stopped(#[from] Stopped<Broken>),
    #[error("the last batch: {0}")]
    LastBatch(#[from] Refused),
}

fn main() -> ExitCode {
    match arguments(std::env::args().skip(1)) {
        Ok(Some(arguments)) => run(&arguments),
        Ok(None) => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(complaint) => {
            eprint!("{complaint}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> ExitCode {
    let mut loader = Loader::new(Warehouse::failing_at(arguments.fail_at));
    let file = arguments.file.as_ref();
    let outcome = match file.map(|path| (path, File::open(path))) {
        None => etl(order::made_up(MADE_UP), &mut loader),
        Some((_, Ok(file))) => etl(BufReader::new(file), &mut loader),
        Some((path, Err(error))) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    loader.rejected.iter().for_each(|rejected| println!("{rejected}"));
    let Loader { warehouse, rejected, .. } = loader;
    let rows = warehouse.rows;
    println!(
        "{} rows loaded in {} batches, {} records rejected",
        rows.len(),
        warehouse.batches,
        rejected.len()
    );
    if let Err(failure) = outcome {
        eprintln!("{failure}");
        return ExitCode::FAILURE;
    }
    if file.is_none() {
        assert_eq!(rejected.len(), order::wrong_ones(MADE_UP), "those that are wrong");
        assert_eq!(rows.len() + rejected.len(), MADE_UP as usize, "each loaded or rejected");
        assert!(rows.is_sorted_by(|a, b| a.order < b.order), "each once, in order");
    }
    ExitCode::SUCCESS
}

/// Extract, transform, load. The loader is the caller's, so that what it did is known even after a
/// failure. A line may be as long as memory allows; `csv_totals` shows how to bound it.
///
/// # Errors
///
/// The first thing that stopped it, with the item at which it did.
pub(crate) fn etl(
    input: impl BufRead + Send + 'static,
    loader: &mut Loader,
) -> Result<(), Failure> {
    let lines = (1..).zip(input.split(b'\n'));
    Pipeline::new(CAPACITY)
        .source(lines.map(|(line, bytes)| Ok((line, bytes?))))
        // What is rejected travels on as such, in its place. It is no reason to stop.
        .stage_ordered("validate", 2, |(line, bytes): (u64, Vec<u8>)| Ok(validate(line, &bytes)))
        .stage("transform", 1, |order| Ok(order.and_then(transform)))
        .sink("load", |row| {
            match row {
                Ok(row) => loader.take(row)?,
                Err(rejected) => loader.rejected.push(rejected),
            }
            Ok::<_, Broken>(())
        })
        .run()?;
    Ok(loader.flush()?)
}

#[derive(Debug, Default)]
struct Arguments {
    file: Option<PathBuf>,
    fail_at: Option<u64>,
}

/// Nothing if help was asked for; else what is wrong, for the user.
fn arguments(words: impl IntoIterator<Item = String>) -> Result<Option<Arguments>, String> {
    let (mut words, mut arguments) = (words.into_iter(), Arguments::default());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => return Ok(None),
            "--fail-at" => {
                let number = words.next().ok_or("--fail-at needs the number of an order")?;
                let wrong = |_| format!("no number of an order: {number}");
                arguments.fail_at = Some(number.parse().map_err(wrong)?);
            }
            option if option.starts_with('-') => return Err(format!("no option {option}")),
            _ if arguments.file.is_some() => return Err(format!("one file, not {word} as well")),
            _ => arguments.file = Some(word.into()),
        }
    }
    Ok(Some(arguments))
}
