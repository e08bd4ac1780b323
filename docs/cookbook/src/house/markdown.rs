//! What the rules read off a Markdown document.

use std::collections::HashMap;
use std::ops::Range;

use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A heading; its line is counted from 1.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) level: usize,
    pub(super) text: String,
    pub(super) line: usize,
    /// Where its text begins in the document, and where what follows does.
    range: Range<usize>,
}

/// A fenced code block.
pub(super) struct Fence {
    pub(super) line: usize,
    /// What stands behind the opening backticks.
    pub(super) info: String,
    pub(super) body: String,
}

fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(text, options).into_offset_iter()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

pub(super) fn headings(text: &str) -> Vec<Heading> {
    let mut headings: Vec<Heading> = Vec::new();
    let mut inside = false;
    for (event, range) in events(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                inside = true;
                let line = line_of(text, range.start);
                headings.push(Heading { level: level as usize, text: String::new(), line, range });
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Text(piece) | Event::Code(piece) if inside => {
                if let Some(heading) = headings.last_mut() {
                    heading.text += &piece;
                }
            }
            _ => {}
        }
    }
    headings
}

/// What stands under a second-level heading, and the line on which that begins.
pub(super) fn section<'a>(text: &'a str, title: &str) -> Option<(&'a str, usize)> {
    let headings = headings(text);
    let at = headings.iter().position(|it| it.level == 2 && it.text == title)?;
    let from = headings[at].range.end;
    let next = headings[at + 1..].iter().find(|heading| heading.level <= 2);
    let to = next.map_or(text.len(), |heading| heading.range.start);
    Some((&text[from..to], line_of(text, from)))
}

pub(super) fn fences(text: &str) -> Vec<Fence> {
    let mut fences: Vec<Fence> = Vec::new();
    let mut inside = false;
    for (event, range) in events(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                inside = true;
                let line = line_of(text, range.start);
                fences.push(Fence { line, info: info.to_string(), body: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(piece) if inside => {
                if let Some(fence) = fences.last_mut() {
                    fence.body += &piece;
                }
            }
            _ => {}
        }
    }
    fences
}

/// Where links and images lead, also those written as HTML, each with its line.
pub(super) fn links(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (event, range) in events(text) {
        let line = line_of(text, range.start);
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push((line, dest_url.to_string()));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let targets = ["href=\"", "src=\""].iter().flat_map(|key| html.split(key).skip(1));
                let targets = targets.filter_map(|rest| rest.split('"').next());
                links.extend(targets.map(|target| (line, target.to_owned())));
            }
            _ => {}
        }
    }
    links
}

/// For each point of each numbered list, its line and what stands in backticks there.
pub(super) fn numbered_points(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut points: Vec<(usize, Vec<String>)> = Vec::new();
    let mut lists = Vec::new();
    for (event, range) in events(text) {
        let numbered = lists.last() == Some(&true);
        match event {
            Event::Start(Tag::List(start)) => lists.push(start.is_some()),
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) if numbered => {
                points.push((line_of(text, range.start), Vec::new()));
            }
            Event::Code(code) if lists.contains(&true) => {
                if let Some((_, codes)) = points.last_mut() {
                    codes.push(code.to_string());
                }
            }
            _ => {}
        }
    }
    points
}

/// The anchors that a forge and the book give to a document's headings, and those set by hand.
pub(super) fn anchors(text: &str) -> Vec<String> {
    let mut seen = HashMap::new();
    let mut anchors = Vec::new();
    for heading in headings(text) {
        let slug = slug(&heading.text);
        let before = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
        anchors.push(if *before == 0 { slug } else { format!("{slug}-{before}") });
    }
    let by_hand = text.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    anchors.extend(by_hand.map(str::to_owned));
    anchors
}

fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_a_forge() {
        let text = "# A `b`: c?\n\n## Two-way\n\n## Two-way\n\n<a id=\"here\"></a>\n";
        assert_eq!(anchors(text), ["a-b-c", "two-way", "two-way-1", "here"]);
    }

    #[test]
    fn links_in_code_are_none() {
        let text =
            "[a](b.md) `[c](d)`\n\n```text\n[e](f)\n```\n\n<img src=\"g.svg\">\n\n![h](i.svg)\n";
        let targets: Vec<_> = links(text).into_iter().map(|(_, target)| target).collect();
        assert_eq!(targets, ["b.md", "g.svg", "i.svg"]);
    }

    #[test]
    fn points_keep_their_lines_and_codes() {
        let text = "1. **One** (`a_b`, `c`).\n2. Two\n   `d_e`\n\n- `f`\n";
        let codes = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(numbered_points(text), [(1, codes(&["a_b", "c"])), (2, codes(&["d_e"]))]);
    }
}
