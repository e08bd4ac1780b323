//! A variant compiles from the files its header names, in a crate of its own.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::copy;
use crate::workspace::{Recipe, Variant, Workspace};

/// Tries every variant of every finished recipe. Crates are made in `scratch`, whose build results
/// the next try takes up. Returns how many were tried, and a sentence for each that failed.
///
/// # Errors
///
/// When a file cannot be read or written, or cargo cannot be run.
pub fn compile(workspace: &Workspace, scratch: &Path) -> anyhow::Result<(usize, Vec<String>)> {
    fs::create_dir_all(scratch)?;
    let mine = File::create(scratch.join("lock"))?;
    // A second run at the same time waits until this one has dropped the file.
    mine.lock()?;
    let mut tried = 0;
    let mut found = Vec::new();
    for recipe in workspace.recipes()?.iter().filter(|recipe| !recipe.draft) {
        for variant in &recipe.variants {
            tried += 1;
            found.extend(try_one(workspace, recipe, variant, scratch)?);
        }
    }
    Ok((tried, found))
}

fn try_one(
    workspace: &Workspace,
    recipe: &Recipe,
    variant: &Variant,
    scratch: &Path,
) -> anyhow::Result<Option<String>> {
    let name = format!("{}-{}", recipe.name, variant.name);
    let folder = scratch.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let source = folder.join("src");
    let copied = copy::copy(workspace, recipe, variant, &source)?;
    fs::write(source.join("lib.rs"), copied.modules.join("\n"))?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}\n",
        copied.dependencies.join("\n")
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    // The same versions, so that nothing needs the network.
    let lock = workspace.path("Cargo.lock");
    if lock.is_file() {
        fs::copy(lock, folder.join("Cargo.lock"))?;
    }
    Ok(check(&folder, &scratch.join("target"))?.map(|said| {
        format!(
            "{}/src/{}.rs: the files its header names do not compile by themselves:\n{said}",
            recipe.folder.display(),
            variant.name
        )
    }))
}

/// What the compiler says against the crate, if anything.
fn check(folder: &Path, target: &Path) -> anyhow::Result<Option<String>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .args(["check", "--offline", "--quiet"])
        .output()
        .context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((!output.status.success()).then_some(said))
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::*;

    #[test]
    fn a_header_that_forgets_a_file_is_found() {
        let fake = Fake::finished();
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(compile(&fake.workspace, scratch.path()).unwrap(), (1, vec![]));

        fake.edit("patterns/demo/src/lock.rs", "`lock.rs`, `sync.rs`.", "`lock.rs`.");
        let (_, found) = compile(&fake.workspace, scratch.path()).unwrap();
        assert!(found[0].starts_with("patterns/demo/src/lock.rs: the files"), "{found:?}");
        assert!(found[0].contains("super::sync"), "{found:?}");
    }
}
