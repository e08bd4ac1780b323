//! Splices: regions of a document that are made from something else and compared with it.
//!
//! ```text
//! <!-- splice: code src/lock.rs#acquire -->
//! ... generated ...
//! <!-- /splice -->
//! ```
//!
//! | request | what stands between the markers |
//! |---|---|
//! | `code PATH#ANCHOR` | the lines between `// ANCHOR: name` and `// ANCHOR_END: name` |
//! | `text PATH` | a whole file, such as a stored schedule |
//! | `recipes` | the table of the finished recipes |
//! | `chooser`, `chooser short` | the decision tree, or its most common answers |
//! | `measured RECIPE` | tables, charts and verdicts from the newest record |
//! | `beside RECIPE A B SCENARIO..` | from the same record: how many times the time of B A takes |
//!
//! Paths and links are relative to the document.

mod document;
mod source;
mod table;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::chooser::{Chooser, markdown};
use crate::report;
use crate::sequence::{self, Drawing};
use crate::workspace::Workspace;
use document::Part;

/// Brings every document and drawing up to date with its sources; with `check`, only compares.
///
/// # Errors
///
/// When a splice cannot be made, and with `check` when a document differs from its sources. The
/// message names every such place.
pub fn run(workspace: &Workspace, check: bool) -> anyhow::Result<()> {
    let mut complaints = Vec::new();
    let mut changed = 0;
    let documents = workspace.files("", "md");
    for path in &documents {
        let spliced = splice(workspace, path)?;
        complaints.extend(spliced.faults);
        if check {
            complaints.extend(spliced.stale);
        } else if spliced.after != spliced.before {
            std::fs::write(workspace.path(path), &spliced.after)
                .with_context(|| format!("cannot write {}", path.display()))?;
            changed += 1;
            writeln!(io::stdout(), "{}: brought up to date", path.display())?;
        }
    }
    for drawing in drawings(workspace)? {
        if check {
            complaints.extend(drawing.complaint(workspace));
        } else if drawing.complaint(workspace).is_some() {
            std::fs::write(workspace.path(&drawing.file), &drawing.svg)
                .with_context(|| format!("cannot write {}", drawing.file.display()))?;
            writeln!(io::stdout(), "{}: drawn anew", drawing.file.display())?;
        }
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    let verb = if check { "compared" } else { "read" };
    writeln!(io::stdout(), "{} documents {verb}, {changed} changed", documents.len())?;
    Ok(())
}

/// All that is drawn: traces, and the charts of the newest records.
fn drawings(workspace: &Workspace) -> anyhow::Result<Vec<Drawing>> {
    let mut drawings = sequence::drawings(workspace)?;
    for recipe in workspace.recipes()? {
        let charts = report::charts(workspace, &recipe.name)?;
        drawings.extend(charts.into_iter().map(|(file, svg)| Drawing { file, svg }));
    }
    Ok(drawings)
}

/// A document before and after its splices were made anew.
#[derive(Debug)]
pub struct Spliced {
    /// The text as it stands.
    pub before: String,
    /// The text as its sources have it; a splice that cannot be made keeps what it held.
    pub after: String,
    /// A sentence for each splice that cannot be made.
    pub faults: Vec<String>,
    /// A sentence for each splice that differs from its source.
    pub stale: Vec<String>,
}

/// Makes the splices of one document, given by its path from the root. Writes nothing.
///
/// # Errors
///
/// When the document cannot be read.
pub fn splice(workspace: &Workspace, path: &Path) -> anyhow::Result<Spliced> {
    let before = workspace.read(path)?;
    let place = Place { workspace, folder: path.parent().unwrap_or(Path::new("")) };
    let at = |line: usize| format!("{}:{line}", path.display());
    let (mut after, mut faults, mut stale) = (String::new(), Vec::new(), Vec::new());
    for part in document::parts(&before) {
        match part {
            Part::Prose(text) => after += text,
            Part::Fault { line, sentence } => faults.push(format!("{}: {sentence}", at(line))),
            Part::Splice { line, request, body } => {
                let new = place.make(request).unwrap_or_else(|error| {
                    faults.push(format!("{}: {error:#}", at(line)));
                    body.to_owned()
                });
                if new != body {
                    stale.push(format!(
                        "{}: `{request}` differs from its source; run `cargo cookbook sync`",
                        at(line)
                    ));
                }
                after += &document::with_markers(request, &new);
            }
        }
    }
    Ok(Spliced { before, after, faults, stale })
}

/// A document with empty lines where its splices are: what its author wrote, line for line.
pub fn blanked(text: &str) -> String {
    let lines = |text: &str| "\n".repeat(text.matches('\n').count());
    let parts = document::parts(text).into_iter().map(|part| match part {
        Part::Prose(text) => text.to_owned(),
        Part::Splice { body, .. } => format!("\n{}\n", lines(body)),
        Part::Fault { .. } => String::new(),
    });
    parts.collect()
}

/// The document for which a splice is made.
struct Place<'a> {
    workspace: &'a Workspace,
    /// The document's folder, from the root.
    folder: &'a Path,
}

