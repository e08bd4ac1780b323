//! Messages one behind the other on a connection.
//!
//! `length u32 | checksum u32 | kind u8 | number u64 | body`: the length counts what stands behind the
//! checksum, and the checksum covers that.
//!
//! TCP has a checksum of its own, of 16 bits, which each device on the way may make anew. One flipped bit
//! that it misses would give a follower another entry under the same term and index: the one thing that
//! the rules never look for. So each frame has 32 bits more.

use std::io::{self, ErrorKind, Read};

use super::checksum::crc32c;

/// What a frame carries. A reply, or that none will come, has the number of its request.
pub(super) const REQUEST: u8 = 1;
pub(super) const REPLY: u8 = 2;
pub(super) const NO_REPLY: u8 = 3;
pub(super) const PING: u8 = 4;
pub(super) const PONG: u8 = 5;

/// Length and checksum.
const BEFORE: usize = 8;
/// Kind and number.
pub(super) const HEAD: usize = 9;
/// What a frame has beside its body.
pub(super) const AROUND: usize = BEFORE + HEAD;
/// So much room is made for a frame before any of it has come.
const TRUSTED: usize = 64 << 10;

/// Writes a frame behind what is there.
pub(super) fn push(out: &mut Vec<u8>, kind: u8, number: u64, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; BEFORE]);
    out.push(kind);
    out.extend(number.to_le_bytes());
    body(out);
    let covered = &out[start + BEFORE..];
    let (length, checksum) = (covered.len() as u32, crc32c(covered));
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + BEFORE].copy_from_slice(&checksum.to_le_bytes());
}

/// A frame that came. Its memory is used for the next one.
#[derive(Default)]
pub(super) struct Frame(Vec<u8>);

impl Frame {
    /// Reads the next frame: no body above `most` bytes, and none before `has_room` has said so.
    pub(super) fn read(
        &mut self,
        from: &mut impl Read,
        most: usize,
        has_room: impl FnOnce(usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut before = [0; BEFORE];
        from.read_exact(&mut before)?;
        let [a, b, c, d, checksum @ ..] = before;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if !(HEAD..=most.saturating_add(HEAD)).contains(&length) {
            return Err(bad(format!("a frame of {length} bytes; at most {most} are taken")));
        }
        has_room(length)?;
        self.0.clear();
        if self.0.capacity() > TRUSTED {
            self.0 = Vec::new();
        }
        self.0.reserve(length.min(TRUSTED));
        // What was promised and does not come takes no memory.
        let read = from.take(length as u64).read_to_end(&mut self.0)?;
        if read < length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if crc32c(&self.0) != u32::from_le_bytes(checksum) {
            return Err(bad("a frame was damaged on its way"));
        }
        Ok(())
    }

    pub(super) fn kind(&self) -> u8 {
        self.0[0]
    }

    pub(super) fn number(&self) -> u64 {
        u64::from_le_bytes(*self.0[1..].first_chunk().expect("no frame is shorter"))
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.0[HEAD..]
    }
}

/// The other side is no node, or a damaged one.
pub(super) fn bad(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// Why a connection ended, for people.
pub(super) fn why(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "the other side ended the connection".into(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "nothing came or went in time".into(),
        _ => error.to_string(),
    }
}
