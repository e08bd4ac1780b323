//! The finished book, in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fmt, fs};

use anyhow::Context as _;

/// Every file of the book by its path, with `/` between folders.
pub struct Site {
    files: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// A book of these files.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// Reads a folder and all below it.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        collect(folder, "", &mut files)?;
        Ok(Self { files })
    }

    /// Writes every file below `folder`.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for (path, bytes) in &self.files {
            let file = folder.join(path);
            let parent = file.parent().context("a file lies in a folder")?;
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&file, bytes))
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// The bytes of one file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// All files, for whoever keeps them.
    pub fn into_files(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.files.into_iter()
    }

    /// The pages, as text.
    pub fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts(".html")
    }

    pub(super) fn style_sheets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts(".css")
    }

    pub(super) fn scripts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts(".js")
    }

    fn texts(&self, suffix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(move |(path, _)| path.ends_with(suffix))
            .filter_map(|(path, bytes)| Some((path, str::from_utf8(bytes).ok()?)))
    }
}

impl fmt::Debug for Site {
    /// The paths alone: the bytes would fill a thousand screens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

fn collect(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}
