//! Runs a benchmark in rounds.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::recipe::bench_target;
use crate::workspace::Workspace;

use super::criterion::{self, Found};

/// Enough for a median that one bad round cannot move.
pub const ROUNDS: usize = 5;

/// Measures a recipe: each round runs every contender of every scenario, in another order. What
/// comes back is all there is: a run that is interrupted leaves no record behind.
///
/// # Errors
///
/// When the benchmark does not build, fails or leaves no results.
pub fn measure(workspace: &Workspace, recipe: &str) -> anyhow::Result<Vec<Vec<Found>>> {
    let target = target(workspace)?;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        eprintln!("{recipe}: round {} of {ROUNDS}", round + 1);
        let (start, clock) = (SystemTime::now(), Instant::now());
        bench(workspace, recipe, round)?;
        let found = criterion::since(&target, recipe, start)?;
        if found.is_empty() {
            bail!("the benchmark of {recipe} left no results in {}", target.display());
        }
        eprintln!("{recipe}: {} results in {} s", found.len(), clock.elapsed().as_secs());
        rounds.push(found);
    }
    Ok(rounds)
}

fn bench(workspace: &Workspace, recipe: &str, round: usize) -> anyhow::Result<()> {
    let target = bench_target(recipe);
    let status = cargo(workspace)
        .args(["bench", "--package", "benches", "--bench", &target, "--", "--quiet", "--noplot"])
        .env("COOKBOOK_ROUND", round.to_string())
        .stdout(Stdio::null())
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("`cargo bench --bench {target}` failed; its last words stand above");
    }
    Ok(())
}

/// The folder that cargo builds into and criterion writes to.
///
/// # Errors
///
/// When cargo does not say.
pub fn target(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    #[derive(Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let output = cargo(workspace)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .context("`cargo metadata` does not say where results lie")?;
    Ok(metadata.target_directory)
}

fn cargo(workspace: &Workspace) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(workspace.path(Path::new("")));
    command
}
