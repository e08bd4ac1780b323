//! Planted faults: patches under `tests/planted/`, each named after the test that must then fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::workspace::{Recipe, Workspace};

use super::House;

/// A fault to plant in a recipe.
#[derive(Debug)]
pub struct Fault {
    /// The patch, from the root of the workspace. Its paths are relative to the recipe's folder.
    pub patch: PathBuf,
    /// The test that must fail once the patch is applied.
    pub test: String,
}

/// The faults of a recipe. The patch `lock-close_wakes_every_waiter-2.patch` is the second one
/// that plants a fault in the variant `lock` for the test `close_wakes_every_waiter` to catch.
pub fn faults(workspace: &Workspace, recipe: &Recipe) -> Vec<Fault> {
    let patches = workspace.files(recipe.folder.join("tests/planted"), "patch");
    patches.into_iter().map(|patch| Fault { test: test_of(&patch, recipe), patch }).collect()
}

fn test_of(patch: &Path, recipe: &Recipe) -> String {
    let name = patch.file_stem().unwrap_or_default().to_string_lossy();
    let (first, rest) = name.split_once('-').unwrap_or(("", &name));
    let names_a_variant = recipe.variants.iter().any(|variant| variant.name == first);
    let test = if names_a_variant { rest } else { &*name };
    let numbered = test.rsplit_once('-').filter(|(_, count)| count.parse::<u32>().is_ok());
    numbered.map_or(test, |(test, _)| test).to_owned()
}

/// Every fault names a test that exists, and every variant has one.
pub(super) fn name_their_tests(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in house.finished() {
        let tests = test_names(house.workspace, recipe)?;
        let faults = faults(house.workspace, recipe);
        for fault in faults.iter().filter(|fault| !tests.contains(&fault.test)) {
            found.push(format!(
                "{}: {} has no test called `{}`; name the patch VARIANT-TEST.patch",
                fault.patch.display(),
                recipe.name,
                fault.test
            ));
        }
        for variant in &recipe.variants {
            let prefix = format!("{}-", variant.name);
            let is_its = |fault: &Fault| {
                let name = fault.patch.file_name().unwrap_or_default();
                name.to_string_lossy().starts_with(&prefix)
            };
            if !faults.iter().any(is_its) {
                found.push(format!(
                    "{}/tests/planted: no fault for the variant {}; plant one that a test catches",
                    recipe.folder.display(),
                    variant.name
                ));
            }
        }
    }
    Ok(found)
}

/// The tests of a recipe, in any of its files, and whatever a macro may make a test of.
fn test_names(workspace: &Workspace, recipe: &Recipe) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for file in workspace.files(&recipe.folder, "rs") {
        names.extend(names_in(workspace, recipe, &file)?);
    }
    Ok(names)
}

/// What a fault may name that is in this file.
///
/// # Errors
///
/// When the file, or one that it includes, cannot be read.
pub fn names_in(
    workspace: &Workspace,
    recipe: &Recipe,
    file: &Path,
) -> anyhow::Result<Vec<String>> {
    let is_of_tests = file.starts_with(recipe.folder.join("tests"));
    if is_of_tests { workspace.bodies(file) } else { workspace.tests(file) }
}

/// Every patch still fits the code it breaks.
pub(super) fn apply(house: &House<'_>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for recipe in house.finished() {
        for fault in faults(house.workspace, recipe) {
            if let Some(refusal) = git_apply(house.workspace, recipe, &fault, &["--check"])? {
                found.push(format!(
                    "{}: it does not apply any more; make it anew ({refusal})",
                    fault.patch.display()
                ));
            }
        }
    }
    Ok(found)
}

/// Runs `git apply` on a fault, in the recipe's folder. Returns what git says if it refuses.
///
/// Git must not find the repository around that folder: in one it takes the paths of a patch from
/// the root, finds them outside of the folder, skips the patch and is content.
///
/// # Errors
///
/// When git cannot be run, or a file is not there.
pub fn git_apply(
    workspace: &Workspace,
    recipe: &Recipe,
    fault: &Fault,
    options: &[&str],
) -> anyhow::Result<Option<String>> {
    let folder = workspace.path(&recipe.folder).canonicalize()?; // git's ceiling is an absolute path
    let output = Command::new("git")
        .current_dir(&folder)
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(&folder))
        .env_remove("GIT_DIR")
        .arg("apply")
        .args(options)
        .arg(workspace.path(&fault.patch).canonicalize()?)
        .output()
        .context("cannot run git")?;
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Ok((!output.status.success()).then_some(said))
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    const PATCH: &str = "patterns/demo/tests/planted/lock-it_counts.patch";

    #[test]
    fn a_patch_for_a_test_that_is_not_there_is_found() {
        let fake = Fake::finished();
        fake.write("patterns/demo/tests/planted/lock-it_sings-2.patch", "");
        fake.complains(name_their_tests, "demo has no test called `it_sings`");
    }

    #[test]
    fn the_number_and_the_variant_are_no_part_of_the_test() {
        let fake = Fake::finished();
        fake.write("patterns/demo/tests/planted/lock-it_counts-2.patch", "");
        fake.write("patterns/demo/tests/planted/it_counts.patch", "");
        fake.is_content_with(name_their_tests);
    }

    #[test]
    fn a_variant_without_a_fault_is_found() {
        let fake = Fake::finished();
        fake.remove(PATCH);
        fake.complains(name_their_tests, "no fault for the variant lock");
    }

    #[test]
    fn a_patch_that_no_longer_applies_is_found() {
        let fake = Fake::finished();
        fake.edit("patterns/demo/src/lock.rs", "count + 1", "1 + count");
        fake.complains(apply, "lock-it_counts.patch: it does not apply any more");
    }

    #[test]
    fn it_is_found_in_a_repository_as_well() {
        let fake = Fake::finished();
        let init = Command::new("git").arg("init").arg(fake.workspace.path("")).output().unwrap();
        assert!(init.status.success(), "{init:?}");
        fake.is_content_with(apply);
        fake.edit("patterns/demo/src/lock.rs", "count + 1", "1 + count");
        fake.complains(apply, "lock-it_counts.patch: it does not apply any more");
    }
}
