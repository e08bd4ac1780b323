//! Reads what the benchmarks left behind: criterion's JSON, and beside it the loads that the heats
//! noted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::numbers::Spread;

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The group without the recipe's name.
    pub scenario: String,
    /// The function.
    pub contender: String,
    /// The parameter.
    pub parameter: usize,
    /// The median of the samples, with its confidence interval: nanoseconds, if the scenario names
    /// no other unit.
    pub time: Spread,
    /// The share of operations that waited and their processor time, if they were counted.
    pub load: Option<Load>,
    /// When it was written.
    pub at: SystemTime,
}

/// What the timed heats counted, or a rehearsal where they did not.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Load {
    /// The share of operations that had to wait.
    pub waited: f64,
    /// Processor time of all threads per operation.
    pub cpu_ns: f64,
}

/// A whole `cargo bench` takes less, so what is older than this was another run.
const ONE_RUN: Duration = Duration::from_hours(1);

/// The results of a recipe that were written since `start`, in the order of their writing.
///
/// # Errors
///
/// When a result cannot be read; the message names the file.
pub fn since(target: &Path, recipe: &str, start: SystemTime) -> anyhow::Result<Vec<Found>> {
    let mut found = all(target, recipe)?;
    found.retain(|result| result.at >= start);
    for result in &mut found {
        result.load = load(target, recipe, result, start);
    }
    Ok(found)
}

/// The results of the latest run of a recipe's benchmark, and how many older ones lie around.
///
/// # Errors
///
/// As [`since`].
pub fn latest(target: &Path, recipe: &str) -> anyhow::Result<(Vec<Found>, usize)> {
    let all = all(target, recipe)?;
    let newest = all.last().map_or(SystemTime::UNIX_EPOCH, |result| result.at);
    let found = since(target, recipe, newest.checked_sub(ONE_RUN).unwrap_or(newest))?;
    let older = all.len() - found.len();
    Ok((found, older))
}

fn all(target: &Path, recipe: &str) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for folder in results_below(&target.join("criterion")) {
        found.extend(read(&folder, recipe).with_context(|| {
            format!("{} holds no result of criterion; remove it", folder.display())
        })?);
    }
    found.sort_by_key(|result| result.at);
    Ok(found)
}

/// The folders `new`, which hold the latest result of one benchmark each.
fn results_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        if path.join("benchmark.json").is_file() {
            if path.ends_with("new") {
                found.push(path);
            }
        } else {
            found.extend(results_below(&path));
        }
    }
    found
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// One result, if it is the recipe's.
fn read(folder: &Path, recipe: &str) -> anyhow::Result<Option<Found>> {
    let id: Benchmark = json(&folder.join("benchmark.json"))?;
    let scenario = id.group_id.strip_prefix(recipe).and_then(|rest| rest.strip_prefix('/'));
    let (Some(scenario), Some(contender), Some(value)) = (scenario, id.function_id, id.value_str)
    else {
        return Ok(None);
    };
    let estimates = folder.join("estimates.json");
    let Estimates { median } = json(&estimates)?;
    Ok(Some(Found {
        scenario: scenario.to_owned(),
        contender,
        parameter: value.parse().with_context(|| format!("`{value}` is no number"))?,
        time: Spread {
            median: median.point_estimate,
            low: median.confidence_interval.lower_bound,
            high: median.confidence_interval.upper_bound,
        },
        load: None,
        at: fs::metadata(&estimates)?.modified()?,
    }))
}

/// A missing or older note is no error: one thread alone never waits.
fn load(target: &Path, recipe: &str, result: &Found, start: SystemTime) -> Option<Load> {
    let Found { scenario, contender, parameter, .. } = result;
    let note = target.join(format!("tmp/{recipe}/{scenario}/{contender}/{parameter}.json"));
    let is_new = fs::metadata(&note).ok()?.modified().ok()? >= start;
    is_new.then(|| json(&note).ok()).flatten()
}

fn json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}
