//! What the signs of a drawing mean. It lists those that are there, and needs no colour.

use std::fmt::Write as _;

use super::score::{Score, Sign, State};
use super::signs::{BROKEN, LOCKED, cross, path, reign, sign};

const LINE: f64 = 16.0;
const COLUMN: f64 = 178.0;

/// A drawn sign, around a middle of (11, 0), and what it means.
type Entry = (String, String);

/// The legend below `top`, and how much room it takes.
pub(super) fn draw(score: &Score, epochs: &[u64], top: f64) -> (String, f64) {
    let entries = entries(score, epochs);
    let mut svg = String::new();
    for (at, (drawn, meaning)) in entries.iter().enumerate() {
        let (x, y) = (8.0 + COLUMN * (at % 2) as f64, top + LINE * (at / 2 + 1) as f64);
        let _ = writeln!(
            svg,
            "<g transform=\"translate({x} {y:.1})\">{}<text x=\"30\" y=\"4\" class=\"cb-muted\">{meaning}</text></g>",
            drawn.trim_end()
        );
    }
    (svg, LINE * entries.len().div_ceil(2) as f64 + 12.0)
}

fn entries(score: &Score, epochs: &[u64]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, epoch) in epochs.iter().enumerate() {
        let mut bar = String::new();
        path(&mut bar, (0.0, 0.0), (22.0, 0.0), &reign(at));
        entries.push((bar, format!("leads in epoch {epoch}")));
    }
    if score.spans.iter().any(|span| span.what == State::Locked) {
        let mut bar = String::new();
        path(&mut bar, (0.0, 0.0), (22.0, 0.0), LOCKED);
        entries.push((bar, "holds a lock".to_owned()));
    }
    if score.arrows.iter().any(|arrow| arrow.lost.is_some()) {
        let mut lost = String::new();
        path(&mut lost, (0.0, 0.0), (18.0, 0.0), BROKEN);
        cross(&mut lost, 18.0, 0.0);
        entries.push((lost, "lost, and why".to_owned()));
    }
    let meanings = [
        (Sign::Timer, "its deadline came"),
        (Sign::Saved, "its disk has it"),
        (Sign::Crash, "crash; no line while down"),
        (Sign::Start, "starts"),
    ];
    for (which, meaning) in meanings {
        if score.marks.iter().any(|mark| mark.sign == which) {
            let mut drawn = String::new();
            sign(&mut drawn, which, 11.0, 0.0);
            entries.push((drawn, meaning.to_owned()));
        }
    }
    entries
}
