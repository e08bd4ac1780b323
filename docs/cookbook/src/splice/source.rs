//! Cuts the regions out of source files that documents show.

use anyhow::{Context as _, bail};

/// The lines between `// ANCHOR: name` and `// ANCHOR_END: name`, moved to the left margin. The
/// markers of other regions inside are left out.
pub(super) fn region(source: &str, name: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("// ANCHOR: {name}"), format!("// ANCHOR_END: {name}"));
    let mut lines = source.lines();
    lines.find(|line| line.trim() == begin).with_context(|| format!("no line says `{begin}`"))?;
    let mut region = Vec::new();
    for line in lines {
        if line.trim() == end {
            return Ok(dedented(&region));
        }
        if !line.trim_start().starts_with("// ANCHOR") {
            region.push(line);
        }
    }
    bail!("no line says `{end}`")
}

/// `text` as a code block in `language`, fenced so that no line of it can end the block.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text.lines().map(backticks).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn backticks(line: &str) -> usize {
    let line = line.trim_start();
    line.len() - line.trim_start_matches('`').len()
}

fn dedented(lines: &[&str]) -> String {
    let inked = lines.iter().filter(|line| !line.trim().is_empty());
    let margin = inked.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let moved: Vec<_> = lines.iter().map(|line| line.get(margin..).unwrap_or_default()).collect();
    moved.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_dedented_and_loses_inner_markers() {
        let source = "fn f() {\n    // ANCHOR: a\n    if x {\n\n        // ANCHOR: b\n        y();\n    }\n    // ANCHOR_END: a\n}\n";
        assert_eq!(region(source, "a").unwrap(), "if x {\n\n    y();\n}\n");
    }

    #[test]
    fn a_region_that_is_not_there_or_never_ends_gets_a_sentence() {
        let error = region("", "a").unwrap_err().to_string();
        assert_eq!(error, "no line says `// ANCHOR: a`");
        let error = region("// ANCHOR: a\n", "a").unwrap_err().to_string();
        assert_eq!(error, "no line says `// ANCHOR_END: a`");
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(fenced("text", "a\n```\nb"), "````text\na\n```\nb\n````\n");
    }
}
