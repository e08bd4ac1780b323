//! From criterion's results to what a page says.
//!
//! Results become a dated [`record`]; tables, charts, verdicts and the judgement on the goals are
//! computed from records alone, so that no figure in a document is typed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};

use crate::splice;
use crate::workspace::{Recipe, Workspace, relative_link};

pub mod beside;
pub mod chart;
pub mod criterion;
pub mod goals;
pub mod machine;
pub mod numbers;
pub mod page;
pub mod record;
pub mod rounds;
pub mod scenarios;
pub mod verdict;

use criterion::Found;
use goals::{Goal, Outcome};
use record::{Measured, Record, Scenario};

/// Where charts are drawn, from the root of the workspace.
pub const CHARTS: &str = "docs/book/charts";

/// Records what the benchmarks found (measuring first, if `measure` says so), draws the charts,
/// splices tables and verdicts, and prints what became of each goal.
///
/// # Errors
///
/// When there is nothing to record, or a file cannot be read or written.
pub fn run(workspace: &Workspace, measure: bool, names: &[String]) -> anyhow::Result<()> {
    let recipes = chosen(workspace, names)?;
    let mut recorded = 0;
    for recipe in &recipes {
        let rounds = if measure {
            rounds::measure(workspace, &recipe.name)?
        } else {
            existing(workspace, &recipe.name)?.into_iter().collect()
        };
        if !rounds.is_empty() {
            keep(workspace, recipe, &rounds)?;
            recorded += 1;
        }
    }
    if recorded == 0 {
        let name = recipes.first().map_or("NAME", |recipe| &recipe.name);
        bail!("nothing was measured yet: run `{}`, then this again", bench_command(name));
    }
    splice::run(workspace, false)?;
    print_goals(workspace, &recipes)
}

/// Records one recipe, so that a later one that fails does not take its results along.
fn keep(workspace: &Workspace, recipe: &Recipe, rounds: &[Vec<Found>]) -> anyhow::Result<()> {
    let measured = measured_now(workspace, recipe, rounds)?;
    let record = Record {
        date: machine::date(SystemTime::now()),
        machine: machine::here(),
        recipes: BTreeMap::from([(recipe.name.clone(), measured)]),
    };
    println!("wrote {}", record.save(workspace)?.display());
    draw(workspace, &recipe.name)
}

/// The recipes that were asked for, or all that have a benchmark.
fn chosen(workspace: &Workspace, names: &[String]) -> anyhow::Result<Vec<Recipe>> {
    if names.is_empty() {
        let mut all = workspace.recipes()?;
        all.retain(|recipe| recipe.bench.is_some());
        return Ok(all);
    }
    let chosen: Vec<_> =
        names.iter().map(|name| workspace.recipe(name)).collect::<anyhow::Result<_>>()?;
    match chosen.iter().find(|recipe| recipe.bench.is_none()) {
        Some(recipe) => bail!("{} has no benchmark to report on", recipe.name),
        None => Ok(chosen),
    }
}

fn bench_command(recipe: &str) -> String {
    format!("cargo bench --bench {}", crate::recipe::bench_target(recipe))
}

/// The results of a `cargo bench` that somebody ran before, and a word on their age.
fn existing(workspace: &Workspace, recipe: &str) -> anyhow::Result<Option<Vec<Found>>> {
    let (found, ignored) = criterion::latest(&rounds::target(workspace)?, recipe)?;
    let Some(oldest) = found.first() else { return Ok(None) };
    let age = oldest.at.elapsed().unwrap_or_default().as_secs() / 60;
    println!("{recipe}: {} results, the oldest {age} minutes old", found.len());
    if ignored > 0 {
        println!("{recipe}: {ignored} results of earlier runs ignored");
    }
    Ok(Some(found))
}

/// The text of a benchmark with all its modules, which lie in a folder of its name.
fn bench_sources(workspace: &Workspace, bench: &Path) -> anyhow::Result<String> {
    let mut files = vec![bench.to_owned()];
    files.extend(workspace.files(bench.with_extension(""), "rs"));
    files.iter().map(|file| workspace.read(file)).collect()
}

