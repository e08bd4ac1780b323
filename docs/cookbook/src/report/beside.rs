//! One contender beside another, over scenarios that count the same: where the one wins, and where
//! the other.

use std::fmt::Write as _;

use anyhow::{Context as _, ensure};

use super::numbers::{digits, range};
use super::record::{Measured, Scenario};

/// A line for each value of the parameter, a column for each scenario: how many times the time of
/// `other` it takes `one`.
///
/// # Errors
///
/// When there is no such scenario, when they count different things, or when no point has both.
pub fn markdown(
    measured: &Measured,
    one: &str,
    other: &str,
    names: &[&str],
) -> anyhow::Result<String> {
    let find = |name: &&str| {
        let found = measured.scenarios.iter().find(|scenario| scenario.name == *name);
        found.with_context(|| format!("there is no scenario `{name}` in the record"))
    };
    let scenarios: Vec<_> = names.iter().map(find).collect::<anyhow::Result<_>>()?;
    let first = scenarios.first().context("name the scenarios to show")?;
    let alike = scenarios.iter().all(|scenario| scenario.by == first.by);
    ensure!(alike, "these scenarios count different things: {}", names.join(", "));

    let mut parameters: Vec<_> = scenarios.iter().flat_map(|it| it.parameters()).collect();
    parameters.sort_unstable();
    parameters.dedup();
    let mut table = format!("| {} | {} |\n|--:|", first.by, names.join(" | "));
    table += &"--:|".repeat(names.len());
    let head = table.len();
    for parameter in parameters {
        let cells: Vec<_> = scenarios.iter().map(|it| cell(it, parameter, one, other)).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(|cell| cell.unwrap_or("-".to_owned()));
            let _ = write!(table, "\n| {parameter} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
    ensure!(table.len() > head, "nowhere do `{one}` and `{other}` meet");
    Ok(table)
}

fn cell(scenario: &Scenario, parameter: usize, one: &str, other: &str) -> Option<String> {
    let point = |name| scenario.at(parameter).find(|point| point.contender == name);
    let ratio = point(one)?.ratio(point(other)?);
    Some(format!("{}x ({})", digits(ratio.median), range(ratio)))
}
