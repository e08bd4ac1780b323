//! Where the workspace is, which files it has and which recipes it holds.

use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;

pub use crate::recipe::{Recipe, Variant};
use crate::source;

/// The folders whose packages are recipes, in the order in which readers meet them.
pub const GROUPS: [&str; 3] = ["patterns", "consensus", "election"];

/// The root folder of the cookbook.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace around the current directory, else the one this program was built from.
    ///
    /// # Errors
    ///
    /// When neither is there any more.
    pub fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir()?;
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .chain(built_in.ancestors())
            .find(|dir| dir.join("docs/cookbook/Cargo.toml").is_file())
            .map(Self::at)
            .ok_or_else(|| {
                anyhow::anyhow!("no cookbook here: run this inside a clone of the repository")
            })
    }

    /// The workspace with this root folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// A file or folder of the workspace, by its path from the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// The text of a file, by its path from the root.
    ///
    /// # Errors
    ///
    /// When the file is missing or is not text; the message names it.
    pub fn read(&self, relative: impl AsRef<Path>) -> anyhow::Result<String> {
        let relative = relative.as_ref();
        std::fs::read_to_string(self.path(relative))
            .with_context(|| format!("cannot read {}", relative.display()))
    }

    /// Every recipe, drafts too, group by group and by name within a group.
    ///
    /// # Errors
    ///
    /// When a recipe's files cannot be read; the message names the file.
    pub fn recipes(&self) -> anyhow::Result<Vec<Recipe>> {
        let mut recipes = Vec::new();
        for group in GROUPS {
            for folder in self.children(group) {
                if self.path(&folder).join("Cargo.toml").is_file() {
                    recipes.push(Recipe::read(self, group, &folder)?);
                }
            }
        }
        Ok(recipes)
    }

    /// The recipe of this name.
    ///
    /// # Errors
    ///
    /// When there is none; the message names those there are.
    pub fn recipe(&self, name: &str) -> anyhow::Result<Recipe> {
        let mut recipes = self.recipes()?;
        if let Some(found) = recipes.iter().position(|recipe| recipe.name == name) {
            return Ok(recipes.swap_remove(found));
        }
        let names: Vec<_> = recipes.into_iter().map(|recipe| recipe.name).collect();
        anyhow::bail!("no recipe is called `{name}`; there are: {}", names.join(", "))
    }

    /// All files below `folder` whose names end in `.extension`, as sorted paths from the root.
    /// Hidden folders and build results are left out.
    pub fn files(&self, folder: impl AsRef<Path>, extension: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for child in self.children(folder) {
            if self.path(&child).is_dir() {
                found.extend(self.files(child, extension));
            } else if child.extension().is_some_and(|its| its == extension) {
                found.push(child);
            }
        }
        found
    }

    /// The tests of a file, and of the files of tests that it includes by `#[path]`, which may stand
    /// in another recipe.
    ///
    /// # Errors
    ///
    /// When the file, or one that it includes, cannot be read; the message names it.
    pub fn tests(&self, file: &Path) -> anyhow::Result<Vec<String>> {
        self.gather(file, source::tests)
    }

    /// As [`tests`](Self::tests), with every function of those files: a macro may make a test of any.
    ///
    /// # Errors
    ///
    /// As [`tests`](Self::tests).
    pub fn bodies(&self, file: &Path) -> anyhow::Result<Vec<String>> {
        self.gather(file, |text| source::functions(text).map(str::to_owned).collect())
    }

    fn gather(
        &self,
        file: &Path,
        names: impl Fn(&str) -> Vec<String> + Copy,
    ) -> anyhow::Result<Vec<String>> {
        let text = self.read(file)?;
        let mut found = names(&text);
        let folder = file.parent().unwrap_or(Path::new(""));
        for path in source::included(&text) {
            let included = normalize(&folder.join(path));
            // What is no test is the code under test, compiled once more.
            if let Some(file) = included.filter(|it| it.iter().any(|part| part == "tests")) {
                found.extend(self.gather(&file, names)?);
            }
        }
        Ok(found)
    }

    fn children(&self, folder: impl AsRef<Path>) -> Vec<PathBuf> {
        let folder = folder.as_ref();
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut children: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.to_owned()))
            .filter(|name| !name.starts_with('.') && name != "target")
            .map(|name| folder.join(name))
            .collect();
        children.sort();
        children
    }
}

/// The link that leads from a document in `folder` to `target`, both given from the root.
pub fn relative_link(folder: &Path, target: &Path) -> String {
    let from: Vec<_> = folder.components().collect();
    let to: Vec<_> = target.components().collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".into());
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// `path` without its `.` and `..`; `None` if it leads out of the workspace.
pub fn normalize(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_folder_to_file() {
        let readme = Path::new("patterns/semaphore/README.md");
        assert_eq!(relative_link(Path::new(""), readme), "patterns/semaphore/README.md");
        assert_eq!(relative_link(Path::new("patterns/retry"), readme), "../semaphore/README.md");
        assert_eq!(
            relative_link(Path::new("docs/book/src"), readme),
            "../../../patterns/semaphore/README.md"
        );
    }

    #[test]
    fn a_path_cannot_leave_the_workspace() {
        assert_eq!(normalize(Path::new("a/./b/../c")), Some(PathBuf::from("a/c")));
        assert_eq!(normalize(Path::new("a/../../c")), None);
        assert_eq!(normalize(Path::new("/etc")), None);
    }

    #[test]
    fn an_unknown_recipe_is_told_the_known_ones() {
        let error = Workspace::find().unwrap().recipe("nonsense").unwrap_err().to_string();
        assert!(error.contains("nonsense") && error.contains("semaphore"), "{error}");
    }
}
