//! Words on a drawing.

use std::fmt::Write as _;

/// A letter of a sans-serif font takes about so much at [`SIZE`].
const LETTER: f64 = 5.9;
pub(super) const SIZE: f64 = 11.0;
/// Between a text and what it belongs to: an arrow's head, or a sign.
const GAP: f64 = 11.0;

/// Words are written last, over all lines.
#[derive(Default)]
pub(super) struct Labels {
    pub(super) svg: String,
}

impl Labels {
    /// Puts a text on the row at `y`, beside `x`: to its right if `side` is 1, to its left if -1, or
    /// on the other side if the sheet ends there. The whole stays on the sheet.
    pub(super) fn beside(&mut self, sheet: f64, (x, y): (f64, f64), side: f64, text: &str) {
        let half = width(text) / 2.0;
        let fits = |side: f64| (0.0..sheet).contains(&(x + side * (2.0 * half + GAP + 2.0)));
        let side = if fits(side) || !fits(-side) { side } else { -side };
        let x = x + side * (half + GAP);
        let x = x.clamp(half + 2.0, (sheet - half - 2.0).max(half + 2.0));
        self.at((x, y), text);
    }

    /// Puts a text on the row at `y`, with its middle at `x`.
    pub(super) fn at(&mut self, (x, y): (f64, f64), text: &str) {
        if text.is_empty() {
            return;
        }
        let y = y + SIZE * 0.36; // from the middle of its letters to their foot
        let _ = writeln!(
            self.svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" class=\"cb-halo cb-ink\">{}</text>",
            escape(text)
        );
    }
}

fn width(text: &str) -> f64 {
    LETTER * text.chars().count() as f64
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
