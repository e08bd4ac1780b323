//! Folders, front page, book, benches and chooser speak of the same recipes.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::chooser::{self, Chooser, Leaf};
use crate::recipe::{BENCHES, bench_target};
use crate::workspace::{GROUPS, Recipe, normalize};

use super::{House, markdown};

const SUMMARY: &str = "docs/book/src/SUMMARY.md";

/// A package is called like its folder, so that `cargo test -p NAME` is what it seems, and cargo
/// knows it.
pub(super) fn folders(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let manifest: Table = house.workspace.read("Cargo.toml")?.parse()?;
    let members = manifest.get("workspace").and_then(|it| it.get("members"));
    let members = members.and_then(Value::as_array).cloned().unwrap_or_default();
    for recipe in &house.recipes {
        let (folder, name) = (recipe.folder.display(), &recipe.name);
        if !recipe.folder.ends_with(name) {
            found.push(format!("{folder}: its package is called {name}; call both the same"));
        }
        let all = format!("{}/*", recipe.group);
        if !members.iter().any(|member| member.as_str() == Some(&all)) {
            found.push(format!("Cargo.toml: its members lack `{all}`, so cargo misses {folder}"));
        }
    }
    Ok(found)
}

/// The table on the front page leads to every finished recipe.
pub(super) fn front_page(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let links = targets(house, Path::new("README.md"))?;
    let absent = house.finished().filter(|recipe| !links.contains(&recipe.readme()));
    let sentence = |recipe: &Recipe| {
        format!(
            "README.md: its table lacks {}; run `cargo cookbook sync`, and see that it asks for \
             `recipes`",
            recipe.name
        )
    };
    Ok(absent.map(sentence).collect())
}

/// Every finished recipe has a page that is its README, and every page has a recipe.
pub(super) fn book_pages(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let contents = targets(house, Path::new(SUMMARY))?;
    for recipe in house.finished() {
        let page = page(recipe.group, &recipe.name);
        let include = format!("{{{{#include ../../../../{}}}}}", recipe.readme().display());
        let text = house.workspace.read(&page).unwrap_or_default();
        if !text.lines().any(|line| line == include) {
            found.push(format!("{}: make it the line `{include}`", page.display()));
        }
        if !contents.contains(&page) {
            found.push(format!("{SUMMARY} does not lead to {}; add a line", page.display()));
        }
    }
    for group in GROUPS {
        for page in house.workspace.files(Path::new("docs/book/src").join(group), "md") {
            let name = page.file_stem().unwrap_or_default().to_string_lossy();
            if !house.recipes.iter().any(|recipe| recipe.name == name && recipe.group == group) {
                found.push(format!("{}: there is no recipe {group}/{name}", page.display()));
            }
        }
    }
    Ok(found)
}

fn page(group: &str, name: &str) -> PathBuf {
    Path::new("docs/book/src").join(group).join(name).with_extension("md")
}

/// Where the links of a document lead, from the root.
fn targets(house: &House<'_>, document: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let folder = document.parent().unwrap_or(Path::new(""));
    let links = markdown::links(&house.workspace.read(document)?);
    Ok(links.iter().filter_map(|(_, target)| normalize(&folder.join(target))).collect())
}

/// Every finished recipe with variants is measured, and every benchmark measures a recipe.
pub(super) fn benches(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in house.finished() {
        if recipe.bench.is_none() && !recipe.variants.is_empty() {
            let target = bench_target(&recipe.name);
            found.push(format!(
                "{BENCHES}/{target}.rs is missing: nothing measures {}",
                recipe.name
            ));
        }
    }
    for file in house.workspace.files(BENCHES, "rs") {
        let beneath = file.strip_prefix(BENCHES)?.with_extension("");
        let target = beneath.iter().next().unwrap_or_default();
        if !house.recipes.iter().any(|recipe| target == bench_target(&recipe.name).as_str()) {
            found.push(format!("{}: it is named after no recipe", file.display()));
        }
    }
    Ok(found)
}

