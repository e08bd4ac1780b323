//! Where the workspace is and which recipes it holds.

use std::path::{Path, PathBuf};

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
            .map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| {
                anyhow::anyhow!("no cookbook here: run this inside a clone of the repository")
            })
    }

    /// A file or folder of the workspace, by its path from the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }
}
