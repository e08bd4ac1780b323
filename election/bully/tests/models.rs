//! Both runtimes under every schedule with few preemptions.
//!
//! The variants are compiled here once more, over the checker's primitives instead of the real ones.
//! Channels and `select` are models, and time passes when a scenario says so. The rules know nothing of
//! threads, so they are the crate's.

#![expect(unreachable_pub, reason = "public items are private here")]

#[path = "shared/models/against.rs"]
mod against;
#[path = "../src/channel.rs"]
#[allow(dead_code)]
mod channel;
#[path = "../src/lock.rs"]
#[allow(dead_code)]
mod lock;
#[path = "shared/models/runs.rs"]
mod runs;
#[path = "shared/models/scenarios.rs"]
mod scenarios;
#[path = "shared/models/select.rs"]
mod select;
#[path = "contract/subject.rs"]
#[allow(dead_code)]
mod subject;
#[path = "shared/surface.rs"]
mod surface;
#[path = "shared/models/sync.rs"]
mod sync;

use bully::core;

/// As beside the variants.
mod config {
    pub(crate) use bully::Config;
}
mod error {
    pub(crate) use bully::{DeliverError, Panicked};
}
mod message {
    pub(crate) use bully::{Message, NodeId, Stored, Token};
}

/// The copies in here.
mod under_test {
    pub(crate) use super::{channel, lock};
    pub(crate) use bully::{
        Config, DeliverError, Message, NodeId, Panicked, Stored, Timing, Token,
    };
}
