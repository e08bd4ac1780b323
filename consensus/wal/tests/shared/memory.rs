//! The variants, compiled once more over a disk in memory.

#[path = "../../src/channel.rs"]
pub(crate) mod channel;
#[path = "../../src/checksum.rs"]
mod checksum;
#[path = "disk.rs"]
pub(crate) mod disk;
#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/format.rs"]
mod format;
#[path = "../../src/group.rs"]
mod group;
#[path = "../../src/lock.rs"]
pub(crate) mod lock;
#[path = "../../src/record.rs"]
mod record;
#[path = "../../src/recover.rs"]
mod recover;
#[path = "../contract/script.rs"]
pub(crate) mod script;
#[path = "../../src/segment.rs"]
mod segment;
#[path = "surface.rs"]
pub(crate) mod surface;
#[path = "../../src/sync.rs"]
mod sync;

/// The copies in here.
pub(crate) mod under_test {
    pub(crate) use super::error::*;
    pub(crate) use super::record::*;
    pub(crate) use super::{channel, lock};
}

/// What the disk does before each call.
fn pause(_: &str) {}
