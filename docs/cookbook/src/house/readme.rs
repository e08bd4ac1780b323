//! What a recipe's README holds: the same headings in the same order, and only promises that
//! a test keeps.

use crate::source;
use crate::workspace::Recipe;

use super::{House, markdown};

/// The README to copy from.
const MODEL: &str = "patterns/semaphore";

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
        let wrong = [wrong_beginning(&text), wrong_headings(recipe, &text), unfolded(&text)];
        let readme = recipe.readme();
        found.extend(wrong.concat().iter().map(|wrong| format!("{}{wrong}", readme.display())));
    }
    Ok(found)
}

/// A README begins with a title, a sentence and a small diagram. This and what follows answers
/// with the rest of a sentence that begins with the file's name.
fn wrong_beginning(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !text.starts_with("# ") {
        wrong.push(": begin it with `# ` and the recipe's name".to_owned());
    }
    let beginning = text.split("\n## ").next().unwrap_or_default();
    if !beginning.contains("```") && !beginning.contains("![") {
        wrong.push(" lacks a small diagram between its title and its first `##`".to_owned());
    }
    wrong
}

fn wrong_headings(recipe: &Recipe, text: &str) -> Vec<String> {
    let headings = markdown::headings(text);
    let seconds: Vec<_> = headings.iter().filter(|heading| heading.level == 2).collect();
    let absent = HEADINGS.iter().filter(|(title, needed)| {
        needed(recipe) && seconds.iter().all(|heading| heading.text != *title)
    });
    let mut wrong: Vec<_> = absent
        .map(|(title, _)| format!(" lacks the heading `## {title}`; copy it from {MODEL}"))
        .collect();
    let mut passed = 0;
    for heading in seconds {
        let (line, text) = (heading.line, &heading.text);
        match HEADINGS.iter().position(|(title, _)| title == text) {
            Some(at) if at < passed => {
                wrong.push(format!(":{line}: `## {text}` stands too late in the order"));
            }
            Some(at) => passed = at,
            None => wrong
                .push(format!(":{line}: `## {text}` is no heading of the house; make it `###`")),
        }
    }
    wrong
}

fn unfolded(text: &str) -> Vec<String> {
    let section = markdown::section(text, GO);
    let unfolded = section.filter(|(text, _)| !text.trim_start().starts_with("<details>"));
    unfolded
        .map(|(_, line)| format!(":{line}: fold `## {GO}` into <details>"))
        .into_iter()
        .collect()
}

/// Every promise under `## Contract` is a contract test, and every contract test is promised.
pub(super) fn contract(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in house.finished() {
        let text = house.workspace.read(recipe.readme())?;
        let wrong = wrong_promises(recipe, &text, &own_functions(house, recipe)?);
        let readme = recipe.readme();
        found.extend(wrong.iter().map(|wrong| format!("{}{wrong}", readme.display())));
    }
    Ok(found)
}

fn wrong_promises(recipe: &Recipe, text: &str, functions: &[String]) -> Vec<String> {
    let Some((section, begins)) = markdown::section(text, "Contract") else { return Vec::new() };
    let is_test = |code: &String| recipe.contract.contains(code);
    let mut wrong = Vec::new();
    let mut promised = Vec::new();
    for (line, codes) in markdown::numbered_points(section) {
        let line = line + begins - 1;
        if !codes.iter().any(is_test) {
            wrong.push(format!(":{line}: this promise names no test of tests/contract.rs"));
        }
        for code in codes.iter().filter(|code| is_sentence(code)) {
            if !is_test(code) && !functions.contains(code) {
                wrong.push(format!(
                    ":{line}: `{code}` is promised, but no test in tests/contract.rs has that name"
                ));
            }
        }
        promised.extend(codes);
    }
    for test in recipe.contract.iter().filter(|test| !promised.contains(test)) {
        wrong.push(format!(
            ": the contract test `{test}` is not named under `## Contract`; promise it there"
        ));
    }
    wrong
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
    fn a_readme_begins_with_title_and_diagram() {
        let fake = Fake::finished();
        fake.edit(README, "# Demo\n", "Demo\n");
        fake.complains(headings, "README.md: begin it with `# `");
        fake.edit(README, "```", "");
        fake.complains(headings, "README.md lacks a small diagram");
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
    fn a_promise_may_be_kept_by_tests_that_two_recipes_include() {
        let fake = Fake::finished();
        let shared = "../../other/tests/shared/all.rs";
        fake.write(
            "patterns/demo/tests/contract.rs",
            &format!("#[path = \"{shared}\"]\nmod all;\n"),
        );
        fake.write("patterns/other/tests/shared/all.rs", "#[test]\nfn it_counts() {}\n");
        fake.is_content_with(contract);
        fake.is_content_with(super::super::planted::name_their_tests);
    }

    #[test]
    fn a_promise_may_mention_a_function() {
        let fake = Fake::finished();
        fake.edit(README, "`it_counts`", "`it_counts` through `count_up`");
        fake.is_content_with(contract);
    }
}
