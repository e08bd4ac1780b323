//! Finds every file under a directory, in the order of names. In memory are the names in those
//! directories that it is inside of, however large the tree is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::{fs, io, vec};

/// What stands in the tree.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file, or a link to one.
    File(PathBuf),
    /// Nothing to read, and no fault: a pipe, a socket, a link to a directory.
    Skipped(PathBuf, &'static str),
    /// A directory that cannot be listed, a link that leads nowhere.
    Failed(PathBuf, io::Error),
}

/// Goes through a tree.
#[derive(Debug)]
pub(crate) struct Walk(Vec<vec::IntoIter<PathBuf>>);

impl Walk {
    /// `root` itself may be a link.
    pub(crate) fn new(root: &Path) -> Self {
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        Self(vec![vec![root].into_iter()])
    }

    /// Lists a directory now, and goes through it next.
    fn enter(&mut self, directory: &Path) -> io::Result<()> {
        let entries = fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        self.0.push(paths.into_iter());
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let Some(path) = self.0.last_mut()?.next() else {
                self.0.pop();
                continue;
            };
            let is_link = path.is_symlink();
            // Follows links: the metadata of what they lead to.
            let kind = match path.metadata() {
                Ok(metadata) => metadata.file_type(),
                Err(error) => return Some(Found::Failed(path, error)),
            };
            if kind.is_file() {
                return Some(Found::File(path));
            } else if !kind.is_dir() {
                return Some(Found::Skipped(path, "neither a file nor a directory"));
            } else if is_link {
                // It may lead back up, and its files may be met under their own names.
                return Some(Found::Skipped(path, "a link to a directory"));
            } else if let Err(error) = self.enter(&path) {
                return Some(Found::Failed(path, error));
            }
        }
    }
}

/// How much there is to read, as far as one can tell before.
pub(crate) fn total_bytes(root: &Path, stop: &AtomicBool) -> u64 {
    let files = Walk::new(root).take_while(|_| !stop.load(Relaxed));
    let lengths = files.filter_map(|found| match found {
        Found::File(path) => path.metadata().ok().map(|metadata| metadata.len()),
        _ => None,
    });
    lengths.sum()
}
