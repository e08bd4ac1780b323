//! Draws a trace of `simnet` as a sequence diagram: a lane for each node, time downwards, an arrow for
//! each message. So a picture shows what the code did, and cannot drift from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::report::chart::STYLE;
use crate::workspace::Workspace;

/// A phone shows it in its own size.
const WIDTH: f64 = 360.0;
const LEFT: f64 = 48.0;
const TOP: f64 = 40.0;
const ROW: f64 = 17.0;

/// A line of the trace; which fields it has depends on its kind.
#[derive(Deserialize)]
struct Event {
    us: u64,
    #[serde(rename = "event")]
    kind: String,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    to: u64,
    #[serde(default)]
    node: u64,
    #[serde(default)]
    text: String,
    #[serde(default)]
    why: String,
}

/// A drawing as its trace has it.
#[derive(Debug)]
pub struct Drawing {
    /// Beside the trace, from the root of the workspace.
    pub file: PathBuf,
    /// What the file should hold.
    pub svg: String,
}

impl Drawing {
    /// A sentence, if the file holds something else.
    pub fn complaint(&self, workspace: &Workspace) -> Option<String> {
        let there = workspace.read(&self.file).unwrap_or_default();
        (there != self.svg).then(|| {
            format!("{}: differs from its source; run `cargo cookbook sync`", self.file.display())
        })
    }
}

/// The traces that recipes show, in `tests/traces`, each with the drawing that belongs beside it.
///
/// # Errors
///
/// When a recipe's files cannot be read, and when a trace is no trace.
pub fn drawings(workspace: &Workspace) -> anyhow::Result<Vec<Drawing>> {
    let mut drawings = Vec::new();
    for recipe in workspace.recipes()? {
        for trace in workspace.files(recipe.folder.join("tests/traces"), "jsonl") {
            let stem = trace.file_stem().unwrap_or_default().to_string_lossy();
            let title = format!("{}: {}", recipe.name, stem.replace(['_', '-'], " "));
            let svg = svg(&title, &workspace.read(&trace)?)
                .with_context(|| format!("{} cannot be drawn", trace.display()))?;
            drawings.push(Drawing { file: trace.with_extension("svg"), svg });
        }
    }
    Ok(drawings)
}

/// The drawing of one trace.
///
/// # Errors
///
/// When a line is no event, and when nothing in it can be drawn.
pub fn svg(title: &str, trace: &str) -> anyhow::Result<String> {
    let mut events = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let event: Event =
            serde_json::from_str(line).with_context(|| format!("line {}", at + 1))?;
        if shows(&event) {
            events.push(event);
        }
    }
    ensure!(!events.is_empty(), "it holds no event that could be drawn");
    let sheet = Sheet::of(&events);
    let bottom = sheet.rows.last().map_or(TOP, |row| row.y) + ROW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {bottom}\" role=\"img\">\n\
         <title>{}</title>\n{STYLE}<g font-family=\"sans-serif\" font-size=\"10\">\n",
        escape(title)
    );
    sheet.frame(&mut svg, bottom - ROW / 2.0);
    for row in &sheet.rows {
        sheet.draw(&mut svg, row);
    }
    Ok(svg + "</g>\n</svg>\n")
}

/// Whether it has a place in the drawing: messages, and what happens to nodes.
fn shows(event: &Event) -> bool {
    let kinds = ["send", "deliver", "drop", "note", "crash", "start", "pause", "resume"];
    kinds.contains(&event.kind.as_str())
}

/// Where everything stands.
struct Sheet<'a> {
    /// The nodes, each with its lane.
    lanes: BTreeMap<u64, f64>,
    /// What happened, but for the sending: that belongs to the row of its cause.
    rows: Vec<Row<'a>>,
    /// When the trace begins.
    start: u64,
    /// By message, where it sets out and what it says.
    sent: BTreeMap<u64, (f64, &'a str)>,
}

struct Row<'a> {
    y: f64,
    event: &'a Event,
}

impl<'a> Sheet<'a> {
    fn of(events: &'a [Event]) -> Self {
        let named = events.iter().flat_map(|event| [event.from, event.to, event.node]);
        let nodes: BTreeSet<_> = named.filter(|node| *node > 0).collect();
        let gap = (WIDTH - LEFT) / nodes.len().max(1) as f64;
        let lane = |at: usize| LEFT + gap * (at as f64 + 0.5);
        let lanes = nodes.into_iter().enumerate().map(|(at, node)| (node, lane(at))).collect();
        let (mut rows, mut sent, mut y) = (Vec::new(), BTreeMap::new(), TOP);
        for event in events {
            if event.kind == "send" {
                sent.insert(event.id, (y, event.text.as_str()));
            } else {
                y += ROW;
                rows.push(Row { y, event });
            }
        }
        Self { lanes, rows, start: events[0].us, sent }
    }

