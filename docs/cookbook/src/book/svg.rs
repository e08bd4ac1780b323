//! Puts an SVG file into a page, where it takes its colours from the page's theme.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};

use super::html::{self, Tag, Token};

/// The `<svg>` element of a file, on one line so that it is one block of HTML in Markdown.
///
/// The file's own `<style>` is for readers outside the book and is left out. Ids get `prefix`,
/// because two drawings on one page may use the same.
pub(super) fn inline(svg: &str, label: &str, prefix: &str) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut in_style = false;
    for token in html::tokens(svg) {
        match token {
            Token::TagToken(tag) if &*tag.name == "style" => in_style = html::opens(&tag),
            Token::TagToken(tag) if &*tag.name == "script" => bail!("it holds a <script>"),
            Token::TagToken(tag) if !html::opens(&tag) => write!(out, "</{}>", tag.name)?,
            Token::TagToken(tag) if &*tag.name == "svg" => {
                open_root(&mut out, &tag, label, prefix)?;
            }
            Token::TagToken(tag) => open(&mut out, &tag, prefix)?,
            Token::CharacterTokens(text) if !in_style => {
                out.push_str(&html::escape(&text.replace('\n', " ")));
            }
            _ => {}
        }
    }
    // The line breaks around a declaration or a comment are left of it.
    let svg = out.trim();
    if !svg.starts_with("<svg") {
        bail!("it does not begin with <svg>");
    }
    Ok(svg.to_owned())
}

/// The root is as wide as it was drawn, unless the page is narrower (the style sheet sees to that).
fn open_root(out: &mut String, tag: &Tag, label: &str, prefix: &str) -> anyhow::Result<()> {
    let view = html::attribute(tag, "viewbox").context("its <svg> has no viewBox")?;
    let width = view.split_whitespace().nth(2).context("its viewBox has no width")?;
    write!(
        out,
        r#"<svg class="cb-svg" role="img" aria-label="{}" width="{width}""#,
        html::escape(label)
    )?;
    let own = ["class", "role", "aria-label", "aria-labelledby", "width", "height", "xmlns"];
    attributes(out, tag, prefix, &own)?;
    out.push('>');
    Ok(())
}

fn open(out: &mut String, tag: &Tag, prefix: &str) -> anyhow::Result<()> {
    write!(out, "<{}", tag.name)?;
    attributes(out, tag, prefix, &[])?;
    out.push_str(if tag.self_closing { "/>" } else { ">" });
    Ok(())
}

fn attributes(out: &mut String, tag: &Tag, prefix: &str, except: &[&str]) -> anyhow::Result<()> {
    for attr in &tag.attrs {
        let name = &*attr.name.local;
        if except.contains(&name) {
            continue;
        }
        let value = match name {
            "id" => format!("{prefix}{}", attr.value),
            "href" | "xlink:href" => attr.value.replacen('#', &format!("#{prefix}"), 1),
            _ => attr.value.replace("url(#", &format!("url(#{prefix}")),
        };
        write!(out, r#" {name}="{}""#, html::escape(&value))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::inline;

    #[test]
    fn a_file_becomes_one_line_without_its_style_and_with_its_own_ids() {
        let file = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
            viewBox=\"0 0 360 90\">\n<style>\n\n.a { fill: red }\n</style>\n<title>T &amp; U</title>\n\n\
            <marker id=\"m\"/><path marker-end=\"url(#m)\"/><use href=\"#m\"/>\n</svg>\n";
        assert_eq!(
            inline(file, "Say \"so\"", "f1-").unwrap(),
            "<svg class=\"cb-svg\" role=\"img\" aria-label=\"Say &quot;so&quot;\" width=\"360\" \
             viewbox=\"0 0 360 90\">  <title>T &amp; U</title>  <marker id=\"f1-m\"/>\
             <path marker-end=\"url(#f1-m)\"/><use href=\"#f1-m\"/> </svg>"
        );
    }

    #[test]
    fn what_is_no_drawing_is_refused() {
        for file in [
            "",
            "text",
            "<p>x</p>",
            "<svg></svg>",
            "<svg viewBox='0 0 1 1'><script>1</script></svg>",
        ] {
            assert!(inline(file, "", "").is_err(), "{file}");
        }
    }
}