impl Place<'_> {
    /// What has to stand between the markers.
    fn make(&self, request: &str) -> anyhow::Result<String> {
        let words: Vec<_> = request.split_whitespace().collect();
        let text = match words[..] {
            ["code", target] => self.code(target)?,
            ["text", path] => source::fenced("text", &self.workspace.read(self.source(path)?)?),
            ["recipes"] => table::recipes(&self.workspace.recipes()?, self.folder),
            ["chooser"] => markdown::tree(&Chooser::load(self.workspace)?, self.folder),
            ["chooser", "short"] => markdown::short(&Chooser::load(self.workspace)?, self.folder),
            ["measured", recipe] => report::measured(self.workspace, recipe, self.folder)?,
            ["beside", recipe, one, other, ref scenarios @ ..] => {
                report::beside(self.workspace, recipe, [one, other], scenarios)?
            }
            _ => bail!(
                "`{request}` is no splice: write `code PATH#ANCHOR`, `text PATH`, `recipes`, \
                 `chooser`, `chooser short`, `measured RECIPE` or `beside RECIPE A B SCENARIO..`"
            ),
        };
        Ok(format!("\n{}\n\n", text.trim_end()))
    }

    fn code(&self, target: &str) -> anyhow::Result<String> {
        let (path, anchor) = target
            .split_once('#')
            .with_context(|| format!("`{target}` does not say which part: write PATH#ANCHOR"))?;
        let path = self.source(path)?;
        let text = self.workspace.read(&path)?;
        let code =
            source::region(&text, anchor).with_context(|| format!("in {}", path.display()))?;
        Ok(source::fenced("rs", &code))
    }

    /// A path that the document gives, from the root.
    fn source(&self, path: &str) -> anyhow::Result<PathBuf> {
        crate::workspace::normalize(&self.folder.join(path))
            .with_context(|| format!("`{path}` leads out of the workspace"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::fake::Fake;

    /// What becomes of a page of the demo that asks for this, and what is wrong with it.
    fn spliced(request: &str) -> (String, Vec<String>) {
        let fake = Fake::finished();
        fake.write("patterns/demo/src/a.rs", "// ANCHOR: x\nfn x() {}\n// ANCHOR_END: x\n");
        let page = format!("Above.\n<!-- splice: {request} -->\nold\n<!-- /splice -->\nBelow.\n");
        fake.write("patterns/demo/PAGE.md", &page);
        let spliced = splice(&fake.workspace, Path::new("patterns/demo/PAGE.md")).unwrap();
        (spliced.after, spliced.faults)
    }

    #[test]
    fn every_request_is_answered_between_the_markers() {
        for (request, answer) in [
            ("code src/a.rs#x", "```rs\nfn x() {}\n```"),
            ("text Cargo.toml", "```text\n[package]"),
            ("recipes", "| [demo](README.md) | A demo shows how it counts. | lock |"),
            (
                "chooser",
                "**[demo](README.md)** (measured: Counting, beside another: 0.25x the time;",
            ),
            ("chooser", "when you outgrow it: a database)"),
            ("measured demo", "| Counting, beside another | no goal | 0.25x"),
            ("beside demo lock other a", "| threads | a |\n|--:|--:|\n| 1 | 0.25x (0.25-0.25) |"),
        ] {
            let (page, faults) = spliced(request);
            let opening = format!("Above.\n<!-- splice: {request} -->\n\n");
            assert!(page.starts_with(&opening), "{page}");
            assert!(page.contains(answer), "{page}");
            assert!(page.ends_with("\n\n<!-- /splice -->\nBelow.\n"), "{page}");
            assert_eq!(faults, Vec::<String>::new());
        }
    }

    #[test]
    fn a_request_that_cannot_be_met_names_its_line_and_keeps_what_was_there() {
        for (request, fault) in [
            ("cod src/a.rs#x", "`cod src/a.rs#x` is no splice: write"),
            ("code src/a.rs", "`src/a.rs` does not say which part"),
            ("code src/a.rs#y", "in patterns/demo/src/a.rs: no line says `// ANCHOR: y`"),
            ("text b.txt", "cannot read patterns/demo/b.txt"),
            ("text ../../../b.txt", "`../../../b.txt` leads out of the workspace"),
            ("beside demo lock other", "name the scenarios to show"),
            ("beside demo lock other b", "there is no scenario `b` in the record"),
            ("beside demo lock nobody a", "nowhere do `lock` and `nobody` meet"),
        ] {
            let (page, faults) = spliced(request);
            assert!(page.contains("\nold\n"), "{page}");
            assert!(faults[0].starts_with("patterns/demo/PAGE.md:2: "), "{faults:?}");
            assert!(faults[0].contains(fault), "{faults:?}");
        }
    }
}
