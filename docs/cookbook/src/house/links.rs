//! Relative links and their anchors lead somewhere.

use std::path::{Path, PathBuf};

use crate::workspace::{Workspace, normalize};

use super::{House, markdown};

/// Every link in every document resolves; images are links too.
pub(super) fn resolve(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in house.workspace.files("", "md") {
        let text = house.workspace.read(&file)?;
        for (line, target) in markdown::links(&text) {
            if let Some(wrong) = dead(house.workspace, &file, &target)? {
                found.push(format!("{}:{line}: {wrong}", file.display()));
            }
        }
        for include in includes(&text, &file) {
            if !house.workspace.path(&include).is_file() {
                found.push(format!(
                    "{}: it includes {}, which is not there",
                    file.display(),
                    include.display()
                ));
            }
        }
    }
    Ok(found)
}

/// What is wrong with a link in `file`, if anything is.
fn dead(workspace: &Workspace, file: &Path, target: &str) -> anyhow::Result<Option<String>> {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    if elsewhere {
        return Ok(None);
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = file.parent().unwrap_or(Path::new(""));
    let page = if path.is_empty() { Some(file.to_owned()) } else { normalize(&folder.join(path)) };
    let Some(page) = page.filter(|page| workspace.path(page).exists()) else {
        return Ok(Some(format!("the link to `{target}` leads nowhere")));
    };
    if anchor.is_empty() || page.extension().is_none_or(|its| its != "md") {
        return Ok(None);
    }
    let anchors = markdown::anchors(&whole(workspace, &page)?);
    let is_there = anchors.iter().any(|its| its == anchor);
    Ok((!is_there).then(|| format!("{} has no heading for `#{anchor}`", page.display())))
}

/// A page with what it includes.
fn whole(workspace: &Workspace, page: &Path) -> anyhow::Result<String> {
    let mut text = workspace.read(page)?;
    for include in includes(&text, page) {
        if workspace.path(&include).is_file() {
            text += &workspace.read(include)?;
        }
    }
    Ok(text)
}

/// The files that a page includes as a whole, from the root.
fn includes(text: &str, page: &Path) -> Vec<PathBuf> {
    let folder = page.parent().unwrap_or(Path::new(""));
    let lines =
        text.lines().filter_map(|line| line.strip_prefix("{{#include ")?.strip_suffix("}}"));
    lines.filter_map(|path| normalize(&folder.join(path.trim()))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[test]
    fn dead_links_images_anchors_and_includes_are_named_with_their_line() {
        for (text, wrong) in [
            ("\n[a](b.md)", "a.md:2: the link to `b.md` leads nowhere"),
            ("![a](b.svg)", "a.md:1: the link to `b.svg` leads nowhere"),
            ("<img src=\"b.svg\">", "a.md:1: the link to `b.svg` leads nowhere"),
            ("[a](../../../etc)", "leads nowhere"),
            ("[a](#b)", "docs/a.md has no heading for `#b`"),
            ("[a](book/src/patterns/demo.md#nowhere)", "demo.md has no heading for `#nowhere`"),
            ("{{#include ../b.md}}", "it includes b.md, which is not there"),
        ] {
            let fake = Fake::finished();
            fake.write("docs/a.md", text);
            fake.complains(resolve, wrong);
        }
    }

    #[test]
    fn good_links_are_silent() {
        let fake = Fake::finished();
        let text = "# A b\n[a](#a-b) [b](https://example.org/x#y) [c](book/src) \
                    [d](book/src/patterns/demo.md#run-it)\n";
        fake.write("docs/a.md", text);
        fake.is_content_with(resolve);
    }
}
