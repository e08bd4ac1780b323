//! The goals of `benches/goals.toml`, judged by a record.

use std::fmt;

use anyhow::Context as _;
use serde::Deserialize;

use super::numbers::{Spread, digits};
use super::record::{Measured, Point};

/// Where the goals stand, from the root of the workspace.
pub const FILE: &str = "benches/goals.toml";

/// How fast something must be, as a ratio within one run.
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
    /// The point it is compared with.
    pub denominator: String,
    /// The greatest ratio that will do. Without one this is no goal but a price worth knowing.
    pub max: Option<f64>,
}

/// A goal beside what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<'a> {
    /// The goal.
    pub goal: &'a Goal,
    /// The ratio; `None` if the record lacks one of the points.
    pub ratio: Option<Spread>,
}

/// What became of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The median ratio is within the goal.
    Met,
    /// It is not.
    Missed,
    /// The record lacks one of the points.
    Unmeasured,
    /// There is no goal, only a ratio.
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
    /// Looks the two points up.
    pub fn judge(&self, measured: Option<&Measured>) -> Outcome<'_> {
        let point = |path: &str| find(measured?, path);
        let ratio = point(&self.numerator)
            .zip(point(&self.denominator))
            .map(|(numerator, denominator)| numerator.ratio(denominator));
        Outcome { goal: self, ratio }
    }
}

fn find<'a>(measured: &'a Measured, path: &str) -> Option<&'a Point> {
    let (scenario, rest) = path.split_once('/')?;
    let (contender, parameter) = rest.rsplit_once('/')?;
    let scenario = measured.scenarios.iter().find(|it| it.name == scenario)?;
    scenario.at(parameter.parse().ok()?).find(|point| point.contender == contender)
}

impl Outcome<'_> {
    /// Met, missed or neither.
    pub fn state(&self) -> State {
        match (self.ratio, self.goal.max) {
            (None, _) => State::Unmeasured,
            (_, None) => State::Price,
            (Some(ratio), Some(max)) if ratio.median <= max => State::Met,
            _ => State::Missed,
        }
    }
}

/// The line that `report` prints: `GOAL name MET|MISSED|UNMEASURED|PRICE ratio target`.
impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state() {
            State::Met => "MET",
            State::Missed => "MISSED",
            State::Unmeasured => "UNMEASURED",
            State::Price => "PRICE",
        };
        let ratio = self.ratio.map_or("-".to_owned(), |ratio| digits(ratio.median));
        let max = self.goal.max.map_or("-".to_owned(), digits);
        write!(f, "GOAL {} {state} {ratio} {max}", self.goal.name)
    }
}
