//! What the reader sees: a line for each file, complaints, and on a terminal a bar.

#![expect(clippy::unnecessary_debug_formatting, reason = "no name may break or steer a line")]

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::crc::{Crc, Sum};

/// Not so often that drawing costs anything.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(50);
const WIDTH: u64 = 30;

/// Where lines go, and all else; whether the latter is a terminal.
pub(crate) struct Console<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
    pub(crate) terminal: bool,
}

/// Prints what becomes of each file, and adds it up.
pub(crate) struct Report<'a> {
    /// Names are printed as they are below it.
    root: PathBuf,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    bar: Option<Bar>,
    /// How many bytes the jobs have read; they add to it.
    read: Arc<AtomicU64>,
    totals: Totals,
    /// Of all lines.
    crc: Crc,
}

/// The whole tree.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// Of all lines, in order.
    pub(crate) crc: u32,
}

struct Bar {
    total: u64,
    /// When it was drawn last, and whether it still stands there.
    drawn: Option<Instant>,
    stands: bool,
}

impl<'a> Report<'a> {
    /// Draws a bar if it is told how many bytes there are.
    pub(crate) fn new(root: &Path, console: &'a mut Console<'_>, total: Option<u64>) -> Self {
        Self {
            root: root.canonicalize().unwrap_or_else(|_| root.to_owned()),
            out: &mut *console.out,
            err: &mut *console.err,
            bar: total.map(|total| Bar { total, drawn: None, stands: false }),
            read: Arc::default(),
            totals: Totals::default(),
            crc: Crc::new(),
        }
    }

    /// Where a job adds what it has read.
    pub(crate) fn read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    pub(crate) fn outcome(&mut self, path: &Path, outcome: io::Result<Sum>) -> io::Result<()> {
        match outcome {
            Ok(sum) => self.sum(path, sum),
            Err(error) => self.failed(path, &error),
        }
    }

    fn sum(&mut self, path: &Path, Sum { crc, bytes }: Sum) -> io::Result<()> {
        let line = format!("{crc:08x} {bytes:>10} {:?}\n", self.name(path));
        self.totals.files += 1;
        self.totals.bytes += bytes;
        self.crc.update(line.as_bytes());
        self.clear()?;
        self.out.write_all(line.as_bytes())?;
        self.draw()
    }

    /// A fault: the file should have a sum and has none.
    pub(crate) fn failed(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        self.totals.failed += 1;
        self.clear()?;
        writeln!(self.err, "cannot read {:?}: {error}", self.name(path))
    }

    /// No fault, but said.
    pub(crate) fn skipped(&mut self, path: &Path, why: &str) -> io::Result<()> {
        self.totals.skipped += 1;
        self.clear()?;
        writeln!(self.err, "skipped {:?}: {why}", self.name(path))
    }

    fn name<'p>(&self, path: &'p Path) -> &'p Path {
        match path.strip_prefix(&self.root) {
            Ok(name) if name != Path::new("") => name,
            _ => path,
        }
    }

    /// Draws the bar if there is one and it is time.
    pub(crate) fn draw(&mut self) -> io::Result<()> {
        let Some(bar) = &mut self.bar else { return Ok(()) };
        if bar.drawn.is_some_and(|drawn| drawn.elapsed() < BETWEEN_DRAWINGS) {
            return Ok(());
        }
        bar.drawn = Some(Instant::now());
        bar.stands = true;
        self.out.flush()?;
        let (read, total) = (self.read.load(Relaxed), bar.total.max(1));
        let part = |of: u64| (u128::from(read) * u128::from(of) / u128::from(total)).min(of.into());
        let full = "#".repeat(part(WIDTH) as usize);
        let (percent, files) = (part(100), self.totals.files);
        write!(self.err, "\r[{full:.<30}] {percent:>3} %, {files} files\x1b[K")?;
        self.err.flush()
    }

    /// Takes the bar away, before a line or for good. It comes back when it is time.
    fn clear(&mut self) -> io::Result<()> {
        match &mut self.bar {
            Some(Bar { stands: stands @ true, .. }) => {
                *stands = false;
                write!(self.err, "\r\x1b[K")?;
                self.err.flush()
            }
            _ => Ok(()),
        }
    }

    /// The sums of everything.
    pub(crate) fn finish(mut self) -> io::Result<Totals> {
        self.clear()?;
        self.out.flush()?;
        self.totals.crc = self.crc.sum();
        Ok(self.totals)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, bytes, failed, skipped, crc } = self;
        write!(f, "{files} files, {bytes} bytes, all lines {crc:08x}")?;
        if *failed > 0 {
            write!(f, ", {failed} could not be read")?;
        }
        if *skipped > 0 {
            write!(f, ", {skipped} skipped")?;
        }
        Ok(())
    }
}
