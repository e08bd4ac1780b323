//! Puts rounds of results into the shape of a record.

use super::criterion::Found;
use super::numbers::five_digits;
use super::record::{Point, Scenario};

/// What the benchmark's source says of a scenario, in the comment above its function:
///
/// ```text
/// /// `recipe/scenario` by threads: one sentence.
/// ```
///
/// Figures that are no times name their unit: `` `recipe/scenario` in percent by threads: .. ``.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The criterion group without the recipe's name.
    pub name: String,
    /// What the figures are, if not times.
    pub unit: Option<String>,
    /// What the parameter counts.
    pub by: String,
    /// The sentence.
    pub about: String,
}

/// The definitions in a benchmark's source, in their order.
pub fn definitions(source: &str, recipe: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in source.lines() {
        if let Some(text) = line.trim_start().strip_prefix("///") {
            comment = format!("{comment} {}", text.trim());
        } else {
            found.extend(definition(comment.trim(), recipe));
            comment.clear();
        }
    }
    found
}

fn definition(comment: &str, recipe: &str) -> Option<Definition> {
    let rest = comment.strip_prefix('`')?.strip_prefix(recipe)?.strip_prefix('/')?;
    let (name, rest) = rest.split_once("` ")?;
    let (unit, rest) = match rest.strip_prefix("in ") {
        Some(rest) => rest.split_once(' ').map(|(unit, rest)| (Some(unit.to_owned()), rest))?,
        None => (None, rest),
    };
    let (by, about) = rest.strip_prefix("by ")?.split_once(": ")?;
    Some(Definition { name: name.to_owned(), unit, by: by.to_owned(), about: about.to_owned() })
}

/// Sorts results by scenario, parameter and contender. Scenarios and contenders stand in the order
/// of the benchmark's source, whatever the order in which they were run.
pub fn gather(source: &str, recipe: &str, rounds: &[Vec<Found>]) -> Vec<Scenario> {
    let scenario = |Definition { name, unit, by, about }| {
        let mut points: Vec<Point> = Vec::new();
        for found in rounds.iter().flatten().filter(|found| found.scenario == name) {
            add(&mut points, found);
        }
        let body = source.split_once(&format!("/// `{recipe}/{name}` "))?.1;
        points.sort_by_cached_key(|point| {
            let place = body.find(&format!("\"{}\"", point.contender));
            (point.parameter, place.unwrap_or(usize::MAX))
        });
        (!points.is_empty()).then_some(Scenario { name, unit, by, about, points })
    };
    definitions(source, recipe).into_iter().filter_map(scenario).collect()
}

/// The load of the latest round stands for all: it describes the scenario, it is no result.
fn add(points: &mut Vec<Point>, found: &Found) {
    let known =
        |point: &Point| point.contender == found.contender && point.parameter == found.parameter;
    let at = points.iter().position(known).unwrap_or_else(|| {
        points.push(Point {
            contender: found.contender.clone(),
            parameter: found.parameter,
            rounds: Vec::new(),
            waited: None,
            cpu_ns: None,
        });
        points.len() - 1
    });
    points[at].rounds.push(found.time.rounded());
    if let Some(load) = found.load {
        points[at].waited = Some(five_digits(load.waited));
        points[at].cpu_ns = Some(five_digits(load.cpu_ns));
    }
}
