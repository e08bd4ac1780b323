//! The one binary of the workspace. Without a command it builds the book and serves it.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use cookbook::sequence::{self, View};
use cookbook::workspace::Workspace;
use cookbook::{book, chooser, copy, list, report, serve, splice};

const FIRST_STEPS: &str = "\
Without a command it builds the book and serves it on http://127.0.0.1:7878 until Ctrl-C.

First steps:
  cookbook                     read the book
  cookbook choose              find the recipe you need
  cookbook list                see how to test, run and bench each

Inside a clone, `cargo run --release -- COMMAND` is the same as `cookbook COMMAND`.";

/// The Concurrency Cookbook: read the book; find, copy and measure recipes.
#[derive(Parser)]
#[command(name = "cookbook", version, args_conflicts_with_subcommands = true)]
#[command(after_help = FIRST_STEPS)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Args)]
struct ServeArgs {
    /// Port on 127.0.0.1; the next free one if it is taken
    #[arg(long, default_value_t = 7878)]
    port: u16,
    /// Open the book in the default browser
    #[arg(long)]
    open: bool,
}

#[derive(Subcommand)]
enum Command {
    /// List the recipes, each with the commands to test, run and bench it
    #[command(after_help = "Next: run one of the commands it prints, or `cookbook choose`.")]
    List,
    /// Ask two questions and name the recipe (prints the whole tree when piped)
    #[command(after_help = "Next: read the README it names, or `cookbook copy --help`.")]
    Choose,
    /// Copy the files one variant needs into a directory, ready to compile
    #[command(after_help = "\
Example: cookbook copy semaphore --variant lock --to src/semaphore
Next: add the `mod` lines and the dependencies that it prints.")]
    Copy {
        /// A recipe, as `cookbook list` names it
        recipe: String,
        /// The module to copy, such as `channel` or `lock`
        #[arg(long)]
        variant: String,
        /// Where the files go; created if missing, nothing is overwritten
        #[arg(long)]
        to: PathBuf,
    },
    /// Splice code, schedules and tables into every README and page that asks for them
    #[command(
        after_help = "Next: `git diff` shows what changed; CONTRIBUTING.md explains splices."
    )]
    Sync {
        /// Change nothing; fail if anything differs from its source
        #[arg(long)]
        check: bool,
    },
    /// Turn criterion's results into a dated record, and splice tables, charts and verdicts
    #[command(after_help = "\
Measure first: `cargo bench --bench semaphore`, or add --run.
Next: `git diff` shows the record, the tables and the charts.")]
    Report {
        /// Measure first: five rounds of short samples with the order rotated
        #[arg(long)]
        run: bool,
        /// Only these recipes (default: all that have a bench)
        recipes: Vec<String>,
    },
    /// Draw a trace of simnet as a sequence diagram, to standard output
    #[command(after_help = "\
Example: cookbook draw trace.jsonl --events 12..40 > trace.svg
Next: traces in a recipe's tests/traces are drawn by `cookbook sync`.")]
    Draw {
        /// The trace: a line of JSON for each event
        trace: PathBuf,
        /// Only these lines of it, such as 12..40, or 12.. for all from there on
        #[arg(long)]
        events: Option<String>,
    },
    /// Build the static book into a directory
    #[command(after_help = "Next: open index.html there, or copy the directory to a web server.")]
    Build {
        /// Where the pages go
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if reader_left(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match cli.command {
        None => {
            serve::run(&workspace, &serve::Options { port: cli.serve.port, open: cli.serve.open })
        }
        Some(Command::List) => list::run(&workspace),
        Some(Command::Choose) => chooser::run(&workspace),
        Some(Command::Copy { recipe, variant, to }) => {
            copy::run(&workspace, &recipe, &variant, &to)
        }
        Some(Command::Sync { check }) => splice::run(&workspace, check),
        Some(Command::Report { run, recipes }) => report::run(&workspace, run, &recipes),
        Some(Command::Draw { trace, events }) => sequence::run(&trace, &View::of_events(events)),
        Some(Command::Build { dir }) => book::build(&workspace, &dir),
    }
}

/// Whoever read our output has seen enough, as in `cookbook list | head -1`.
fn reader_left(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
