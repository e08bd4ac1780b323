//! Puts a score on paper.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::labels::{self, Labels, escape};
use super::legend;
use super::score::{Arrow, Mark, Score, Span, State};
use super::signs::{BROKEN, LOCKED, SPARSE, arrow, cross, path, reign, sign};
use crate::report::chart::STYLE;

/// What a chart does not need. The book has its own.
const MORE_STYLE: &str = "\
<style>
svg { --cb-paper: #ffffff }
@media (prefers-color-scheme: dark) { svg { --cb-paper: #0d1117 } }
.cb-halo { paint-order: stroke; stroke: var(--cb-paper); stroke-width: 5px; stroke-linejoin: round }
.cb-s-c1 { stroke: var(--cb-c1) } .cb-s-c2 { stroke: var(--cb-c2) }
.cb-s-c3 { stroke: var(--cb-c3) } .cb-s-c4 { stroke: var(--cb-c4) }
</style>
";

/// A phone shows it in its own size.
const WIDTH: f64 = 360.0;
const LEFT: f64 = 46.0;
const TOP: f64 = 34.0;
/// Where lanes begin, below the names.
const EDGE: f64 = TOP - 12.0;
const ROW: f64 = 19.0;
const PAUSE: f64 = 12.0;

pub(super) fn draw(title: &str, score: &Score, names: &BTreeMap<String, String>) -> String {
    let sheet = Sheet::of(score);
    let mut lines = String::new();
    let mut words = Labels::default();
    sheet.lanes(&mut lines, names);
    sheet.times(&mut lines);
    sheet.bands(&mut lines, &mut words);
    for mark in &score.marks {
        sheet.mark(&mut lines, &mut words, mark);
    }
    for arrow in &score.arrows {
        sheet.arrow(&mut lines, &mut words, arrow);
    }
    let (legend, room) = legend::draw(score, &sheet.epochs, sheet.bottom());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\">\n\
         <title>{}</title>\n{STYLE}{MORE_STYLE}<g font-family=\"sans-serif\" font-size=\"{}\">\n\
         {lines}{}{legend}</g>\n</svg>\n",
        sheet.bottom() + room,
        escape(title),
        labels::SIZE,
        words.svg,
    )
}

struct Sheet<'a> {
    score: &'a Score,
    /// Where each node's lane is.
    lanes: BTreeMap<u64, f64>,
    /// Where each row is; the first is the upper edge.
    heights: Vec<f64>,
    /// The epochs somebody leads in, in order.
    epochs: Vec<u64>,
}

impl<'a> Sheet<'a> {
    fn of(score: &'a Score) -> Self {
        let gap = (WIDTH - LEFT) / score.nodes.len().max(1) as f64;
        let lane = |at: usize| LEFT + gap * (at as f64 + 0.5);
        let lanes = score.nodes.iter().enumerate().map(|(at, node)| (*node, lane(at))).collect();
        let epoch = |span: &Span| match span.what {
            State::Leads { epoch } => Some(epoch),
            State::Locked | State::Down | State::Paused => None,
        };
        let epochs: BTreeSet<_> = score.spans.iter().filter_map(epoch).collect();
        Self { score, lanes, heights: heights(&score.rows), epochs: epochs.into_iter().collect() }
    }

    /// The row after the last is the lower edge.
    fn y(&self, row: usize) -> f64 {
        self.heights.get(row).copied().unwrap_or_else(|| self.bottom())
    }

    fn bottom(&self) -> f64 {
        self.heights[self.score.rows.len()] + ROW * 0.75
    }

    /// Each with its name.
    fn lanes(&self, svg: &mut String, names: &BTreeMap<String, String>) {
        for (node, x) in &self.lanes {
            let number = node.to_string();
            let name = escape(names.get(&number).unwrap_or(&number));
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"16\" font-size=\"13\" font-weight=\"bold\" \
                 text-anchor=\"middle\" class=\"cb-ink\">{name}</text>"
            );
            self.lane(svg, *node, *x);
        }
    }

    /// Who is down has no lane, a leader's is wide, and so is that of who holds a lock; one that is paused
    /// has a broken one.
    fn lane(&self, svg: &mut String, node: u64, x: f64) {
        const THIN: &str = "class=\"cb-s-grid\"";
        let mut spans: Vec<_> = self.score.spans.iter().filter(|span| span.node == node).collect();
        spans.sort_by_key(|span| span.rows);
        let mut from = EDGE;
        for span in spans {
            let (begin, end) = self.ends(span);
            path(svg, (x, from), (x, begin), THIN);
            match span.what {
                State::Leads { epoch } => path(svg, (x, begin), (x, end), &self.reign(epoch)),
                State::Locked => path(svg, (x, begin), (x, end), LOCKED),
                State::Down => {}
                State::Paused => path(svg, (x, begin), (x, end), &format!("{SPARSE} {THIN}")),
            }
            from = end;
        }
        path(svg, (x, from), (x, self.bottom()), THIN);
    }

    fn ends(&self, span: &Span) -> (f64, f64) {
        let begin = if span.rows.0 == 0 { EDGE } else { self.y(span.rows.0) };
        (begin, self.y(span.rows.1))
    }

    fn reign(&self, epoch: u64) -> String {
        reign(self.epochs.iter().position(|it| *it == epoch).unwrap_or(0))
    }

    /// The time where it changes.
    fn times(&self, svg: &mut String) {
        let _ = writeln!(svg, "<text x=\"2\" y=\"16\" class=\"cb-muted\">ms</text>");
        let start = self.score.rows[0];
        let mut last = None;
        for (row, us) in (1..).zip(&self.score.rows) {
            if last.replace(us) != Some(us) {
                let (y, ms) = (self.y(row) + 4.0, (us - start) as f64 / 1000.0);
                let _ =
                    writeln!(svg, "<text x=\"2\" y=\"{y:.1}\" class=\"cb-muted\">{ms:.1}</text>");
            }
        }
    }

    fn bands(&self, svg: &mut String, words: &mut Labels) {
        for (row, text) in &self.score.bands {
            let y = self.y(*row);
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{WIDTH}\" stroke-dasharray=\"6 3\" class=\"cb-s-muted cb-s-ink\"/>"
            );
            words.at((LEFT.midpoint(WIDTH), y), text);
        }
    }

    fn mark(&self, svg: &mut String, words: &mut Labels, mark: &Mark) {
        let (x, y) = (self.lanes[&mark.node], self.y(mark.row));
        sign(svg, mark.sign, x, y);
        words.beside(WIDTH, (x, y), 1.0, &mark.text);
    }

    /// From where it was sent to where it came. What is lost is broken, and ends in a cross: on the
    /// way, or before whoever could not take it.
    fn arrow(&self, svg: &mut String, words: &mut Labels, it: &Arrow) {
        let (x1, y1) = (self.lanes[&it.from.0], self.y(it.from.1));
        let (x2, y2) = (self.lanes[&it.to.0], self.y(it.to.1));
        let on_the_way = it.lost.as_ref().is_some_and(|why| why == "loss" || why == "cut");
        let part = if on_the_way { 0.6 } else { 1.0 };
        let dx = (x2 - x1) * part;
        let (start, end) = ((x1, y1), (x1 + dx, y2));
        if it.lost.is_some() {
            path(svg, start, end, BROKEN);
            cross(svg, end.0, end.1);
        } else {
            arrow(svg, start, end);
        }
        // On the side it comes from, at its end, where it is alone in its row.
        words.beside(WIDTH, end, -dx.signum(), &said(it));
    }
}

/// Time that passes takes room too: it sets moments apart, and arrows that one node sends at once.
fn heights(rows: &[u64]) -> Vec<f64> {
    let mut heights = vec![TOP - ROW / 2.0];
    let mut last = rows.first();
    for us in rows {
        let pause = if last.replace(us) == Some(us) { 0.0 } else { PAUSE };
        heights.push(heights[heights.len() - 1] + ROW + pause);
    }
    heights
}

/// `OK 2`, or `OK 2 (loss)`.
fn said(arrow: &Arrow) -> String {
    match &arrow.lost {
        Some(why) => format!("{} ({why})", arrow.text),
        None => arrow.text.clone(),
    }
}
