//! The power goes at every write and every fsync, and any of what was not safe is on the disk.
//!
//! The variants are compiled here once more, over a disk in memory.

#![expect(unreachable_pub, reason = "public items are private here")]

#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/checksum.rs"]
#[allow(dead_code)]
mod checksum;
#[path = "shared/disk.rs"]
#[allow(dead_code)]
mod disk;
#[path = "../src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "crash/errors.rs"]
mod errors;
#[path = "../src/format.rs"]
mod format;
#[path = "../src/group.rs"]
#[allow(dead_code)]
mod group;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "crash/mutated.rs"]
mod mutated;
#[path = "crash/points.rs"]
mod points;
#[path = "../src/record.rs"]
mod record;
#[path = "../src/recover.rs"]
mod recover;
#[path = "crash/script.rs"]
mod script;
#[path = "../src/segment.rs"]
mod segment;
#[path = "shared/surface.rs"]
#[allow(dead_code)]
mod surface;
#[path = "../src/sync.rs"]
mod sync;

/// The copies in here.
mod under_test {
    pub(crate) use super::error::*;
    pub(crate) use super::record::*;
    pub(crate) use super::{channel, lock};
}

/// What the disk does before each call.
fn pause() {}

/// Past the harness, which would swallow it.
fn say(line: &str) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}

fn is_deep() -> bool {
    std::env::var_os("COOKBOOK_DEEP").is_some()
}
