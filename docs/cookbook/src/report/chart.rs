//! Draws a scenario as horizontal bars with error bars: one SVG, 360 wide so that a phone shows it
//! in its own size, coloured by classes that the book's style sheet knows.

use std::fmt::Write as _;

use super::numbers::{TIME, digits, figure, five_digits, time};
use super::record::{Measured, Point, Scenario};
use super::verdict::{LIMIT, family, is_ours};

/// For readers outside the book; the book drops it and has colours of its own.
pub(crate) const STYLE: &str = "\
<style>
svg { --cb-ink: #1f2328; --cb-muted: #59636e; --cb-grid: #d1d9e0; --cb-c1: #0969da; --cb-c2: #bc4c00; --cb-c3: #1a7f37; --cb-c4: #8250df }
@media (prefers-color-scheme: dark) {
svg { --cb-ink: #e6edf3; --cb-muted: #9198a1; --cb-grid: #3d444d; --cb-c1: #4493f8; --cb-c2: #f0883e; --cb-c3: #3fb950; --cb-c4: #bc8cff }
}
.cb-ink { fill: var(--cb-ink) } .cb-muted { fill: var(--cb-muted) } .cb-c1 { fill: var(--cb-c1) }
.cb-c2 { fill: var(--cb-c2) } .cb-c3 { fill: var(--cb-c3) } .cb-c4 { fill: var(--cb-c4) }
.cb-s-ink { stroke: var(--cb-ink) } .cb-s-grid { stroke: var(--cb-grid) }
</style>
";

const WIDTH: f64 = 360.0;
const MARGIN: f64 = 8.0;
/// Room for a value such as `1234 ns` behind the longest bar.
const VALUES: f64 = 58.0;
/// A little more than a letter of a sans-serif font takes at 12 pixels.
const LETTER: f64 = 6.6;
const ROW: f64 = 20.0;
const BAR: f64 = 11.0;

/// The drawing of one scenario of `recipe`.
pub fn svg(recipe: &str, measured: &Measured, scenario: &Scenario) -> String {
    let longest = scenario.points.iter().map(|point| point.contender.chars().count()).max();
    let left = MARGIN + LETTER * longest.unwrap_or(0) as f64 + 4.0;
    let scale = Scale::over(scenario, left, WIDTH - VALUES - MARGIN);
    let (rows, bottom) = rows(measured, scenario, &scale, 46.0);
    let height = bottom + 22.0;
    let title = format!("{recipe}: {}", scenario.name);
    let quantity = scenario.unit.as_deref().unwrap_or(TIME);
    let caption = match scale.factor() {
        Some(factor) => format!("{quantity}; the lines are {factor}x apart"),
        None => quantity.to_owned(),
    };

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{title}</title>\n<desc>{}</desc>\n{STYLE}\
         <g font-family=\"sans-serif\" font-size=\"12\">\n\
         <text x=\"{MARGIN}\" y=\"18\" font-size=\"14\" font-weight=\"bold\" class=\"cb-ink\">{title}</text>\n\
         <text x=\"{MARGIN}\" y=\"35\" class=\"cb-muted\">{caption}</text>\n",
        description(scenario)
    );
    for tick in scale.ticks() {
        let x = scale.x(tick);
        let label = tick_label(tick, scenario);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} 46V{bottom:.1}\" class=\"cb-s-grid\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"middle\" class=\"cb-muted\">{label}</text>",
            bottom + 15.0
        );
    }
    svg + &rows + "</g>\n</svg>\n"
}

/// The bars under their headings, from `top` down; also where they end.
fn rows(measured: &Measured, scenario: &Scenario, scale: &Scale, top: f64) -> (String, f64) {
    let (mut svg, mut y) = (String::new(), top);
    let parameters = scenario.parameters();
    for &parameter in &parameters {
        if parameters.len() > 1 {
            let by = if parameter == 1 { scenario.by.trim_end_matches('s') } else { &scenario.by };
            y += ROW;
            let _ = writeln!(
                svg,
                "<text x=\"{MARGIN}\" y=\"{:.1}\" font-weight=\"bold\" class=\"cb-ink\">{parameter} {by}</text>",
                y - 5.0
            );
        }
        for point in scenario.at(parameter) {
            let value = label(point.time().median, scenario);
            svg += &row(point, &value, class(measured, point), scale, y);
            y += ROW;
        }
    }
    (svg, y + 2.0)
}

