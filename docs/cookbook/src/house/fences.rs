//! Code in documents is code that `cargo test` builds.

use std::path::Path;

use crate::{source, splice};

use super::{House, markdown};

/// Where the book's own pages stand.
const PAGES: &str = "docs/book/src";

/// No code in a document is exempt from being built.
pub(super) fn none_is_ignored(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in house.workspace.files("", "md") {
        for fence in markdown::fences(&house.workspace.read(&file)?) {
            found.extend(ignored(&file, fence.line, &fence.info));
        }
    }
    for file in house.workspace.files("", "rs") {
        for (line, doc) in source::doc_lines(&house.workspace.read(&file)?) {
            if let Some(info) = doc.trim().strip_prefix("```") {
                found.extend(ignored(&file, line, info));
            }
        }
    }
    Ok(found)
}

fn ignored(file: &Path, line: usize, info: &str) -> Option<String> {
    let mut words = info.split([',', ' ']);
    words.any(|word| word == "ignore" || word.starts_with("ignore-")).then(|| {
        format!(
            "{}:{line}: this code block is `ignore`; make it build, or call it `text`",
            file.display()
        )
    })
}

/// The book holds no hand-written Rust.
pub(super) fn book_is_made_of_includes(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in house.workspace.files(PAGES, "md") {
        let text = splice::blanked(&house.workspace.read(&file)?);
        for fence in markdown::fences(&text) {
            let language = fence.info.split([',', ' ']).next().unwrap_or_default();
            let is_included = fence.body.trim_start().starts_with("{{#");
            if ["rust", "rs"].contains(&language) && !is_included {
                found.push(format!(
                    "{}:{}: Rust written by hand; splice it from a file that `cargo test` builds",
                    file.display(),
                    fence.line
                ));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[test]
    fn an_ignored_block_is_found_in_pages_and_in_doc_comments() {
        let fake = Fake::finished();
        fake.write("docs/a.md", "\n```rust,ignore\nx\n```\n");
        fake.complains(none_is_ignored, "docs/a.md:2: this code block is `ignore`");
        fake.write("patterns/demo/src/b.rs", "/// ```ignore\n/// x\n/// ```\nfn b() {}\n");
        fake.complains(none_is_ignored, "b.rs:1: this code block is `ignore`");
    }

    #[test]
    fn rust_in_the_book_is_spliced_or_included() {
        let fake = Fake::finished();
        let spliced = "<!-- splice: text x -->\n```rs\nf();\n```\n<!-- /splice -->\n";
        let included = "```rust\n{{#include ../x.rs}}\n```\n";
        fake.write("docs/book/src/a.md", &format!("{spliced}{included}"));
        fake.is_content_with(book_is_made_of_includes);
        fake.write("docs/book/src/a.md", "text\n\n```rust\nf();\n```\n");
        fake.complains(book_is_made_of_includes, "a.md:3: Rust written by hand");
    }
}
