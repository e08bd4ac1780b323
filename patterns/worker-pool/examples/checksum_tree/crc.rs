//! CRC-32 as in gzip and PNG: the sum of `123456789` is `cbf43926`. It finds accidents, not forgers;
//! take BLAKE3 or SHA-256 against those, and the crate crc32fast for speed.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What is read at once: all the memory that a job needs.
const BLOCK: usize = 64 * 1024;

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ 0xEDB8_8320 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// A sum in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crc(u32);

impl Crc {
    pub(crate) const fn new() -> Self {
        Self(u32::MAX)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 >> 8) ^ TABLE[usize::from(self.0 as u8 ^ byte)];
        }
    }

    pub(crate) const fn sum(self) -> u32 {
        !self.0
    }
}

/// What a file comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) crc: u32,
    pub(crate) bytes: u64,
}

/// Reads a file from its beginning to its end, block by block; `read` grows as it goes.
///
/// # Errors
///
/// Those of the file system, and `Interrupted` once `stop` is raised.
pub(crate) fn of_file(path: &Path, stop: &AtomicBool, read: &AtomicU64) -> io::Result<Sum> {
    let (mut file, mut block) = (File::open(path)?, vec![0; BLOCK]);
    let (mut crc, mut bytes) = (Crc::new(), 0);
    loop {
        if stop.load(Relaxed) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped"));
        }
        match file.read(&mut block) {
            Ok(0) => return Ok(Sum { crc: crc.sum(), bytes }),
            Ok(count) => {
                crc.update(&block[..count]);
                bytes += count as u64;
                read.fetch_add(count as u64, Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {} // a signal: once more
            Err(error) => return Err(error),
        }
    }
}
