//! What becomes of Markdown that was written for readers of the repository.

use std::fs;
use std::path::Path;

use cookbook::book;
use cookbook::workspace::Workspace;
use tempfile::TempDir;

const DRAWING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 90">
  <style>.mine { fill: red }</style>

  <path id="line" class="cb-s-c1" d="M0 0 H9"/><use href="#line"/><text y="9">a_b_c</text>
</svg>
"##;

const SEMAPHORE: &str = "# Semaphore

Take [the pool](../pool/README.md#pool), read [lock.rs](src/lock.rs),
[`src/lock.rs`](src/lock.rs), [`lock`](src/lock.rs) or [this](src/).

![Two drawings](figure.svg)

![of a kind](figure.svg)

<!-- splice: code src/lock.rs#take -->
```rs
fn take() {}
```
<!-- /splice -->
";

const POOL: &str = "# Pool

<!-- pair -->
```rs
fn channel() {}
```

```rs
fn lock() {}
```
<!-- /pair -->

| see |
|-----|
| [it](https://example.org/a) |
";

/// A workspace with a book of three pages.
fn workspace(changes: &[(&str, &str)]) -> (TempDir, Workspace) {
    let home = tempfile::tempdir().unwrap();
    let start = "# Start\n\nGo to [the semaphore](patterns/semaphore.md#semaphore).\n";
    let summary =
        "# Summary\n\n[Start](start.md)\n\n- [S](patterns/semaphore.md)\n- [P](pool.md)\n";
    let files = [
        ("docs/book/book.toml", "[build]\ncreate-missing = false\n"),
        ("docs/book/src/SUMMARY.md", summary),
        ("docs/book/src/start.md", start),
        (
            "docs/book/src/patterns/semaphore.md",
            "{{#include ../../../../patterns/semaphore/README.md}}\n",
        ),
        ("docs/book/src/pool.md", "{{#include ../../../patterns/pool/README.md}}\n"),
        ("patterns/semaphore/README.md", SEMAPHORE),
        ("patterns/semaphore/figure.svg", DRAWING),
        ("patterns/semaphore/src/lock.rs", "fn take() {}\n"),
        ("patterns/pool/README.md", POOL),
    ];
    for (path, text) in files.iter().chain(changes) {
        let file = home.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let workspace = Workspace::at(home.path());
    (home, workspace)
}

fn page(path: &str) -> String {
    let (_home, workspace) = workspace(&[]);
    let site = book::render(&workspace).unwrap();
    String::from_utf8(site.get(path).unwrap().to_vec()).unwrap()
}

/// What the builder says about a workspace with these files in it.
fn refusal(changes: &[(&str, &str)]) -> String {
    let (_home, workspace) = workspace(changes);
    let error = book::render(&workspace).err();
    format!("{:#}", error.unwrap_or_else(|| panic!("{changes:?} passed")))
}

#[test]
fn links_of_a_readme_lead_to_pages_and_name_files() {
    let page = page("patterns/semaphore.html");
    assert!(page.contains(r#"<a href="../pool.html#pool">the pool</a>"#), "{page}");
    let named = "read <code>lock.rs</code>,\n<code>src/lock.rs</code>, \
                 <code>patterns/semaphore/src/lock.rs</code> or this";
    assert!(page.contains(named), "{page}");
    assert!(page.contains("or this (<code>patterns/semaphore/src</code>)"));
}

#[test]
fn links_to_a_page_reach_it_though_it_shows_a_readme() {
    let page = page("start.html");
    assert!(page.contains(r#"<a href="patterns/semaphore.html#semaphore">"#), "{page}");
}

#[test]
fn drawings_are_part_of_the_page() {
    let page = page("patterns/semaphore.html");
    assert_eq!(page.matches(r#"<figure class="cb-figure"><svg class="cb-svg""#).count(), 2);
    assert!(page.contains(r#"role="img" aria-label="of a kind" width="360""#), "{page}");
    assert!(!page.contains(".mine") && page.contains("a_b_c"));
    let ids = page.split(r#"<path id=""#).skip(1).map(|rest| rest.split('"').next().unwrap());
    let [first, second] = ids.collect::<Vec<_>>()[..] else { panic!("not two drawings: {page}") };
    assert_ne!(first, second);
    assert!(
        page.contains(&format!("href=\"#{first}\""))
            && page.contains(&format!("href=\"#{second}\""))
    );
}

#[test]
fn what_a_splice_needs_is_not_shown() {
    let page = page("patterns/semaphore.html");
    assert!(page.contains("fn take() {}") && !page.contains("splice"), "{page}");
}

#[test]
fn a_pair_stands_in_a_box_of_its_own() {
    let page = page("pool.html");
    let (_, pair) = page.split_once(r#"<div class="cb-pair">"#).unwrap();
    let (pair, rest) = pair.split_once("</div>").unwrap();
    assert_eq!(pair.matches("<pre>").count(), 2, "{pair}");
    assert!(rest.contains(r#"<a href="https://example.org/a">it</a>"#));
}

#[test]
fn a_dead_link_is_named_with_its_page() {
    let start = "docs/book/src/start.md";
    for (text, named) in [
        ("[x](gone.md)", "gone.md"),
        ("[x](gone.html)", "gone.html"),
        ("[x](pool.md#gone)", "pool.html#gone"),
        ("[x](#gone)", "#gone"),
        ("[x](../../../../../../../etc/passwd)", "etc/passwd"),
        ("[x][ref]\n\n[ref]: gone.md", "gone.md"),
        ("<a href=\"gone.html\">x</a>", "gone.html"),
        ("![x](gone.svg)", "gone.svg"),
        ("<img src=\"https://example.org/x.png\">", "https://example.org/x.png"),
        ("{{#include gone.md}}", "gone.md"),
        ("# A\n\n{{#include pool.md}}", "include"),
    ] {
        let said = refusal(&[(start, text)]);
        assert!(said.contains("start.") && said.contains(named), "{text} gave: {said}");
    }
}

#[test]
fn an_image_must_be_described_and_stand_alone() {
    let readme = "patterns/semaphore/README.md";
    assert!(refusal(&[(readme, "![](figure.svg)")]).contains("description"));
    assert!(refusal(&[(readme, "See ![a](figure.svg)")]).contains("paragraph of its own"));
    let figure = "patterns/semaphore/figure.svg";
    assert!(
        refusal(&[(figure, "<svg viewBox='0 0 1 1'><script>1</script></svg>")]).contains("script")
    );
}

#[test]
fn a_page_that_is_not_there_is_no_empty_page() {
    let (home, workspace) = workspace(&[]);
    fs::remove_file(home.path().join("docs/book/src/start.md")).unwrap();
    let said = book::render(&workspace).err().map(|error| format!("{error:#}"));
    assert!(said.as_ref().is_some_and(|said| said.contains("start.md")), "{said:?}");
}

#[test]
fn a_failed_build_leaves_the_older_book() {
    let (home, workspace) = workspace(&[]);
    let target = home.path().join("target/book");
    book::build(&workspace, &target).unwrap();
    let start = || fs::read_to_string(target.join("start.html")).unwrap();
    let before = start();
    fs::write(home.path().join("docs/book/src/start.md"), "[x](gone.md)").unwrap();
    assert!(book::build(&workspace, &target).is_err());
    assert_eq!(start(), before);
    fs::write(home.path().join("docs/book/src/start.md"), "# Newer").unwrap();
    book::build(&workspace, &target).unwrap();
    assert!(start().contains("Newer"));
    assert!(!Path::new("book").exists(), "nothing is written anywhere else");
}
