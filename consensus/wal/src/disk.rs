//! The folder and the files of a log, as the system has them. A test puts a disk that fails in their
//! place.

use std::fs::{self, DirEntry, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How many bytes of records one batch holds, unless a single record is longer.
pub(crate) const BATCH: usize = 256 << 10;

/// The folder of one log, held by one opener at a time.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The system releases it however the process ends.
    _lock: File,
}

/// A file that is written at places.
#[derive(Debug)]
pub(crate) struct Handle(File);

impl Folder {
    /// Makes the folder if it is not there, and locks it. `None` if somebody else has it.
    pub(crate) fn open(path: &Path) -> io::Result<Option<Self>> {
        make(path)?;
        let path = path.canonicalize()?;
        let lock = File::create(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { path, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The names of all files.
    pub(crate) fn list(&self) -> io::Result<Vec<String>> {
        let name =
            |entry: io::Result<DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        fs::read_dir(&self.path)?.map(name).collect()
    }

    /// A new and empty file, whatever was there.
    pub(crate) fn create(&self, name: &str) -> io::Result<Handle> {
        Ok(Handle(File::create(self.path.join(name))?))
    }

    pub(crate) fn open_file(&self, name: &str) -> io::Result<Handle> {
        Ok(Handle(OpenOptions::new().write(true).open(self.path.join(name))?))
    }

    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.path.join(name))?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Makes safe which files there are. What a file holds is another matter.
    pub(crate) fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }
}

/// Each folder that is made is made safe in the one above it.
fn make(path: &Path) -> io::Result<()> {
    let above = path.parent().filter(|above| *above != Path::new(""));
    if !path.is_dir() {
        above.map_or(Ok(()), make)?;
        fs::create_dir(path).or_else(|error| if path.is_dir() { Ok(()) } else { Err(error) })?;
        sync_folder(above.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file, and the system is trusted to keep its names.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Handle {
    pub(crate) fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write_all(bytes)
    }

    /// Returns when all that was written is safe, and how long the file is.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}
