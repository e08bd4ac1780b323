//! Makes pages of the Markdown that was written for readers of the repository.
//!
//! A page that is one `{{#include ..}}` line is another document (a recipe's README): its links
//! and images are relative to where that document lives, not to the page.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use mdbook_driver::MDBook;

use super::markdown;
use crate::workspace::Workspace;

/// Which document each page shows.
#[derive(Debug, Default)]
pub(super) struct Pages {
    root: PathBuf,
    page_of: HashMap<PathBuf, PathBuf>,
}

/// Where a relative link leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To another page, by its path from the page that links.
    Page(String),
    /// To a file of the repository that the book does not show, by its path from the root.
    File(String),
    /// Nowhere.
    Missing,
}

/// Puts the included documents into their pages and rewrites all pages for the book.
///
/// # Errors
///
/// When a document or an image is missing, or a link is dead: all of them, with their pages.
pub(super) fn prepare(workspace: &Workspace, book: &mut MDBook) -> anyhow::Result<()> {
    let source = book.source_dir();
    let mut pages = Pages { root: fs::canonicalize(workspace.path(""))?, ..Pages::default() };
    let mut documents = HashMap::new();
    let mut problems = Vec::new();
    book.book.for_each_chapter_mut(|chapter| {
        let Some(path) = chapter.source_path.clone() else { return };
        match pages.add(&source, &path, &mut chapter.content) {
            Ok(document) => drop(documents.insert(path, document)),
            Err(error) => problems.push(format!("{}: {error:#}", path.display())),
        }
    });
    book.book.for_each_chapter_mut(|chapter| {
        let Some(path) = &chapter.source_path else { return };
        let Some(file) = documents.get(path) else { return };
        let document = markdown::Document { file, page: path, pages: &pages };
        match document.rewrite(&chapter.content) {
            Ok(content) => chapter.content = content,
            Err(error) => problems.push(format!("{}: {error:#}", path.display())),
        }
    });
    if !problems.is_empty() {
        bail!("these pages cannot be built:\n  {}", problems.join("\n  "));
    }
    Ok(())
}

/// The file a page shows; if that is another than the page's own, `content` becomes its text.
fn document(page: &Path, content: &mut String) -> anyhow::Result<PathBuf> {
    let Some(included) = included(content) else {
        if content.contains("{{#include") {
            bail!("an {{{{#include}}}} must be the whole page; splice a part of a file instead");
        }
        return Ok(page.to_owned());
    };
    let folder = page.parent().context("a page lies in a folder")?;
    let document = fs::canonicalize(folder.join(included))
        .with_context(|| format!("it includes {included}, which is not there"))?;
    *content = fs::read_to_string(&document)?;
    Ok(document)
}

fn included(content: &str) -> Option<&str> {
    let path = content.trim().strip_prefix("{{#include ")?.strip_suffix("}}")?.trim();
    (!path.contains(['\n', '{'])).then_some(path)
}

impl Pages {
    /// Notes a page and gives the document that it shows.
    fn add(&mut self, source: &Path, page: &Path, content: &mut String) -> anyhow::Result<PathBuf> {
        let file = fs::canonicalize(source.join(page))?;
        let document = document(&file, content)?;
        // A link may name either of them.
        self.page_of.insert(file, page.to_owned());
        self.page_of.insert(document.clone(), page.to_owned());
        Ok(document)
    }

    /// What a page's link of the form `path` means.
    pub(super) fn resolve(&self, page: &Path, document: &Path, path: &str) -> Target {
        let folder = document.parent().unwrap_or(document);
        let Ok(file) = fs::canonicalize(folder.join(path)) else { return Target::Missing };
        let shown = self.page_of.get(&file).or_else(|| self.page_of.get(&file.join("README.md")));
        if let Some(target) = shown {
            return Target::Page(relative(page, target));
        }
        match file.strip_prefix(&self.root) {
            Ok(inside) => Target::File(slashes(inside)),
            Err(_) => Target::Missing,
        }
    }
}

/// The path from one page to another, both given from the root of the book.
fn relative(from: &Path, to: &Path) -> String {
    let up = from.components().count().saturating_sub(1);
    "../".repeat(up) + &slashes(to)
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{included, relative};

    #[test]
    fn only_a_page_that_is_one_line_is_an_inclusion() {
        assert_eq!(included("{{#include ../../a/README.md}}\n"), Some("../../a/README.md"));
        assert_eq!(included("# Title\n{{#include a.md}}\n"), None);
        assert_eq!(included("{{#include a.md}}\n{{#include b.md}}\n"), None);
    }

    #[test]
    fn a_page_in_a_folder_climbs_out_of_it_first() {
        assert_eq!(relative(Path::new("patterns/a.md"), Path::new("start.md")), "../start.md");
        assert_eq!(relative(Path::new("start.md"), Path::new("patterns/a.md")), "patterns/a.md");
    }
}
