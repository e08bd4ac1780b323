#![doc = include_str!("../README.md")]

mod calm;
mod explore;
pub mod models;
mod record;
mod schedule;
mod scheduler;

pub use calm::calm;
pub use explore::{FAILS_PREEMPTIONS, FAILS_SCHEDULES, STEPS, bound, fails, holds};
pub use record::note;
pub use schedule::Schedule;
