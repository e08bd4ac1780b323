//! Medians with their ranges, and how they are written.

use serde::{Deserialize, Serialize};

/// A median between the lowest and the highest value it may have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The low end.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

/// Ratios closer to one than this are called a tie: no machine of ours tells them apart twice.
const TIE: f64 = 1.1;

impl Spread {
    /// Of several rounds: the median of their medians, from the lowest to the highest. A single
    /// round keeps its own interval.
    pub fn over(rounds: &[Self]) -> Self {
        match rounds {
            [only] => *only,
            _ => Self::of(rounds.iter().map(|round| round.median).collect()),
        }
    }

    /// The ratio of two contenders, taken within each round and only then summed up: what slows a
    /// whole round down cancels out. Of a single round it is as wide as the intervals allow.
    pub fn ratio(rounds: &[Self], base: &[Self]) -> Self {
        match (rounds, base) {
            ([one], [other]) => Self {
                median: one.median / other.median,
                low: one.low / other.high,
                high: one.high / other.low,
            },
            _ => Self::of(rounds.iter().zip(base).map(|(a, b)| a.median / b.median).collect()),
        }
    }

    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
            return Self { median: f64::NAN, low: f64::NAN, high: f64::NAN };
        };
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Self { median, low, high }
    }

    /// Whether a ratio tells nothing: its range holds one, or it is near one.
    pub fn is_tie(&self) -> bool {
        (self.low..=self.high).contains(&1.0) || (1.0 / TIE..=TIE).contains(&self.median)
    }

    /// The other way round.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { median: 1.0 / self.median, low: 1.0 / self.high, high: 1.0 / self.low }
    }

    /// Kept to five digits: what lies behind them is noise, and a record is read by people.
    #[must_use]
    pub fn rounded(self) -> Self {
        let [median, low, high] = [self.median, self.low, self.high].map(five_digits);
        Self { median, low, high }
    }
}

/// `value` to five significant digits. What was counted is whole, and stays as it is.
pub fn five_digits(value: f64) -> f64 {
    if value.fract() == 0.0 { value } else { format!("{value:.4e}").parse().unwrap_or(value) }
}

/// Nanoseconds for people: `4.06 ns`, `187 ns`, `15.2 us`.
pub fn time(ns: f64) -> String {
    match ns {
        _ if ns < 9_999.5 => format!("{} ns", digits(ns)),
        _ if ns < 9_999_500.0 => format!("{} us", digits(ns / 1e3)),
        _ => format!("{} ms", digits(ns / 1e6)),
    }
}

/// What a figure without a unit of its own is.
pub const TIME: &str = "time per operation";

/// A figure for people, in the unit of its scenario: `4.06 ns`, `0.012 %`, `12.3 calls`,
/// `998,999 messages`.
pub fn figure(value: f64, unit: Option<&str>) -> String {
    match unit {
        None => time(value),
        Some("percent") if value < 0.0005 => "under 0.001 %".to_owned(),
        Some("percent") => format!("{} %", digits(value)),
        Some(unit) if value.fract() == 0.0 => format!("{} {unit}", whole(value)),
        Some(unit) => format!("{} {unit}", digits(value)),
    }
}

/// A count: `998,999`.
fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three digits, or all before the point.
pub fn digits(value: f64) -> String {
    match value {
        _ if value < 0.0995 => format!("{value:.3}"),
        _ if value < 9.995 => format!("{value:.2}"),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A ratio's range, `1.82-2.05`.
pub fn range(ratio: Spread) -> String {
    format!("{}-{}", digits(ratio.low), digits(ratio.high))
}

/// A share as a percentage that never calls a little nothing.
pub fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".to_owned(),
        _ if share < 0.01 => "under 1 %".to_owned(),
        _ => format!("{:.0} %", share * 100.0),
    }
}
