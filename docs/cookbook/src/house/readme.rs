//! What a recipe's README holds: the same headings in the same order, and only promises that
//! a test keeps.

use std::path::Path;

use crate::source;
use crate::workspace::Recipe;

use super::{House, markdown};

type Condition = fn(&Recipe) -> bool;

/// The second-level headings in their order, each with the recipes that need it.
const HEADINGS: [(&str, Condition); 10] = [
    ("When to use it", every),
    ("Example", every),
    ("Two ways to build it", with_variants),
    ("Contract", every),
    ("How the textbook version breaks", with_variants),
    ("Measured", with_bench),
    ("Run it", every),
    ("When to stop using it", every),
    (GO, every),
    ("Where to look", every),
];

/// Stands folded: most readers do not need it, the others search for it.
const GO: &str = "Coming from Go";

fn every(_: &Recipe) -> bool {
    true
}

fn with_variants(recipe: &Recipe) -> bool {
    !recipe.variants.is_empty()
}

fn with_bench(recipe: &Recipe) -> bool {
    recipe.bench.is_some()
}

/// The headings of every README stand in the order of the house.
pub(super) fn headings(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in house.finished() {
        let text = house.workspace.read(recipe.readme())?;
        let readme = recipe.readme();
        found.extend(wrong_headings(recipe, &text, &readme));
        let go = markdown::section(&text, GO);
        if go.is_some_and(|(section, _)| !section.trim_start().starts_with("<details>")) {
            found.push(format!("{}: fold `## {GO}` into <details>", readme.display()));
        }
    }
    Ok(found)
}

fn wrong_headings(recipe: &Recipe, text: &str, readme: &Path) -> Vec<String> {
    let readme = readme.display();
    let mut found = Vec::new();
    let headings = markdown::headings(text);
    if headings.first().is_none_or(|first| first.level != 1) {
        found.push(format!("{readme}: begin it with `# ` and the recipe's name"));
    }
    let seconds: Vec<_> = headings.iter().filter(|heading| heading.level == 2).collect();
    for (title, needed) in HEADINGS {
        if needed(recipe) && seconds.iter().all(|heading| heading.text != title) {
            found.push(format!(
                "{readme} lacks the heading `## {title}`; copy it from patterns/semaphore"
            ));
        }
    }
    let mut passed = 0;
    for heading in seconds {
        let (line, text) = (heading.line, &heading.text);
        match HEADINGS.iter().position(|(title, _)| title == text) {
            Some(at) if at < passed => {
                found.push(format!("{readme}:{line}: `## {text}` stands too late in the order"));
            }
            Some(at) => passed = at,
            None => found.push(format!(
                "{readme}:{line}: `## {text}` is no heading of the house; make it `###`"
            )),
        }
    }
    found
}

/// Every promise under `## Contract` is a contract test, and every contract test is promised.
pub(super) fn contract(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in house.finished() {
        let readme = recipe.readme();
        let text = house.workspace.read(&readme)?;
        let Some((section, begins)) = markdown::section(&text, "Contract") else { continue };
        let ours = own_functions(house, recipe)?;
        let points = markdown::numbered_points(section);
        for (line, codes) in &points {
            let line = line + begins - 1;
            if !codes.iter().any(|code| recipe.contract.contains(code)) {
                found.push(format!(
                    "{}:{line}: this promise names no test of tests/contract.rs",
                    readme.display()
                ));
            }
            let is_test = |code: &&String| recipe.contract.contains(code) || ours.contains(code);
            for code in codes.iter().filter(|code| is_sentence(code)).filter(|it| !is_test(it)) {
                found.push(format!(
                    "{}:{line}: `{code}` is promised, but no test in tests/contract.rs has that name",
                    readme.display()
                ));
            }
        }
        let named: Vec<_> = points.into_iter().flat_map(|(_, codes)| codes).collect();
        for test in recipe.contract.iter().filter(|test| !named.contains(test)) {
            found.push(format!(
                "{}: the contract test `{test}` is not named under `## Contract`; promise it there",
                readme.display()
            ));
        }
    }
    Ok(found)
}

/// The functions of the recipe itself, whose names a promise may mention.
fn own_functions(house: &House<'_>, recipe: &Recipe) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in house.workspace.files(recipe.folder.join("src"), "rs") {
        let text = house.workspace.read(file)?;
        names.extend(source::functions(&text).map(str::to_owned));
    }
    Ok(names)
}

/// Tests are named like `close_wakes_every_waiter`; `try_acquire()` and `Permit` are not.
fn is_sentence(code: &str) -> bool {
    code.contains('_')
        && code.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    const README: &str = "patterns/demo/README.md";

    #[test]
    fn a_heading_that_is_absent_late_or_foreign_is_named() {
        let fake = Fake::finished();
        fake.edit(README, "## Run it", "## Running");
        fake.complains(headings, "README.md lacks the heading `## Run it`; copy it from");
        fake.complains(headings, "`## Running` is no heading of the house");

        let fake = Fake::finished();
        fake.edit(README, "## Example", "## Measured\n\n## Example");
        fake.complains(headings, "`## Example` stands too late");
    }

    #[test]
    fn headings_are_not_asked_of_a_draft() {
        let fake = Fake::finished();
        fake.edit(README, "## Run it", "## Running");
        fake.make_draft();
        fake.is_content_with(headings);
    }

    #[test]
    fn go_is_folded() {
        let fake = Fake::finished();
        fake.edit(README, "<details>", "");
        fake.complains(headings, "fold `## Coming from Go`");
    }

    #[test]
    fn a_promise_needs_a_test() {
        let fake = Fake::finished();
        fake.edit(README, "`it_counts`", "`it_counts_twice`");
        fake.complains(contract, "this promise names no test");
        fake.complains(contract, "`it_counts_twice` is promised, but no test");
        fake.complains(contract, "the contract test `it_counts` is not named");
    }

    #[test]
    fn a_promise_may_mention_a_function() {
        let fake = Fake::finished();
        fake.edit(README, "`it_counts`", "`it_counts` through `count_up`");
        fake.is_content_with(contract);
    }
}
