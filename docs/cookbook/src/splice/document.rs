//! Finds the splices in a document.

const OPENING: &str = "<!-- splice:";

const CLOSING: &str = "<!-- /splice -->";

/// A piece of a document. Together the pieces are the whole, without the markers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Lines that are nobody's but the author's.
    Prose(&'a str),
    /// What stands between two markers, and what the first of them asks for.
    Splice { line: usize, request: &'a str, body: &'a str },
    /// A marker that makes no sense; its lines come as prose.
    Fault { line: usize, sentence: &'static str },
}

/// A splice as it stands in a document.
pub(super) fn with_markers(request: &str, body: &str) -> String {
    format!("{OPENING} {request} -->\n{body}{CLOSING}\n")
}

/// Cuts a document into its parts. Markers inside a fence are examples and stay prose.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = Lines { text, at: 0, number: 0 };
    let mut prose_from = 0;
    let mut fence: Option<&str> = None;
    while let Some((start, line)) = rest.next_line() {
        let number = rest.number;
        if fence.is_some() {
            fence = fence.filter(|fence| !closes(line, fence));
        } else if let Some(opened) = fence_of(line) {
            fence = Some(opened);
        } else if line.starts_with(CLOSING) {
            let sentence = "a splice ends here that did not begin; remove the line";
            parts.push(Part::Fault { line: number, sentence });
        } else if let Some(request) = line.strip_prefix(OPENING) {
            let request = request.trim_end().strip_suffix("-->");
            if let (Some(request), Some(body)) = (request, rest.body()) {
                parts.push(Part::Prose(&text[prose_from..start]));
                parts.push(Part::Splice { line: number, request: request.trim(), body });
                prose_from = rest.at;
            } else {
                let sentence = "this splice has no end; add the line `<!-- /splice -->`";
                parts.push(Part::Fault { line: number, sentence });
            }
        }
    }
    parts.push(Part::Prose(&text[prose_from..]));
    parts
}

/// Walks through a text line by line and knows where it is.
struct Lines<'a> {
    text: &'a str,
    /// Where the next line begins.
    at: usize,
    /// The number of the last line returned.
    number: usize,
}

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Option<(usize, &'a str)> {
        let start = self.at;
        let line = self.text[start..].split_inclusive('\n').next()?;
        self.at += line.len();
        self.number += 1;
        Some((start, line))
    }

    /// What stands before the end of the splice, which is passed; `None`, and nothing passed, if
    /// another splice begins first or the text ends.
    fn body(&mut self) -> Option<&'a str> {
        let (from, number) = (self.at, self.number);
        while let Some((start, line)) = self.next_line() {
            if line.trim_end() == CLOSING {
                return Some(&self.text[from..start]);
            }
            if line.starts_with(OPENING) {
                break;
            }
        }
        (self.at, self.number) = (from, number);
        None
    }
}

/// The run of backticks or tildes that opens a fence.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|mark| "`~".contains(*mark))?;
    let run = &line[..line.len() - line.trim_start_matches(mark).len()];
    (run.len() >= 3).then_some(run)
}

fn closes(line: &str, fence: &str) -> bool {
    fence_of(line).is_some_and(|run| run.starts_with(fence) && run == line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_and_splices_alternate() {
        let text = "a\n<!-- splice: text x -->\nold\n<!-- /splice -->\nb\n";
        let splice = Part::Splice { line: 2, request: "text x", body: "old\n" };
        assert_eq!(parts(text), [Part::Prose("a\n"), splice, Part::Prose("b\n")]);
    }

    #[test]
    fn markers_in_a_fence_are_examples() {
        let text = "````md\n```\n<!-- splice: text x -->\n````\n";
        assert_eq!(parts(text), [Part::Prose(text)]);
    }

    #[test]
    fn a_splice_without_an_end_is_a_fault_and_the_next_one_still_counts() {
        let text = "<!-- splice: text x -->\n<!-- splice: text y -->\n<!-- /splice -->\n";
        let found = parts(text);
        assert!(matches!(found[0], Part::Fault { line: 1, .. }), "{found:?}");
        assert!(matches!(found[2], Part::Splice { line: 2, request: "text y", .. }), "{found:?}");
    }

    #[test]
    fn an_end_without_a_beginning_is_a_fault() {
        assert!(matches!(parts("<!-- /splice -->\n")[0], Part::Fault { line: 1, .. }));
    }
}