/// The chooser leads to every finished recipe, and to no folder that does not exist.
pub(super) fn chooser(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let chooser = Chooser::load(house.workspace)?;
    let named: Vec<_> = chooser.leaves().filter_map(|leaf| leaf.recipe.as_ref()).collect();
    let mut found = Vec::new();
    for name in &named {
        if !house.recipes.iter().any(|recipe| recipe.name == **name) {
            found
                .push(format!("{}: it names the recipe {name}, which is not there", chooser::DATA));
        }
    }
    for recipe in house.finished() {
        if !named.contains(&&recipe.name) {
            found.push(format!(
                "{}: no leaf leads to {}; add `recipe = \"{}\"` to one",
                chooser::DATA,
                recipe.name,
                recipe.name
            ));
        }
    }
    found.extend(house.finished().filter(|it| it.bench.is_some()).flat_map(|recipe| {
        let leaf = chooser.leaves().find(|leaf| leaf.recipe.as_ref() == Some(&recipe.name));
        leaf.into_iter().flat_map(|leaf| unsaid(&chooser, leaf))
    }));
    Ok(found)
}

/// What a reader would ask at the leaf of a measured recipe.
fn unsaid(chooser: &Chooser, leaf: &Leaf) -> Vec<String> {
    let name = leaf.recipe.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    if chooser.figure(leaf).is_none() {
        found.push(format!(
            "{}: the leaf of {name} has no figure; let `goal` name one of its goals that was measured",
            chooser::DATA
        ));
    }
    if leaf.outgrown.is_none() {
        found.push(format!(
            "{}: the leaf of {name} does not say what to take when one outgrows it; add `outgrown`",
            chooser::DATA
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[test]
    fn a_package_of_another_name_is_found() {
        let fake = Fake::finished();
        fake.edit("patterns/demo/Cargo.toml", "\"demo\"", "\"other\"");
        fake.complains(folders, "patterns/demo: its package is called other");
    }

    #[test]
    fn a_group_that_cargo_does_not_know_is_found() {
        let fake = Fake::finished();
        fake.edit("Cargo.toml", "patterns/*", "consensus/*");
        fake.complains(folders, "Cargo.toml: its members lack `patterns/*`");
    }

    #[test]
    fn a_recipe_missing_on_the_front_page_is_found() {
        let fake = Fake::finished();
        fake.edit("README.md", "(patterns/demo/README.md)", "(patterns)");
        fake.complains(front_page, "README.md: its table lacks demo");
    }

    #[test]
    fn a_recipe_missing_in_the_book_is_found() {
        let fake = Fake::finished();
        fake.write("docs/book/src/patterns/demo.md", "Hello\n");
        fake.complains(book_pages, "demo.md: make it the line `{{#include ../../../../patterns/");
        fake.write(SUMMARY, "# Summary\n");
        fake.complains(book_pages, "SUMMARY.md does not lead to docs/book/src/patterns/demo.md");
    }

    #[test]
    fn a_page_without_a_recipe_is_found() {
        let fake = Fake::finished();
        fake.write("docs/book/src/patterns/ghost.md", "");
        fake.complains(book_pages, "ghost.md: there is no recipe patterns/ghost");
    }

    #[test]
    fn a_recipe_without_a_bench_is_found_and_a_bench_without_a_recipe() {
        let fake = Fake::finished();
        fake.remove("benches/benches/demo.rs");
        fake.complains(benches, "benches/benches/demo.rs is missing");
        fake.write("benches/benches/ghost/peers.rs", "");
        fake.complains(benches, "ghost/peers.rs: it is named after no recipe");
    }

    #[test]
    fn a_leaf_without_a_recipe_is_found_and_a_recipe_without_a_leaf() {
        let fake = Fake::finished();
        fake.edit(chooser::DATA, "recipe = \"demo\"", "recipe = \"ghost\"");
        fake.complains(chooser, "it names the recipe ghost, which is not there");
        fake.complains(chooser, "no leaf leads to demo");
    }

    #[test]
    fn a_leaf_of_a_measured_recipe_without_figure_or_way_on_is_found() {
        let fake = Fake::finished();
        fake.edit(chooser::DATA, "goal = \"fast\"", "goal = \"slow\"");
        fake.complains(chooser, "the leaf of demo has no figure");
        fake.edit(chooser::DATA, "outgrown = \"a database\"\n", "");
        fake.complains(chooser, "does not say what to take when one outgrows it");
    }

    #[test]
    fn a_draft_is_excused() {
        let fake = Fake::finished();
        fake.make_draft();
        fake.write("README.md", "# Cookbook\n");
        fake.write(SUMMARY, "# Summary\n");
        fake.remove("benches/benches/demo.rs");
        for rule in [front_page, book_pages, benches] {
            fake.is_content_with(rule);
        }
    }
}
