//! Copies the files one variant needs, ready to compile in another crate.

mod dependencies;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::workspace::{Recipe, Variant, Workspace};

/// Copies a variant and tells what is left to do by hand.
///
/// # Errors
///
/// When there is no such recipe or variant, when a file is in the way, and when a file cannot be
/// read or written.
pub fn run(workspace: &Workspace, recipe: &str, variant: &str, to: &Path) -> anyhow::Result<()> {
    let recipe = workspace.recipe(recipe)?;
    let variant = recipe.variant(variant)?;
    let copied = copy(workspace, &recipe, variant, to)?;
    copied.write_next_steps(to, &mut io::stdout())?;
    Ok(())
}

/// What was copied, and what the files need around them.
#[derive(Debug)]
pub struct Copied {
    files: Vec<PathBuf>,
    /// The `mod` lines that declare the files, as the recipe has them.
    pub modules: Vec<String>,
    /// Lines for `[dependencies]`.
    pub dependencies: Vec<String>,
}

/// Copies the files that the variant's header names; none if one of them is there already.
///
/// # Errors
///
/// When a file is in the way, and when one cannot be read or written.
pub fn copy(
    workspace: &Workspace,
    recipe: &Recipe,
    variant: &Variant,
    to: &Path,
) -> anyhow::Result<Copied> {
    refuse_to_overwrite(&variant.files, to)?;
    let source = recipe.folder.join("src");
    let texts = variant.files.iter().map(|file| workspace.read(source.join(file)));
    let texts: Vec<_> = texts.collect::<anyhow::Result<_>>()?;
    for (file, text) in variant.files.iter().zip(&texts) {
        let target = to.join(file);
        write_new(&target, text).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(Copied {
        files: variant.files.clone(),
        modules: modules(&workspace.read(source.join("lib.rs"))?, &variant.files),
        dependencies: dependencies::of(workspace, recipe, &texts)?,
    })
}

fn refuse_to_overwrite(files: &[PathBuf], to: &Path) -> anyhow::Result<()> {
    let there = files.iter().map(|file| to.join(file)).filter(|file| file.exists());
    let in_the_way: Vec<_> = there.map(|file| file.display().to_string()).collect();
    anyhow::ensure!(
        in_the_way.is_empty(),
        "nothing was copied, because there is already: {}. Name an empty folder, or move them away",
        in_the_way.join(", ")
    );
    Ok(())
}

fn write_new(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create_new(file)?.write_all(text.as_bytes())
}

/// The lines of `lib.rs` that declare the modules among `files`.
fn modules(lib: &str, files: &[PathBuf]) -> Vec<String> {
    let declares = |line: &&str| {
        let declared = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ");
        let name = declared.and_then(|it| it.strip_suffix(';')).unwrap_or_default();
        files.iter().any(|file| *file == Path::new(name).with_extension("rs"))
    };
    lib.lines().filter(declares).map(str::to_owned).collect()
}

impl Copied {
    fn write_next_steps(&self, to: &Path, output: &mut impl Write) -> io::Result<()> {
        let files: Vec<_> = self.files.iter().map(|file| file.display().to_string()).collect();
        writeln!(output, "Copied to {}: {}", to.display(), files.join(", "))?;
        writeln!(output, "\nDeclare them side by side, in lib.rs, main.rs or a mod.rs:\n")?;
        for line in &self.modules {
            writeln!(output, "    {line}")?;
        }
        if !self.dependencies.is_empty() {
            writeln!(output, "\nAdd to the [dependencies] of your Cargo.toml:\n")?;
        }
        for line in &self.dependencies {
            writeln!(output, "    {line}")?;
        }
        Ok(())
    }
}