fn measured_now(
    workspace: &Workspace,
    recipe: &Recipe,
    rounds: &[Vec<Found>],
) -> anyhow::Result<Measured> {
    let bench = recipe.bench.as_ref().context("only recipes with a benchmark are chosen")?;
    let source = bench_sources(workspace, bench)?;
    Ok(Measured {
        rustc: machine::rustc(workspace)?,
        crates: machine::peers(&workspace.read("Cargo.lock")?, &source)?,
        variants: recipe.variants.iter().map(|variant| variant.name.clone()).collect(),
        scenarios: scenarios::gather(&source, &recipe.name, rounds),
    })
}

/// The charts of a recipe's newest record: file, from the root, and drawing.
///
/// # Errors
///
/// When a record cannot be read.
pub fn charts(workspace: &Workspace, recipe: &str) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let record = Record::newest(workspace, recipe)?;
    let Some(measured) = record.as_ref().and_then(|record| record.recipes.get(recipe)) else {
        return Ok(Vec::new());
    };
    let draw = |scenario: &Scenario| {
        (chart_file(recipe, &scenario.name), chart::svg(recipe, measured, scenario))
    };
    Ok(measured.scenarios.iter().map(draw).collect())
}

fn chart_file(recipe: &str, scenario: &str) -> PathBuf {
    Path::new(CHARTS).join(format!("{recipe}-{scenario}.svg"))
}

/// Draws what the newest record holds, and removes charts of scenarios that it lacks.
fn draw(workspace: &Workspace, recipe: &str) -> anyhow::Result<()> {
    fs::create_dir_all(workspace.path(CHARTS))?;
    let charts = charts(workspace, recipe)?;
    for old in workspace.files(CHARTS, "svg") {
        let is_ours = old.to_string_lossy().starts_with(&format!("{CHARTS}/{recipe}-"));
        if is_ours && charts.iter().all(|(file, _)| *file != old) {
            fs::remove_file(workspace.path(old))?;
        }
    }
    for (file, svg) in charts {
        fs::write(workspace.path(&file), svg)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// What a document in `folder` shows of a recipe's newest record.
///
/// # Errors
///
/// When a record or the goals cannot be read.
pub fn measured(workspace: &Workspace, recipe: &str, folder: &Path) -> anyhow::Result<String> {
    let Some(record) = Record::newest(workspace, recipe)? else {
        return Ok(not_measured(recipe));
    };
    let folder = folder.strip_prefix(workspace.path("")).unwrap_or(folder);
    let goals = goals_of(workspace, recipe)?;
    let outcomes = judge(&goals, Some(&record), recipe);
    let link = |scenario: &str| relative_link(folder, &chart_file(recipe, scenario));
    Ok(page::markdown(&record, recipe, &outcomes, link))
}

fn not_measured(recipe: &str) -> String {
    let bench = bench_command(recipe);
    format!("Not measured yet: run `{bench}`, then `cargo run --release -- report {recipe}`.")
}

/// How a recipe's contender `one` stands beside `other` in the newest record.
///
/// # Errors
///
/// When a record cannot be read, or does not hold them.
pub fn beside(
    workspace: &Workspace,
    recipe: &str,
    [one, other]: [&str; 2],
    scenarios: &[&str],
) -> anyhow::Result<String> {
    let mut record = Record::newest(workspace, recipe)?;
    match record.as_mut().and_then(|record| record.recipes.remove(recipe)) {
        Some(measured) => beside::markdown(&measured, one, other, scenarios),
        None => Ok(not_measured(recipe)),
    }
}

fn goals_of(workspace: &Workspace, recipe: &str) -> anyhow::Result<Vec<Goal>> {
    let mut goals = goals::parse(&workspace.read(goals::FILE)?)?;
    goals.retain(|goal| goal.recipe == recipe);
    Ok(goals)
}

fn judge<'a>(goals: &'a [Goal], record: Option<&'a Record>, recipe: &str) -> Vec<Outcome<'a>> {
    let measured = record.and_then(|record| record.recipes.get(recipe));
    goals.iter().map(|goal| goal.judge(measured)).collect()
}

fn print_goals(workspace: &Workspace, recipes: &[Recipe]) -> anyhow::Result<()> {
    for recipe in recipes {
        let record = Record::newest(workspace, &recipe.name)?;
        let goals = goals_of(workspace, &recipe.name)?;
        for outcome in judge(&goals, record.as_ref(), &recipe.name) {
            if outcome.goal.max.is_some() {
                println!("{outcome}");
            }
        }
    }
    Ok(())
}
