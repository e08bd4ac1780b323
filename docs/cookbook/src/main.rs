//! The one binary of the workspace. Without a command it builds the book and serves it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cookbook::workspace::Workspace;
use cookbook::{book, chooser, copy, list, report, serve, splice};

/// The Concurrency Cookbook: build and serve the book, find, copy and measure recipes.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
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
    List,
    /// Ask a few questions and name the recipe (prints the whole tree when piped)
    Choose,
    /// Copy the files one variant needs into a directory, ready to compile
    Copy {
        /// A recipe, as `list` names it
        recipe: String,
        /// The module to copy, such as `channel` or `lock`
        #[arg(long)]
        variant: String,
        /// Where the files go; created if missing, never overwriting
        #[arg(long)]
        to: PathBuf,
    },
    /// Splice code, schedules and tables into every README and page that asks for them
    Sync {
        /// Change nothing; fail if anything differs from its source
        #[arg(long)]
        check: bool,
    },
    /// Turn criterion's results into a dated record, and splice tables, charts and verdicts
    Report {
        /// Measure first: five rounds of short samples with the order rotated
        #[arg(long)]
        run: bool,
        /// Only these recipes (default: all that have a bench)
        recipes: Vec<String>,
    },
    /// Build the static book into a directory
    Build {
        /// Where the pages go
        dir: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
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
        Some(Command::Build { dir }) => book::build(&workspace, &dir),
    }
}
