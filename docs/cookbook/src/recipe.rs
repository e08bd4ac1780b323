//! A recipe: one package, known by what its own files say.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::source;
use crate::workspace::Workspace;

/// Where the benchmarks stand: a file each, named after the recipe, its modules in a folder beside.
pub const BENCHES: &str = "benches/benches";

/// What `cargo bench --bench` calls the benchmark of a recipe.
pub fn bench_target(recipe: &str) -> String {
    recipe.replace('-', "_")
}

/// What the program and the book know about one recipe.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The package and its folder are both called so.
    pub name: String,
    /// The folder it stands in: `patterns`, `consensus` or `election`.
    pub group: &'static str,
    /// The package's folder, from the root of the workspace.
    pub folder: PathBuf,
    /// The package's description: one line that says what it is for.
    pub summary: String,
    /// The first heading of the README.
    pub title: String,
    /// In the making: hidden from readers, excused from most rules of the house.
    pub draft: bool,
    /// The ways in which it is built, by name; a recipe may have none.
    pub variants: Vec<Variant>,
    /// The tests in `tests/contract.rs`, each named like the promise it keeps.
    pub contract: Vec<String>,
    /// The programs under `examples/`, by name.
    pub examples: Vec<String>,
    /// Its benchmark, from the root of the workspace.
    pub bench: Option<PathBuf>,
}

/// One way to build a recipe: a module that a reader can copy.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The module's name, such as `channel` or `lock`.
    pub name: String,
    /// The files to take along, itself included, from the recipe's `src`.
    pub files: Vec<PathBuf>,
}

impl Recipe {
    pub(crate) fn read(
        workspace: &Workspace,
        group: &'static str,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let manifest = Manifest::read(workspace, folder)?;
        let readme = workspace.read(folder.join("README.md"))?;
        let title = readme.lines().find_map(|line| line.strip_prefix("# "));
        let name = manifest.package.name;
        let target = bench_target(&name);
        let bench = Path::new(BENCHES).join(format!("{target}.rs"));
        Ok(Self {
            group,
            folder: folder.to_owned(),
            summary: manifest.package.description,
            title: title.unwrap_or(&name).trim().to_owned(),
            draft: manifest.package.metadata.cookbook.draft,
            variants: variants(workspace, folder)?,
            contract: contract(workspace, folder)?,
            examples: examples(workspace, &folder.join("examples")),
            bench: workspace.path(&bench).is_file().then_some(bench),
            name,
        })
    }

    /// Its README, from the root of the workspace.
    pub fn readme(&self) -> PathBuf {
        self.folder.join("README.md")
    }

    /// The variant of this name.
    ///
    /// # Errors
    ///
    /// When there is none; the message names those there are.
    pub fn variant(&self, name: &str) -> anyhow::Result<&Variant> {
        self.variants.iter().find(|variant| variant.name == name).with_context(|| {
            if self.variants.is_empty() {
                return format!("{} has no variants to copy: depend on it", self.name);
            }
            let names: Vec<_> = self.variants.iter().map(|variant| variant.name.as_str()).collect();
            format!("{} has no variant `{name}`; it has: {}", self.name, names.join(", "))
        })
    }
}

/// The modules whose header says which files to take along.
fn variants(workspace: &Workspace, folder: &Path) -> anyhow::Result<Vec<Variant>> {
    let mut variants = Vec::new();
    for file in workspace.files(folder.join("src"), "rs") {
        let files = source::take_along(&workspace.read(&file)?);
        if !files.is_empty() {
            variants.push(Variant { name: stem(&file), files });
        }
    }
    Ok(variants)
}

fn contract(workspace: &Workspace, folder: &Path) -> anyhow::Result<Vec<String>> {
    let tests = folder.join("tests");
    let mut files = workspace.files(tests.join("contract"), "rs");
    files.extend(workspace.files(&tests, "rs").into_iter().filter(|f| f.ends_with("contract.rs")));
    let mut names: Vec<String> = Vec::new();
    for file in files {
        for name in workspace.tests(&file)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// What cargo takes for an example: a file, or a folder with a `main.rs`.
fn examples(workspace: &Workspace, folder: &Path) -> Vec<String> {
    let files = workspace.files(folder, "rs").into_iter();
    let programs = files.filter_map(|file| {
        let program = if file.ends_with("main.rs") { file.parent()? } else { &file };
        (program.parent() == Some(folder)).then(|| stem(program))
    });
    programs.collect()
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    description: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    cookbook: Cookbook,
}

#[derive(Default, Deserialize)]
struct Cookbook {
    #[serde(default)]
    draft: bool,
}

impl Manifest {
    fn read(workspace: &Workspace, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join("Cargo.toml");
        toml::from_str(&workspace.read(&file)?).with_context(|| format!("in {}", file.display()))
    }
}
