//! Draws a trace of `simnet` as a sequence diagram: a lane for each node, time downwards, an arrow for
//! each message. So a picture shows what the code did, and cannot drift from it.
//!
//! What happened is read into a score, which knows what stands on which line; the sheet knows
//! where that is on paper.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::workspace::Workspace;

mod event;
mod labels;
mod legend;
mod score;
mod sheet;
mod signs;

use event::Event;
use score::Score;

/// Which part of which trace is drawn, in the folder of the traces. A trace that it does not name is
/// drawn whole.
const PICTURES: &str = "pictures.toml";

/// What of a trace is drawn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The first and the last line, as in `12..40`. All, if it is missing.
    events: Option<String>,
    /// What to call a node that is more than a number, such as a store.
    #[serde(default)]
    names: BTreeMap<String, String>,
}

/// A drawing as its trace has it.
#[derive(Debug)]
pub struct Drawing {
    /// Beside the trace, from the root of the workspace.
    pub file: PathBuf,
    /// What the file should hold.
    pub svg: String,
}

impl View {
    /// From the first to the last of these lines, as in `12..40`.
    pub fn of_events(events: Option<String>) -> Self {
        Self { events, names: BTreeMap::new() }
    }

    fn lines(&self) -> anyhow::Result<RangeInclusive<usize>> {
        let Some(text) = &self.events else { return Ok(1..=usize::MAX) };
        let ends = text.split_once("..").and_then(|(first, last)| {
            let first: usize = first.trim().parse().ok()?;
            let last = last.trim();
            Some((first, if last.is_empty() { usize::MAX } else { last.parse().ok()? }))
        });
        let (first, last) = ends
            .filter(|(first, last)| *first > 0 && first <= last)
            .with_context(|| format!("`{text}` names no lines; write them as in 12..40"))?;
        Ok(first..=last)
    }
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

/// Prints the drawing of any trace.
///
/// # Errors
///
/// When the file cannot be read, and when it is no trace.
pub fn run(file: &Path, view: &View) -> anyhow::Result<()> {
    let trace =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let title = file.file_stem().unwrap_or_default().to_string_lossy().replace(['_', '-'], " ");
    let svg =
        svg(&title, &trace, view).with_context(|| format!("{} cannot be drawn", file.display()))?;
    io::stdout().write_all(svg.as_bytes())?;
    Ok(())
}

/// The traces that recipes show, in `tests/traces`, each with the drawing that belongs beside it.
///
/// # Errors
///
/// When a recipe's files cannot be read, and when a trace is no trace.
pub fn drawings(workspace: &Workspace) -> anyhow::Result<Vec<Drawing>> {
    let mut drawings = Vec::new();
    for recipe in workspace.recipes()? {
        let folder = recipe.folder.join("tests/traces");
        let traces = workspace.files(&folder, "jsonl");
        if traces.is_empty() {
            continue;
        }
        let mut views = views(workspace, &folder.join(PICTURES))?;
        for trace in traces {
            let stem = trace.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let title = format!("{}: {}", recipe.name, stem.replace(['_', '-'], " "));
            let view = views.remove(&stem).unwrap_or_default();
            let svg = svg(&title, &workspace.read(&trace)?, &view)
                .with_context(|| format!("{} cannot be drawn", trace.display()))?;
            drawings.push(Drawing { file: trace.with_extension("svg"), svg });
        }
        let names: Vec<_> = views.into_keys().collect();
        ensure!(
            names.is_empty(),
            "{}: there is no trace called {}",
            folder.join(PICTURES).display(),
            names.join(", ")
        );
    }
    Ok(drawings)
}

fn views(workspace: &Workspace, file: &Path) -> anyhow::Result<BTreeMap<String, View>> {
    if !workspace.path(file).is_file() {
        return Ok(BTreeMap::new());
    }
    toml::from_str(&workspace.read(file)?).with_context(|| format!("in {}", file.display()))
}

/// The drawing of one trace.
///
/// # Errors
///
/// When a line is no event, and when nothing in it can be drawn.
pub fn svg(title: &str, trace: &str, view: &View) -> anyhow::Result<String> {
    let shown = view.lines()?;
    let mut events: Vec<Event> = Vec::new();
    for (at, line) in (1..).zip(trace.lines()).take_while(|(at, _)| at <= shown.end()) {
        events.push(serde_json::from_str(line).with_context(|| format!("line {at}"))?);
    }
    let score = Score::of(&events, *shown.start());
    ensure!(!score.rows.is_empty(), "it holds no event that could be drawn");
    Ok(sheet::draw(title, &score, &view.names))
}

#[cfg(test)]
mod tests;
