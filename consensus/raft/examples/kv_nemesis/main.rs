//! Three processes of the example `kv` are killed with -9 and paused, again and again, while clients write
//! and read; what the clients saw is judged.
//!
//! Run it with `cargo build --release -p raft --example kv` and then
//! `cargo run --release -p raft --example kv_nemesis`. It takes a minute. With `-- --members` two nodes join
//! meanwhile, and two of the first three, the leader among them, are let go. The last line says how many writes
//! were acknowledged, how many of them are lost, and how long nobody was answered.

mod blows;
mod client;
mod cluster;
mod growth;
mod history;
mod storm;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, process};

use clap::Parser;

/// Harms nodes of `kv`, and judges what their clients saw
#[derive(Debug, Parser)]
struct Args {
    /// How the nodes are built: channel or lock
    #[arg(long, default_value = "lock")]
    variant: String,
    /// How long
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Let two nodes join meanwhile, and two of the three others go
    #[arg(long)]
    members: bool,
    /// From this follows what is done to whom, if not when it is felt
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program; by default the example `kv` beside this one
    #[arg(long)]
    program: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let own = env::current_exe()?;
    let beside = own.parent().unwrap_or(Path::new(".")).join("kv");
    let program = args.program.unwrap_or(beside);
    if !program.exists() {
        let build = "cargo build --release -p raft --example kv";
        return Err(format!("there is no {}: build it by `{build}`", program.display()).into());
    }
    let folder = env::temp_dir().join(format!("kv-nemesis-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let time = Duration::from_secs(args.seconds);
    let (seed, tell) = (args.seed, |news: &str| println!("{news}"));
    let joining = if args.members { growth::NEW } else { 0 };
    let what = (&*program, &*folder, &*args.variant, joining);
    let report = storm::run(what, seed, |stage, cluster| {
        if args.members {
            growth::harm(stage, cluster, time, seed, tell)
        } else {
            blows::harm(stage, cluster, time, seed, tell)
        }
    });
    let report = report
        .map_err(|error| format!("{error}; what the nodes said is in {}", folder.display()))?;
    println!(
        "{} histories of registers were judged, {} could not be decided.",
        report.judged.histories, report.judged.undecided
    );
    for wrong in &report.judged.wrong {
        println!("{wrong}");
    }
    println!(
        "{}, {} s, {} kills, {} pauses: {} acknowledged, {} lost, {} of unknown outcome, \
         unavailable for {:.1} s in all, {:.1} s at most, {} histories wrong",
        args.variant,
        args.seconds,
        report.harm.kills,
        report.harm.pauses,
        report.acknowledged,
        report.lost,
        report.unknown,
        report.unavailable.as_secs_f64(),
        report.longest.as_secs_f64(),
        report.judged.wrong.len()
    );
    if report.lost > 0 || !report.judged.wrong.is_empty() {
        return Err(format!("what the nodes said is in {}", folder.display()).into());
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
