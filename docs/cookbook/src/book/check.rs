//! The link check: whatever a page of the book points at is in the book.

use std::collections::{BTreeMap, HashSet};

use anyhow::bail;

use super::html::{self, Tag, Token};
use super::site::Site;

/// Fails unless every link, fragment and resource of every page and style sheet is in the book.
///
/// # Errors
///
/// All dead links, with their pages, and all that would be loaded from another site.
pub(super) fn check(site: &Site) -> anyhow::Result<()> {
    let pages: BTreeMap<&str, Page> =
        site.pages().map(|(path, text)| (path, Page::read(path, text))).collect();
    let mut problems = Vec::new();
    for (path, page) in &pages {
        for pointer in &page.pointers {
            if let Err(problem) = follow(site, &pages, page, pointer) {
                problems.push(format!("{path}: {problem}"));
            }
        }
    }
    for (path, text) in site.style_sheets() {
        for url in css_urls(text) {
            if html::leads_outside(url) || site.get(&resolve(path, url)).is_none() {
                problems.push(format!("{path}: {url} is not in the book"));
            }
        }
    }
    if !problems.is_empty() {
        bail!("the book points at what is not there:\n  {}", problems.join("\n  "));
    }
    Ok(())
}

/// What the check needs to know of a page.
#[derive(Default)]
struct Page {
    /// What relative links are relative to: the page itself, or its `<base>`.
    base: String,
    /// The fragments that a link may name.
    ids: HashSet<String>,
    pointers: Vec<Pointer>,
}

struct Pointer {
    url: String,
    /// A resource is loaded with the page; a link waits for a click and may lead elsewhere.
    resource: bool,
}

impl Page {
    fn read(path: &str, text: &str) -> Self {
        let mut page = Self { base: path.to_owned(), ..Self::default() };
        for token in html::tokens(text) {
            if let Token::TagToken(tag) = token
                && html::opens(&tag)
            {
                page.add(&tag);
            }
        }
        page
    }

    fn add(&mut self, tag: &Tag) {
        for attr in &tag.attrs {
            let value = attr.value.to_string();
            let resource = match (&*attr.name.local, &*tag.name) {
                ("id", _) => {
                    self.ids.insert(value);
                    continue;
                }
                ("href", "base") => {
                    value.trim_start_matches('/').clone_into(&mut self.base);
                    continue;
                }
                ("href", "a" | "area") => false,
                ("href" | "xlink:href" | "src" | "srcset" | "poster" | "data" | "action", _) => {
                    true
                }
                _ => continue,
            };
            self.pointers.push(Pointer { url: value, resource });
        }
    }
}

fn follow(
    site: &Site,
    pages: &BTreeMap<&str, Page>,
    from: &Page,
    pointer: &Pointer,
) -> Result<(), String> {
    let url = &pointer.url;
    if html::leads_outside(url) {
        let allowed = ["https:", "http:", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
        return if pointer.resource || !allowed {
            Err(format!("{url} would be loaded from outside the book"))
        } else {
            Ok(())
        };
    }
    let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
    let target = if path.is_empty() { None } else { Some(resolve(&from.base, path)) };
    if let Some(target) = &target
        && site.get(target).is_none()
    {
        return Err(format!("the link to {url} is dead"));
    }
    let page = target.as_deref().map_or(Some(from), |target| pages.get(target));
    if !fragment.is_empty() && !page.is_some_and(|page| page.ids.contains(fragment)) {
        return Err(format!("the link to {url} is dead: no such place on that page"));
    }
    Ok(())
}

/// The path in the book that `url` means on the page (or style sheet) `from`.
fn resolve(from: &str, url: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in url.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.last().is_none_or(|last| last.is_empty()) {
        parts.pop();
        parts.push("index.html");
    }
    parts.join("/")
}

fn css_urls(text: &str) -> impl Iterator<Item = &str> {
    text.split("url(").skip(1).filter_map(|rest| {
        let url = rest.split(')').next()?.trim().trim_matches(['"', '\'']);
        let url = url.split(['?', '#']).next()?;
        (!url.starts_with("data:")).then_some(url)
    })
}

#[cfg(test)]
mod tests {
    use super::{check, resolve};
    use crate::book::site::Site;

    fn problems(pages: &[(&str, &str)]) -> String {
        let site = Site::new(pages.iter().map(|(path, text)| ((*path).to_owned(), (*text).into())));
        check(&site).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn a_book_that_holds_what_it_points_at_passes() {
        let index =
            r#"<h1 id="top">T</h1><a href="a/b.html#x">b</a> <a href="https://example.org">e</a>"#;
        let b =
            r##"<p id="x"><a href="../index.html#top">t</a><a href="#x">x</a><img src="c.svg">"##;
        let css = "a { background: url('c.svg') }";
        let pages = [("index.html", index), ("a/b.html", b), ("a/c.svg", ""), ("a/d.css", css)];
        assert_eq!(problems(&pages), "");
    }

    #[test]
    fn every_dead_link_is_named_with_its_page() {
        for (dead, named) in [
            (r#"<a href="gone.html">g</a>"#, "gone.html"),
            (r##"<a href="#gone">g</a>"##, "#gone"),
            (r#"<a href="b.html#gone">g</a>"#, "b.html#gone"),
            (r#"<a href="javascript:alert(1)">g</a>"#, "javascript:"),
            (r#"<img src="https://example.org/x.png">"#, "https://example.org/x.png"),
            (r#"<link href="//example.org/x.css">"#, "//example.org/x.css"),
            (r#"<script src="x.js"></script>"#, "x.js"),
        ] {
            let found = problems(&[("a.html", dead), ("b.html", "")]);
            assert!(found.contains("a.html: ") && found.contains(named), "{dead} gave {found:?}");
        }
        assert!(
            problems(&[("a.css", "@font-face { src: url(gone.woff2) }")]).contains("gone.woff2")
        );
    }

    #[test]
    fn relative_paths_are_resolved_as_a_browser_does() {
        assert_eq!(resolve("a/b.html", "../c.html"), "c.html");
        assert_eq!(resolve("a/b.html", "c/"), "a/c/index.html");
        assert_eq!(resolve("b.html", "./"), "index.html");
        assert_eq!(resolve("", "c.html"), "c.html");
    }
}
