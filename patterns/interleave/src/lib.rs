#![doc = include_str!("../README.md")]

mod explore;
mod record;
mod schedule;
mod scheduler;

pub use explore::{FAILS_PREEMPTIONS, FAILS_SCHEDULES, STEPS, bound, fails, holds};
pub use record::note;
pub use schedule::Schedule;
