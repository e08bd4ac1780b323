//! The part of a page that is computed from a record, as Markdown.

use std::fmt::Write as _;

use super::goals::{Outcome, State};
use super::numbers::{TIME, digits, figure, percent, range, time};
use super::record::{Measured, Point, Record, Scenario};
use super::verdict::{LIMIT, verdict};

/// Conditions, then each scenario with its chart, verdict and figures, then the goals. `chart`
/// gives the link to a scenario's drawing.
pub fn markdown(
    record: &Record,
    recipe: &str,
    outcomes: &[Outcome<'_>],
    chart: impl Fn(&str) -> String,
) -> String {
    let Some(measured) = record.recipes.get(recipe) else { return String::new() };
    let mut page = conditions(record, measured);
    for scenario in &measured.scenarios {
        let name = &scenario.name;
        let _ = write!(
            page,
            "\n\n**{name}.** {}\n\n![{recipe}, {name}: {}]({})\n\n{}\n\n{}",
            sentence(&scenario.about),
            scenario.unit.as_deref().unwrap_or(TIME),
            chart(name),
            verdict(measured, scenario),
            table(measured, scenario),
        );
    }
    if !outcomes.is_empty() {
        let figures = outcomes.iter().any(|outcome| outcome.unit.is_some());
        let also = if figures { ", or figures in their own unit" } else { "" };
        let about = format!("**Goals.** Ratios within one run{also}, with their ranges.");
        let _ = write!(page, "\n\n{about}\n\n{}", goals(outcomes));
    }
    page
}

fn conditions(record: &Record, measured: &Measured) -> String {
    let rounds = measured.scenarios.iter().flat_map(|it| &it.points).map(|it| it.rounds.len());
    let rounds = match rounds.max() {
        Some(1) | None => "one round, ranges are confidence intervals of 95 %".to_owned(),
        Some(n) => format!("median of {n} rounds, ranges from the lowest to the highest"),
    };
    let machine = &record.machine;
    let crates: Vec<_> = measured.crates.iter().map(|(name, v)| format!("{name} {v}")).collect();
    let beside = match crates.join(", ") {
        peers if peers.is_empty() => peers,
        peers => format!(" Beside: {peers}."),
    };
    format!(
        "Measured on {} on {} with {} cores, {}; rustc {}; {rounds}.{beside}",
        record.date, machine.cpu, machine.cores, machine.kernel, measured.rustc
    )
}

fn sentence(about: &str) -> String {
    let mut letters = about.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// All figures, folded: the chart and the verdict say what most readers came for.
fn table(measured: &Measured, scenario: &Scenario) -> String {
    let has_load = scenario.points.iter().any(|point| point.waited.is_some());
    let base_name = base(measured, scenario);
    // How many times a small error another one is tells nothing.
    let is_time = scenario.unit.is_none();
    let mut table = format!(
        "<details><summary>Figures</summary>\n\n| contender | {} | {} | range |{}{}\n|---|--:|--:|--:|{}{}\n",
        scenario.by,
        scenario.unit.as_deref().unwrap_or(TIME),
        if is_time { format!(" beside {base_name} |") } else { String::new() },
        if has_load { " waited | CPU time |" } else { "" },
        if is_time { "--:|" } else { "" },
        if has_load { "--:|--:|" } else { "" },
    );
    for point in &scenario.points {
        let base = scenario.at(point.parameter).find(|it| it.contender == base_name);
        table += &row(point, scenario.unit.as_deref(), base, has_load);
    }
    table + "\n</details>"
}

/// What the others are compared with: the limit, else the variant built on a lock, else the first.
fn base<'a>(measured: &Measured, scenario: &'a Scenario) -> &'a str {
    let names = || scenario.points.iter().map(|point| point.contender.as_str());
    let ours = || names().find(|name| measured.variants.iter().any(|variant| variant == name));
    let first = |wanted| names().find(|&name| name == wanted);
    first(LIMIT).or_else(|| first("lock")).or_else(ours).or_else(|| names().next()).unwrap_or("-")
}

fn row(point: &Point, unit: Option<&str>, base: Option<&Point>, has_load: bool) -> String {
    let spread = point.time();
    let [median, low, high] = [spread.median, spread.low, spread.high].map(|it| figure(it, unit));
    let (contender, parameter) = (&point.contender, point.parameter);
    let spread = if low == high { "exact".to_owned() } else { format!("{low} to {high}") };
    let mut row = format!("| {contender} | {parameter} | {median} | {spread} |");
    if unit.is_none() {
        let ratio = base.map_or("-".to_owned(), |base| {
            let ratio = point.ratio(base);
            format!("{}x ({})", digits(ratio.median), range(ratio))
        });
        let _ = write!(row, " {ratio} |");
    }
    if has_load {
        let waited = point.waited.map_or("-".to_owned(), percent);
        // A system that keeps no statistics says zero.
        let cpu = point.cpu_ns.filter(|&ns| ns > 0.0).map_or("-".to_owned(), time);
        let _ = write!(row, " {waited} | {cpu} |");
    }
    row + "\n"
}

fn goals(outcomes: &[Outcome<'_>]) -> String {
    let mut table = "| goal | | measured | at most |\n|---|---|--:|--:|\n".to_owned();
    for outcome in outcomes {
        let write = |value| match outcome.unit {
            None => format!("{}x", digits(value)),
            unit => figure(value, unit),
        };
        let max = outcome.goal.max.map_or(String::new(), write);
        let measured = outcome
            .found
            .map_or("-".to_owned(), |found| format!("{} ({})", write(found.median), range(found)));
        let state = match outcome.state() {
            State::Met => "met",
            State::Missed => "**missed**",
            State::Unmeasured => "not measured",
            State::Price => "no goal",
        };
        let _ = writeln!(table, "| {} | {state} | {measured} | {max} |", outcome.goal.text);
    }
    table.trim_end().to_owned()
}
