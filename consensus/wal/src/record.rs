//! What goes in and what comes out.

use std::time::Duration;

use super::error::OpenError;

/// What is appended: some bytes, and of which kind they are. What the kinds mean is up to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    pub(crate) kind: u8,
    pub(crate) is_carried: bool,
    pub(crate) body: &'a [u8],
}

impl<'a> Record<'a> {
    /// A record that is gone once its segment is released.
    pub const fn new(kind: u8, body: &'a [u8]) -> Self {
        Self { kind, is_carried: false, body }
    }

    /// A record of which the last of its kind is never lost: each new segment begins with a copy of
    /// it. Made for what a log may not forget, such as a vote or a configuration. Keep it small.
    pub const fn carried(kind: u8, body: &'a [u8]) -> Self {
        Self { kind, is_carried: true, body }
    }
}

/// A record as it is read when the log is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place: the first record of a log is 1, each further one greater by one.
    pub sequence: u64,
    /// As it was appended.
    pub kind: u8,
    /// Whether it was appended with [`Record::carried`].
    pub is_carried: bool,
    /// As it was appended.
    pub body: &'a [u8],
}

/// How a log is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which log it is. A folder that holds another one is refused.
    pub id: u64,
    /// How large a segment is made. What is larger than that gets a segment of its own.
    pub segment_bytes: u64,
    /// The longest body.
    pub max_record: usize,
    /// How many appends may wait for the disk before the next has to wait for room.
    pub room: usize,
}

impl Options {
    /// What suits most: segments of 16 MiB, records up to 4 MiB, room for 4,096 appends.
    pub const fn new(id: u64) -> Self {
        Self { id, segment_bytes: 16 << 20, max_record: 4 << 20, room: 4096 }
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let wrong = if self.segment_bytes < 4096 || self.segment_bytes > 1 << 30 {
            "segment_bytes must be from 4096 to 2^30"
        } else if self.max_record == 0 || self.max_record > 1 << 28 {
            "max_record must be from 1 to 2^28"
        } else if self.room == 0 || self.room > 1 << 20 {
            "room must be at least 1 and at most 2^20"
        } else {
            return Ok(());
        };
        Err(OpenError::Options(wrong))
    }
}

/// What was found when a log was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// How many records were handed to the caller, copies of carried ones among them.
    pub records: u64,
    /// The last record's place; 0 in a log that never had one.
    pub last: u64,
    /// How many segments there are.
    pub segments: usize,
    /// What was cut off the end, for it was torn: written when the power went, and acknowledged to
    /// nobody.
    pub cut: Option<Cut>,
}

/// A torn end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The file.
    pub file: String,
    /// Where the torn part began.
    pub offset: u64,
    /// From there to the last byte that was not zero.
    pub bytes: u64,
}

/// What the log did since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The last record that is safe on the disk.
    pub durable: u64,
    /// How often the disk was asked to make something safe. Each call served all who waited.
    pub syncs: u64,
    /// How long these calls took together.
    pub syncing: Duration,
}
