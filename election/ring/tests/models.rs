//! Both runtimes under every schedule with few preemptions.
//!
//! The variants are compiled here once more, over the checker's primitives instead of the real ones.
//! Channels and `select` are models, and time passes when a scenario says so. The rules know nothing of
//! threads, so they are the crate's.

#![expect(unreachable_pub, reason = "public items are private here")]

#[path = "../../bully/tests/shared/models/against.rs"]
mod against;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "../../bully/tests/shared/models/runs.rs"]
mod runs;
#[path = "../../bully/tests/shared/models/scenarios.rs"]
mod scenarios;
#[path = "../../bully/tests/shared/models/select.rs"]
mod select;
#[path = "contract/subject.rs"]
#[allow(dead_code)]
mod subject;
#[path = "../../bully/tests/shared/surface.rs"]
mod surface;
#[path = "../../bully/tests/shared/models/sync.rs"]
mod sync;

use ring::core;

/// As beside the variants.
mod config {
    pub(crate) use ring::Config;
}
mod error {
    pub(crate) use ring::{DeliverError, Panicked};
}
mod message {
    pub(crate) use ring::{Message, NodeId, Stored, Token};
}

/// The copies in here.
mod under_test {
    pub(crate) use super::{channel, lock};
    pub(crate) use ring::{
        Config, DeliverError, Kind, Letter, Message, NodeId, Panicked, Stored, Timing, Token,
    };
}
