//! The book: rendered by mdBook's own crates, checked, and written to a folder or served.

mod check;
mod html;
mod markdown;
mod output;
mod pages;
mod policy;
mod site;
mod svg;

use std::path::Path;

use anyhow::Context as _;
use mdbook_driver::MDBook;

pub use self::policy::content_security_policy;
pub use self::site::Site;
use crate::workspace::Workspace;

/// Renders the book of `docs/book` and checks that whatever it points at is in it.
///
/// # Errors
///
/// When a page cannot be rendered, or a link is dead; the message names pages and links.
pub fn render(workspace: &Workspace) -> anyhow::Result<Site> {
    let mut book = MDBook::load(workspace.path("docs/book")).context("cannot read docs/book")?;
    let rendered = tempfile::tempdir().context("cannot create a temporary folder")?;
    rendered.path().clone_into(&mut book.config.build.build_dir);
    pages::prepare(workspace, &mut book)?;
    book.build()?;
    let site = Site::read(rendered.path())?;
    check::check(&site)?;
    Ok(site)
}

/// Renders the book into a folder, in place of an older copy.
///
/// # Errors
///
/// As [`render`], and when the folder holds files that are not an earlier build; nothing has
/// changed then.
pub fn build(workspace: &Workspace, folder: &Path) -> anyhow::Result<()> {
    output::refuse_foreign(folder)?;
    let site = render(workspace)?;
    output::replace(folder, &site)?;
    println!("{} pages in {}", site.pages().count(), folder.display());
    Ok(())
}