    /// Names, lanes, and the time where it changes.
    fn frame(&self, svg: &mut String, bottom: f64) {
        for (node, x) in &self.lanes {
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"18\" font-size=\"12\" font-weight=\"bold\" \
                 text-anchor=\"middle\" class=\"cb-ink\">{node}</text>\
                 <path d=\"M{x:.1} 26V{bottom:.1}\" class=\"cb-s-grid\"/>"
            );
        }
        let mut last = None;
        for Row { y, event } in &self.rows {
            if last.replace(event.us) != Some(event.us) {
                let (y, ms) = (y + 3.0, (event.us - self.start) as f64 / 1000.0);
                let _ = writeln!(
                    svg,
                    "<text x=\"4\" y=\"{y:.1}\" class=\"cb-muted\">{ms:.1} ms</text>"
                );
            }
        }
    }

    fn draw(&self, svg: &mut String, row: &Row<'_>) {
        let event = row.event;
        let say = |svg: &mut String, text: &str, class: &str| {
            let x = self.lanes.get(&event.node).copied().unwrap_or(LEFT);
            label(svg, x, row.y + 3.0, text, class);
        };
        match event.kind.as_str() {
            "deliver" | "drop" => self.arrow(svg, row),
            "note" => say(svg, &event.text, "cb-c2"),
            "crash" => say(svg, "crashes", "cb-c4"),
            other => say(svg, &format!("{other}s"), "cb-c3"),
        }
    }

    /// From where it was sent to where it came, or most of the way if it was lost.
    fn arrow(&self, svg: &mut String, Row { y, event }: &Row<'_>) {
        let (Some((y1, text)), Some(x1), Some(x2)) =
            (self.sent.get(&event.id), self.lanes.get(&event.from), self.lanes.get(&event.to))
        else {
            return; // it was sent before the trace begins
        };
        let is_lost = event.kind == "drop";
        let x2 = if is_lost { x1 + (x2 - x1) * 0.75 } else { *x2 };
        let (dx, dy) = (x2 - x1, y - y1);
        let length = dx.hypot(dy).max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let _ = write!(svg, "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y:.1}");
        for side in [-1.0, 1.0] {
            let (hx, hy) = (x2 - 6.0 * ux - 3.0 * side * uy, y - 6.0 * uy + 3.0 * side * ux);
            let _ = write!(svg, "M{hx:.1} {hy:.1}L{x2:.1} {y:.1}");
        }
        svg.push_str("\" fill=\"none\" class=\"cb-s-ink\"/>\n");
        let said = if is_lost { format!("{text} ({})", event.why) } else { (*text).to_owned() };
        // Near its end: there it is alone in its row.
        label(svg, x1 + dx * 0.75, y1 + dy * 0.75 - 2.0, &said, "cb-ink");
    }
}

fn label(svg: &mut String, x: f64, y: f64, text: &str, class: &str) {
    // A letter takes about half its size; the whole stays on the sheet.
    let half = 2.6 * text.chars().count() as f64;
    let x = x.clamp(half + 2.0, (WIDTH - half - 2.0).max(half + 2.0));
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" class=\"{class}\">{}</text>",
        escape(text)
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::svg;

    const TRACE: &str = r#"{"us":0,"event":"send","id":1,"from":1,"to":2,"text":"a < b"}
{"us":0,"event":"disk","node":2,"slowest_us":4000}
{"us":1500,"event":"deliver","id":1,"from":1,"to":2,"text":"a < b"}
{"us":1500,"event":"send","id":2,"from":2,"to":1,"text":"no"}
{"us":1500,"event":"drop","id":2,"from":2,"to":1,"why":"cut"}
{"us":2000,"event":"crash","node":2,"unsaved":1}
"#;

    #[test]
    fn messages_are_arrows_and_crashes_are_named() {
        let drawing = svg("demo: a", TRACE).unwrap();
        assert!(drawing.contains("<title>demo: a</title>"), "{drawing}");
        for text in ["a &lt; b</text>", "no (cut)</text>", "crashes</text>", "1.5 ms</text>"] {
            assert!(drawing.contains(text), "{text} is not in\n{drawing}");
        }
        assert_eq!(drawing.matches("cb-s-ink\"/>").count(), 2, "one arrow a message\n{drawing}");
        assert_eq!(drawing.matches("cb-s-grid\"/>").count(), 2, "one lane a node\n{drawing}");
    }

    #[test]
    fn the_same_trace_gives_the_same_drawing() {
        assert_eq!(svg("a", TRACE).unwrap(), svg("a", TRACE).unwrap());
    }

    #[test]
    fn what_is_no_trace_is_named_by_its_line() {
        let error = format!("{:#}", svg("a", "{\"us\":1,\"event\":\"heal\"}\nno\n").unwrap_err());
        assert!(error.contains("line 2"), "{error}");
        let error = svg("a", "{\"us\":1,\"event\":\"heal\"}\n").unwrap_err().to_string();
        assert!(error.contains("no event that could be drawn"), "{error}");
    }
}
