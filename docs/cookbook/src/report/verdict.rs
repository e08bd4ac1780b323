//! What the figures say, in words. A verdict is computed: it names its conditions, and what
//! cannot be told apart is called a tie.

use super::numbers::{digits, figure, range, time};
use super::record::{Measured, Point, Scenario};

/// The contender that is no semaphore, pool or hub but the least that one must do.
pub const LIMIT: &str = "limit";

/// What a recipe calls its own rules, measured without what surrounds them.
const CORE: &str = "core";

/// Below this share of waiting operations a scenario is called uncontended.
const UNCONTENDED: f64 = 0.01;

/// The verdict on a scenario, a sentence for each of its parameters.
pub fn verdict(measured: &Measured, scenario: &Scenario) -> String {
    let parameters = scenario.parameters();
    let sentences = parameters.iter().map(|&parameter| {
        let findings = findings(measured, scenario, parameter).join("; ");
        match conditions(scenario, parameter, parameters.len() > 1) {
            conditions if conditions.is_empty() => format!("{findings}."),
            conditions => format!("{conditions}: {findings}."),
        }
    });
    sentences.collect::<Vec<_>>().join(" ")
}

fn conditions(scenario: &Scenario, parameter: usize, is_one_of_many: bool) -> String {
    let by = if parameter == 1 { scenario.by.trim_end_matches('s') } else { &scenario.by };
    let waited: Vec<_> = scenario.at(parameter).filter_map(|point| point.waited).collect();
    let calm = !waited.is_empty() && waited.iter().all(|&share| share < UNCONTENDED);
    match (is_one_of_many, calm) {
        (true, true) => format!("With {parameter} {by} (uncontended)"),
        (true, false) => format!("With {parameter} {by}"),
        (false, true) => "Uncontended".to_owned(),
        (false, false) => String::new(),
    }
}

fn findings(measured: &Measured, scenario: &Scenario, parameter: usize) -> Vec<String> {
    let points = || scenario.at(parameter).filter(|point| point.contender != LIMIT);
    if points().all(|point| rung(point).is_some()) {
        return climbs(scenario, parameter);
    }
    let is_ours = |point: &&Point| is_ours(measured, point);
    let named = |name: &str| points().find(|point| point.contender == name);
    let ours = fastest(points().filter(is_ours));
    let peer = fastest(points().filter(|point| !is_ours(point)));
    if scenario.unit.is_some() {
        let tell = |it: &Point| {
            format!("`{}` {}", it.contender, figure(it.time().median, scenario.unit.as_deref()))
        };
        let most = points().max_by(|a, b| a.time().median.total_cmp(&b.time().median));
        if let (None, Some(least), Some(most)) = (ours, peer, most) {
            return vec![format!("from {} to {}", tell(least), tell(most))];
        }
        let ours = points().filter(is_ours).map(tell).collect::<Vec<_>>().join(", ");
        let peer = peer.map(|peer| format!("of the others at best {}", tell(peer)));
        return [ours].into_iter().chain(peer).collect();
    }
    let mut found = Vec::new();
    if let (Some(lock), Some(channel)) = (named("lock"), named("channel")) {
        found.push(compare(lock, channel));
    }
    if let (Some(ours), Some(peer)) = (ours, peer) {
        found.push(compare(ours, peer));
    }
    let limit = scenario.at(parameter).find(|point| point.contender == LIMIT);
    if let (Some(ours), Some(limit)) = (ours, limit) {
        let ratio = ours.ratio(limit);
        found.push(format!(
            "`{}` takes {} times the limit ({})",
            ours.contender,
            digits(ratio.median),
            range(ratio)
        ));
    }
    found
}

fn fastest<'a>(points: impl Iterator<Item = &'a Point>) -> Option<&'a Point> {
    points.min_by(|a, b| a.time().median.total_cmp(&b.time().median))
}

/// Which of two is faster, how many times, and how sure that is.
pub fn compare(a: &Point, b: &Point) -> String {
    let slower = b.ratio(a);
    let (fast, slow, factor) =
        if slower.median >= 1.0 { (a, b, slower) } else { (b, a, slower.inverse()) };
    let (fast, slow) = (&fast.contender, &slow.contender);
    if factor.is_tie() {
        // A tie between far ends is no finding.
        let what = if factor.high > 2.0 { "cannot be told apart" } else { "tie" };
        format!("`{fast}` and `{slow}` {what} ({})", range(factor))
    } else {
        let times = digits(factor.median);
        format!("`{fast}` is {times} times as fast as `{slow}` ({})", range(factor))
    }
}

/// Whose contender it is: a variant in a mode of its own is called `VARIANT MODE`.
pub fn family(point: &Point) -> &str {
    point.contender.split(' ').next().unwrap_or(&point.contender)
}

/// Whether it is one of the recipe's own.
pub fn is_ours(measured: &Measured, point: &Point) -> bool {
    let family = family(point);
    family == CORE || measured.variants.iter().any(|variant| variant == family)
}

/// A contender of a ladder is called `STRUCTURE RUNG`.
pub fn rung(point: &Point) -> Option<(&str, &str)> {
    point.contender.split_once(' ')
}

/// From the first rung of each structure to its best one.
fn climbs(scenario: &Scenario, parameter: usize) -> Vec<String> {
    let mut structures: Vec<&str> = Vec::new();
    for (structure, _) in scenario.at(parameter).filter_map(rung) {
        if !structures.contains(&structure) {
            structures.push(structure);
        }
    }
    let climb = |structure: &&str| {
        let rungs = || {
            scenario.at(parameter).filter(|point| rung(point).is_some_and(|it| it.0 == *structure))
        };
        let (first, best) = (rungs().next()?, fastest(rungs())?);
        let (from, to) = (first.time().median, best.time().median);
        let (_, first) = rung(first)?;
        let (_, best) = rung(best)?;
        Some(format!("`{structure}` goes from {} ({first}) to {} ({best})", time(from), time(to)))
    };
    structures.iter().filter_map(climb).collect()
}
