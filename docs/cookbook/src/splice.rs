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
//!
//! Paths and links are relative to the document.

mod document;
mod source;
mod table;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::chooser::{Chooser, markdown};
use crate::report;
use crate::workspace::Workspace;
use document::Part;

/// Brings every document up to date with its sources; with `check`, only compares.
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
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    let verb = if check { "compared" } else { "read" };
    writeln!(io::stdout(), "{} documents {verb}, {changed} changed", documents.len())?;
    Ok(())
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
    let mut spliced = Spliced { after: String::new(), faults: vec![], stale: vec![], before };
    for part in document::parts(&spliced.before) {
        let (at, request, old) = match part {
            Part::Prose(text) => {
                spliced.after += text;
                continue;
            }
            Part::Fault { line, sentence } => {
                spliced.faults.push(format!("{}:{line}: {sentence}", path.display()));
                continue;
            }
            Part::Splice { line, request, body } => (line, request, body),
        };
        let new = match place.make(request) {
            Ok(text) => format!("\n{}\n\n", text.trim_end()),
            Err(error) => {
                spliced.faults.push(format!("{}:{at}: {error:#}", path.display()));
                old.to_owned()
            }
        };
        if new != old {
            spliced.stale.push(format!(
                "{}:{at}: `{request}` differs from its source; run `cargo cookbook sync`",
                path.display()
            ));
        }
        write!(spliced.after, "{}{new}{}", document::opening(request), document::CLOSING)?;
    }
    Ok(spliced)
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
    fn make(&self, request: &str) -> anyhow::Result<String> {
        let words: Vec<_> = request.split_whitespace().collect();
        match words[..] {
            ["code", target] => {
                let Some((path, anchor)) = target.split_once('#') else {
                    bail!("`{request}` does not say which part: write `code PATH#ANCHOR`");
                };
                let path = self.source(path)?;
                let text = self.workspace.read(&path)?;
                let code = source::region(&text, anchor)
                    .with_context(|| format!("in {}", path.display()))?;
                Ok(source::fenced("rs", &code))
            }
            ["text", path] => Ok(source::fenced("text", &self.workspace.read(self.source(path)?)?)),
            ["recipes"] => Ok(table::recipes(&self.workspace.recipes()?, self.folder)),
            ["chooser"] => Ok(markdown::tree(&Chooser::load(self.workspace)?, self.folder)),
            ["chooser", "short"] => {
                Ok(markdown::short(&Chooser::load(self.workspace)?, self.folder))
            }
            ["measured", recipe] => report::measured(self.workspace, recipe, self.folder),
            _ => bail!(
                "`{request}` is no splice: write `code PATH#ANCHOR`, `text PATH`, `recipes`, \
                 `chooser`, `chooser short` or `measured RECIPE`"
            ),
        }
    }

    /// A path that the document gives, from the root.
    fn source(&self, path: &str) -> anyhow::Result<PathBuf> {
        crate::workspace::normalize(&self.folder.join(path))
            .with_context(|| format!("`{path}` leads out of the workspace"))
    }
}