fn row(point: &Point, value: &str, class: &str, scale: &Scale, y: f64) -> String {
    let spread = point.time();
    let (start, end) = (scale.left, scale.x(spread.median));
    let (low, high) = (scale.x(spread.low), scale.x(spread.high));
    let (text, middle, bar) = (y + 14.0, y + ROW / 2.0, y + (ROW - BAR) / 2.0);
    format!(
        "<text x=\"{MARGIN}\" y=\"{text:.1}\" class=\"cb-ink\">{}</text>\
         <rect x=\"{start:.1}\" y=\"{bar:.1}\" width=\"{:.1}\" height=\"{BAR}\" class=\"{class}\"/>\
         <path d=\"M{low:.1} {middle:.1}H{high:.1}M{low:.1} {:.1}v6M{high:.1} {:.1}v6\" fill=\"none\" class=\"cb-s-ink\"/>\
         <text x=\"{:.1}\" y=\"{text:.1}\" text-anchor=\"end\" class=\"cb-ink\">{value}</text>\n",
        point.contender,
        (end - start).max(1.0),
        middle - 3.0,
        middle - 3.0,
        WIDTH - MARGIN,
    )
}

/// The recipe's own stand out, each variant in the colour it has everywhere; peers are grey.
fn class(measured: &Measured, point: &Point) -> &'static str {
    match family(point) {
        LIMIT => "cb-ink",
        "channel" => "cb-c1",
        "lock" => "cb-c2",
        _ if is_ours(measured, point) => "cb-c3",
        _ => "cb-muted",
    }
}

/// The caption names the unit; a time says which of several it is in.
fn label(value: f64, scenario: &Scenario) -> String {
    if scenario.unit.is_some() { digits(value) } else { time(value) }
}

/// Ticks are round, so they need no digits behind the point.
fn tick_label(ns: f64, scenario: &Scenario) -> String {
    match ns {
        _ if scenario.unit.is_some() => five_digits(ns).to_string(),
        0.0 => "0".to_owned(),
        _ if ns < 1e3 => format!("{} ns", five_digits(ns)),
        _ if ns < 1e6 => format!("{} us", five_digits(ns / 1e3)),
        _ => format!("{} ms", five_digits(ns / 1e6)),
    }
}

/// What a reader without eyes for the picture gets.
fn description(scenario: &Scenario) -> String {
    let mut parts = Vec::new();
    for parameter in scenario.parameters() {
        let bars: Vec<_> = scenario
            .at(parameter)
            .map(|point| (point, figure(point.time().median, scenario.unit.as_deref())))
            .map(|(point, value)| format!("{} {value}", point.contender))
            .collect();
        parts.push(format!("{parameter} {}: {}", scenario.by, bars.join(", ")));
    }
    parts.join("; ")
}

/// Times to pixels: linear from nothing, or logarithmic where the slowest would hide the others.
struct Scale {
    left: f64,
    right: f64,
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    fn over(scenario: &Scenario, left: f64, right: f64) -> Self {
        let times = || scenario.points.iter().map(Point::time);
        let low = times().map(|time| time.low).fold(f64::INFINITY, f64::min).max(0.01);
        let high = times().map(|time| time.high).fold(0.02, f64::max);
        let is_log = high / low > 20.0;
        // A bar that begins at its own value would be invisible.
        let from = if is_log { 10_f64.powf((low / 1.5).log10().floor()) } else { 0.0 };
        Self { left, right, from, to: high, is_log }
    }

    fn x(&self, ns: f64) -> f64 {
        let part = if self.is_log {
            (ns.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            ns / self.to
        };
        self.left + part.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// On a logarithmic scale, how much each tick is of the one before: so much that there are few.
    fn factor(&self) -> Option<f64> {
        let decades = (self.to / self.from).log10();
        self.is_log.then(|| 10_f64.powi((decades / 4.0).ceil().max(1.0) as i32))
    }

    /// Round values, so few that their labels do not touch.
    fn ticks(&self) -> Vec<f64> {
        if let Some(factor) = self.factor() {
            let powers = (0..=4).map(|n| self.from * factor.powi(n));
            return powers.filter(|&tick| tick <= self.to).collect();
        }
        let rough = self.to / 4.0;
        let decade = 10_f64.powf(rough.log10().floor());
        let round = [1.0, 2.0, 5.0, 10.0].map(|n| n * decade);
        let step = round.into_iter().find(|&step| step >= rough).unwrap_or(rough);
        (0..=4).map(|n| f64::from(n) * step).filter(|&tick| tick <= self.to).collect()
    }
}
