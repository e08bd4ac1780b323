//! Rewrites the text of one document for its page in the book.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use mdbook_markdown::pulldown_cmark::{Event, OffsetIter, Options, Parser, Tag, TagEnd};

use super::pages::{Pages, Target};
use super::{html, svg};

/// A file, and the page of the book that shows it.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) file: &'a Path,
    pub(super) page: &'a Path,
    pub(super) pages: &'a Pages,
}

/// A piece of the document and what stands in its place on the page.
type Edit = (Range<usize>, String);

impl Document<'_> {
    /// Inlines drawings, turns links around, drops comments, lays pairs side by side.
    ///
    /// # Errors
    ///
    /// When a link or an image leads nowhere; all of them are named.
    pub(super) fn rewrite(&self, text: &str) -> anyhow::Result<String> {
        let mut edits = Vec::<Edit>::new();
        let mut problems = Vec::new();
        let mut paragraph = 0..0;
        // As mdBook reads it, as far as it matters where links and blocks begin and end.
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_GFM;
        let mut events = Parser::new_ext(text, options).into_offset_iter();
        while let Some((event, range)) = events.next() {
            let edit = match event {
                Event::Start(Tag::Paragraph) => {
                    paragraph = range;
                    continue;
                }
                Event::Start(Tag::Link { dest_url, .. }) if is_ours(&dest_url) => {
                    let inner = inner(&mut events, text, TagEnd::Link);
                    self.link(&dest_url, inner.source)
                }
                Event::Start(Tag::Image { dest_url, .. }) if is_ours(&dest_url) => {
                    let label = inner(&mut events, text, TagEnd::Image).text;
                    let alone = text[paragraph.clone()].trim() == text[range.clone()].trim();
                    self.image(&dest_url, &label, alone, edits.len())
                }
                Event::Html(html) => Ok(comment(html.trim())),
                _ => continue,
            };
            match edit {
                Ok(Some(new)) => edits.push((range, new)),
                Ok(None) => {}
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        if !problems.is_empty() {
            bail!("{}", problems.join("; "));
        }
        Ok(apply(text, edits))
    }

    /// A link leads to a page, or becomes the name of the file that readers of a clone have: as
    /// much of its path as the link says, all of it where the link says something else.
    fn link(&self, destination: &str, inner: &str) -> anyhow::Result<Option<String>> {
        let (path, fragment) = match destination.split_once('#') {
            Some((path, fragment)) => (path, format!("#{fragment}")),
            None => (destination, String::new()),
        };
        let name = inner.trim_matches('`');
        match self.pages.resolve(self.page, self.file, path) {
            Target::Page(page) => Ok(Some(format!("[{inner}]({page}{fragment})"))),
            Target::File(file) if format!("/{file}").ends_with(&format!("/{name}")) => {
                Ok(Some(format!("`{name}`")))
            }
            Target::File(file) if file.contains(name) => Ok(Some(format!("`{file}`"))),
            Target::File(file) => Ok(Some(format!("{inner} (`{file}`)"))),
            Target::Missing => Err(anyhow!("its link to {destination} is dead")),
        }
    }

    /// A drawing becomes part of the page.
    fn image(
        &self,
        path: &str,
        label: &str,
        alone: bool,
        number: usize,
    ) -> anyhow::Result<Option<String>> {
        if !alone {
            bail!("its image {path} must be a paragraph of its own");
        }
        if label.is_empty() {
            bail!("its image {path} needs a description for readers who cannot see it");
        }
        let drawing = fs::read_to_string(self.file.with_file_name(path))
            .map_err(anyhow::Error::from)
            .and_then(|drawing| svg::inline(&drawing, label, &format!("f{number}-")))
            .with_context(|| format!("its image {path} cannot be shown"))?;
        // The blank line ends the block of HTML whatever follows.
        Ok(Some(format!("<figure class=\"cb-figure\">{drawing}</figure>\n")))
    }
}

/// Whether a link or an image is relative to the document, and so ours to turn around.
fn is_ours(destination: &str) -> bool {
    !destination.starts_with('#') && !html::leads_outside(destination)
}

/// What stands in the place of a line of HTML, if it is a comment.
fn comment(line: &str) -> Option<String> {
    match line {
        // What belongs together, such as the code of both variants.
        "<!-- pair -->" => Some("<div class=\"cb-pair\">\n\n".to_owned()),
        "<!-- /pair -->" => Some("\n</div>\n\n".to_owned()),
        // A blank line, so that what a comment kept apart stays apart.
        _ if line.starts_with("<!--") && line.ends_with("-->") => Some("\n".to_owned()),
        _ => None,
    }
}

/// What a link or an image holds: as it is written, and as plain text.
struct Inner<'a> {
    source: &'a str,
    text: String,
}

/// Reads on to the end of a link or an image.
fn inner<'a>(events: &mut OffsetIter<'a>, text: &'a str, end: TagEnd) -> Inner<'a> {
    let mut span = None;
    let mut plain = String::new();
    for (event, range) in events {
        if event == Event::End(end) {
            break;
        }
        if let Event::Text(part) | Event::Code(part) = event {
            plain.push_str(&part);
        }
        let start = span.map_or(range.start, |(start, _)| start);
        span = Some((start, range.end));
    }
    Inner { source: span.map_or("", |(start, end)| &text[start..end]), text: plain }
}

/// The text with every edit made; edits come in the order of the text and do not overlap.
fn apply(text: &str, edits: Vec<Edit>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, new) in edits {
        out.push_str(&text[done..range.start]);
        out.push_str(&new);
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}
