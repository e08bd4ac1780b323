//! Puts a finished book in the place of an older one, and never in the place of anything else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, bail};

use super::site::Site;

/// Lists the files of a build, in the folder itself. What it does not list is not ours.
const MANIFEST: &str = ".cookbook-book";

/// Fails if the folder exists and holds anything that an earlier build did not write.
pub(super) fn refuse_foreign(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    let ours: BTreeSet<&str> = manifest.lines().chain([MANIFEST]).collect();
    let stranger =
        stranger(folder, "", &ours).with_context(|| format!("cannot read {}", folder.display()))?;
    if let Some(stranger) = stranger {
        bail!(
            "{} holds {stranger}, which is no part of an earlier build: \
             choose another folder, or move the file away",
            folder.display()
        );
    }
    Ok(())
}

/// The first file below a folder that is not listed.
fn stranger(folder: &Path, prefix: &str, ours: &BTreeSet<&str>) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let found = if entry.file_type()?.is_dir() {
            stranger(&entry.path(), &format!("{path}/"), ours)?
        } else {
            (!ours.contains(path.as_str())).then_some(path)
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Writes the book beside the folder and swaps it in, so that there is always a whole one.
pub(super) fn replace(folder: &Path, site: &Site) -> anyhow::Result<()> {
    let folder = absolute(folder)?;
    let parent = folder.parent().context("the root of the file system is no place for a book")?;
    let beside = tempfile::Builder::new()
        .prefix(".cookbook-")
        .tempdir_in(parent)
        .with_context(|| format!("cannot write in {}", parent.display()))?;
    let (new, old) = (beside.path().join("new"), beside.path().join("old"));
    site.write(&new)?;
    let manifest: Vec<&str> = site.files().map(|(path, _)| path).collect();
    fs::write(new.join(MANIFEST), manifest.join("\n"))?;
    if folder.exists() {
        fs::rename(&folder, &old).with_context(|| format!("cannot move {}", folder.display()))?;
    }
    if let Err(error) = fs::rename(&new, &folder) {
        if old.exists() {
            fs::rename(&old, &folder)?;
        }
        return Err(error).with_context(|| format!("cannot create {}", folder.display()));
    }
    Ok(())
}

/// The folder with its links followed, or to be created in an existing or new parent.
fn absolute(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        return Ok(fs::canonicalize(folder)?);
    }
    let folder = std::path::absolute(folder)?;
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{MANIFEST, refuse_foreign, replace};
    use crate::book::Site;

    fn book(page: &str) -> Site {
        Site::new([(page.to_owned(), "text".into())])
    }

    #[test]
    fn a_newer_book_takes_the_place_of_an_older_one() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("deep/book");
        for page in ["first.html", "a/second.html"] {
            refuse_foreign(&folder).unwrap();
            replace(&folder, &book(page)).unwrap();
            assert_eq!(fs::read_to_string(folder.join(page)).unwrap(), "text");
            assert_eq!(fs::read_to_string(folder.join(MANIFEST)).unwrap(), page);
        }
        assert!(!folder.join("first.html").exists());
        let left: Vec<_> = fs::read_dir(folder.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "a temporary folder was left behind: {left:?}");
    }

    #[test]
    fn a_folder_with_a_file_of_somebody_else_is_refused() {
        let home = tempfile::tempdir().unwrap();
        refuse_foreign(home.path()).unwrap();
        fs::write(home.path().join("thesis.txt"), "years of work").unwrap();
        let refusal = refuse_foreign(home.path()).unwrap_err().to_string();
        assert!(refusal.contains("thesis.txt"), "{refusal}");

        let folder = home.path().join("book");
        replace(&folder, &book("a.html")).unwrap();
        fs::write(folder.join("notes.txt"), "mine").unwrap();
        assert!(refuse_foreign(&folder).unwrap_err().to_string().contains("notes.txt"));
    }

    #[test]
    fn a_file_is_no_folder_to_build_in() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("book");
        fs::write(&file, "text").unwrap();
        assert!(refuse_foreign(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    }
}
