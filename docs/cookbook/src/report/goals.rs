//! The goals of `benches/goals.toml`, judged by a record.

use std::fmt;

use anyhow::Context as _;
use serde::Deserialize;

use super::numbers::{Spread, digits};
use super::record::{Measured, Point, Scenario};

/// Where the goals stand, from the root of the workspace.
pub const FILE: &str = "benches/goals.toml";

/// How fast something must be, as a ratio within one run, or how exact.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// One word.
    pub name: String,
    /// Whose goal it is.
    pub recipe: String,
    /// What is compared, for people.
    pub text: String,
    /// The point that has to be fast, as `scenario/contender/parameter`.
    pub numerator: String,
    /// The point it is compared with. Without one the figure itself is judged; that must not be a
    /// time, because times move from machine to machine.
    pub denominator: Option<String>,
    /// The greatest ratio or figure that will do. Without one this is no goal but a price worth knowing.
    pub max: Option<f64>,
}

/// A goal beside what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<'a> {
    /// The goal.
    pub goal: &'a Goal,
    /// The ratio or figure; `None` if the record lacks one of the points.
    pub found: Option<Spread>,
    /// The unit of a figure; a ratio has none.
    pub unit: Option<&'a str>,
}

/// What became of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The median is within the goal.
    Met,
    /// It is not.
    Missed,
    /// The record lacks one of the points.
    Unmeasured,
    /// There is no goal, only a ratio or a figure.
    Price,
}

/// All goals in the text of [`FILE`].
///
/// # Errors
///
/// When it is no list of goals.
pub fn parse(text: &str) -> anyhow::Result<Vec<Goal>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        goal: Vec<Goal>,
    }
    let file: File = toml::from_str(text).with_context(|| format!("{FILE} is no list of goals"))?;
    Ok(file.goal)
}

impl Goal {
    /// Looks the points up.
    pub fn judge<'a>(&'a self, measured: Option<&'a Measured>) -> Outcome<'a> {
        let point = |path: &str| find(measured?, path);
        let numerator = point(&self.numerator);
        let (found, unit) = if let Some(denominator) = &self.denominator {
            let both = numerator.zip(point(denominator));
            (both.map(|((_, numerator), (_, denominator))| numerator.ratio(denominator)), None)
        } else {
            let figure = numerator.filter(|(scenario, _)| scenario.unit.is_some());
            let unit = figure.and_then(|(scenario, _)| scenario.unit.as_deref());
            (figure.map(|(_, point)| point.time()), unit)
        };
        Outcome { goal: self, found, unit }
    }
}

fn find<'a>(measured: &'a Measured, path: &str) -> Option<(&'a Scenario, &'a Point)> {
    let (scenario, rest) = path.split_once('/')?;
    let (contender, parameter) = rest.rsplit_once('/')?;
    let scenario = measured.scenarios.iter().find(|it| it.name == scenario)?;
    let point = scenario.at(parameter.parse().ok()?).find(|point| point.contender == contender)?;
    Some((scenario, point))
}

impl Outcome<'_> {
    /// Met, missed or neither.
    pub fn state(&self) -> State {
        match (self.found, self.goal.max) {
            (None, _) => State::Unmeasured,
            (_, None) => State::Price,
            (Some(found), Some(max)) if found.median <= max => State::Met,
            _ => State::Missed,
        }
    }
}

/// The line that `report` prints: `GOAL name MET|MISSED|UNMEASURED|PRICE found target`.
impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state() {
            State::Met => "MET",
            State::Missed => "MISSED",
            State::Unmeasured => "UNMEASURED",
            State::Price => "PRICE",
        };
        let found = self.found.map_or("-".to_owned(), |found| digits(found.median));
        let max = self.goal.max.map_or("-".to_owned(), digits);
        write!(f, "GOAL {} {state} {found} {max}", self.goal.name)
    }
}
