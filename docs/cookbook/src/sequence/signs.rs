//! The strokes a drawing is made of.

use std::fmt::Write as _;

use super::score::Sign;

/// What is lost.
pub(super) const BROKEN: &str = "stroke-dasharray=\"4 3\" class=\"cb-s-ink\"";

/// The lane of a node that is paused.
pub(super) const SPARSE: &str = "stroke-dasharray=\"2 4\"";

/// The lane of a node that keeps something locked.
pub(super) const LOCKED: &str = "stroke-width=\"5\" class=\"cb-s-c2\"";

/// An epoch is a colour and a pattern, so that it can be told without either colour or number.
const EPOCHS: [(&str, &str); 4] = [
    ("cb-s-c1", ""),
    ("cb-s-c2", "stroke-dasharray=\"10 3\" "),
    ("cb-s-c3", "stroke-dasharray=\"3 3\" "),
    ("cb-s-c4", "stroke-dasharray=\"10 3 3 3\" "),
];

/// How the lane of a leader is drawn, given which of the picture's epochs it leads in.
pub(super) fn reign(epoch: usize) -> String {
    let (class, dashes) = EPOCHS[epoch % EPOCHS.len()];
    format!("stroke-width=\"7\" {dashes}class=\"{class}\"")
}

pub(super) fn path(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64), how: &str) {
    let _ = writeln!(svg, "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" {how}/>");
}

/// A line with a head.
pub(super) fn arrow(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let _ = write!(svg, "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}");
    for side in [-1.0, 1.0] {
        let (hx, hy) = (x2 - 7.0 * ux - 3.5 * side * uy, y2 - 7.0 * uy + 3.5 * side * ux);
        let _ = write!(svg, "M{hx:.1} {hy:.1}L{x2:.1} {y2:.1}");
    }
    svg.push_str("\" fill=\"none\" class=\"cb-s-ink\"/>\n");
}

pub(super) fn cross(svg: &mut String, x: f64, y: f64) {
    let (left, right, top, bottom) = (x - 4.0, x + 4.0, y - 4.0, y + 4.0);
    let _ = writeln!(
        svg,
        "<path d=\"M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{left:.1} {bottom:.1}L{right:.1} {top:.1}\" \
         stroke-width=\"2\" class=\"cb-s-ink\"/>"
    );
}

pub(super) fn sign(svg: &mut String, sign: Sign, x: f64, y: f64) {
    let (left, top) = (x - 4.0, y - 4.0);
    let shape = match sign {
        Sign::Crash => return cross(svg, x, y),
        Sign::Dot => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" class=\"cb-ink\"/>"),
        Sign::Start => format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"none\" stroke-width=\"2\" class=\"cb-s-ink\"/>"
        ),
        // An hourglass.
        Sign::Timer => format!("<path d=\"M{left:.1} {top:.1}h8l-8 9h8z\" class=\"cb-ink\"/>"),
        Sign::Saved => format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"8\" height=\"8\" class=\"cb-ink\"/>"
        ),
    };
    svg.push_str(&shape);
    svg.push('\n');
}
