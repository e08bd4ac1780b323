//! `cookbook report`: ranges, verdicts and goals, the way from criterion's files to a page, and
//! what this book shows.

use std::collections::BTreeMap;

use cookbook::report::numbers::Spread;
use cookbook::report::record::{Machine, Measured, Point, Record, Scenario};

mod figures;
mod records;
mod results;
mod this_book;

fn spread(low: f64, median: f64, high: f64) -> Spread {
    Spread { median, low, high }
}

/// A contender whose rounds had these medians.
fn point(contender: &str, parameter: usize, medians: &[f64]) -> Point {
    Point {
        contender: contender.to_owned(),
        parameter,
        rounds: medians.iter().map(|&ns| spread(ns * 0.9, ns, ns * 1.1)).collect(),
        waited: None,
        cpu_ns: None,
    }
}

fn measured(scenarios: Vec<Scenario>) -> Measured {
    Measured {
        rustc: "1.95.0".to_owned(),
        crates: BTreeMap::from([("tokio".to_owned(), "1.54.1".to_owned())]),
        variants: vec!["channel".to_owned(), "lock".to_owned()],
        scenarios,
    }
}

fn scenario(name: &str, points: Vec<Point>) -> Scenario {
    let (by, about) = ("threads".to_owned(), "threads pass one permit around.".to_owned());
    Scenario { name: name.to_owned(), unit: None, by, about, points }
}

fn record(date: &str, recipe: &str, measured: Measured) -> Record {
    Record {
        date: date.to_owned(),
        machine: Machine { cpu: "Fast CPU 9".to_owned(), cores: 2, kernel: "Linux 6".to_owned() },
        recipes: BTreeMap::from([(recipe.to_owned(), measured)]),
    }
}

fn close(found: Spread, expected: Spread) {
    for (found, expected) in
        [(found.median, expected.median), (found.low, expected.low), (found.high, expected.high)]
    {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }
}
