//! A small tree of files that are the same each time, gone when it is dropped.

use std::path::Path;
use std::{fs, io};

/// A temporary folder with files in it.
#[derive(Debug)]
pub(crate) struct Tree {
    folder: tempfile::TempDir,
    broken: u64,
}

impl Tree {
    /// Six folders with eight files each, some empty, some of half a megabyte, and a link that
    /// leads nowhere.
    pub(crate) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("checksum_tree-").tempdir()?;
        let mut noise = 88_172_645_463_325_252_u64;
        for number in 0..48_usize {
            let parent = folder.path().join(format!("folder-{}", number / 8));
            fs::create_dir_all(&parent)?;
            let bytes: Vec<u8> = (0..number.pow(2) * 250).map(|_| next(&mut noise)).collect();
            fs::write(parent.join(format!("file-{:02}", number % 8)), bytes)?;
        }
        // The text that every description of a CRC gives the sum of.
        fs::write(folder.path().join("nine-digits"), "123456789")?;
        let broken = leads_nowhere(&folder.path().join("gone"))?;
        Ok(Self { folder, broken })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How many links lead nowhere.
    pub(crate) fn broken(&self) -> u64 {
        self.broken
    }
}

#[cfg(unix)]
fn leads_nowhere(link: &Path) -> io::Result<u64> {
    std::os::unix::fs::symlink("nowhere", link).map(|()| 1)
}

/// Elsewhere a link needs a privilege.
#[cfg(not(unix))]
fn leads_nowhere(_: &Path) -> io::Result<u64> {
    Ok(0)
}

fn next(noise: &mut u64) -> u8 {
    *noise ^= *noise << 13;
    *noise ^= *noise >> 7;
    *noise ^= *noise << 17;
    *noise as u8
}
