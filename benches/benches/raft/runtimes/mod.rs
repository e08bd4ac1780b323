//! Whole nodes, on threads or as tasks, in one process.

pub(crate) mod bodies;
pub(crate) mod contender;
mod folders;
pub(crate) mod lines;
pub(crate) mod notes;
pub(crate) mod ours;
pub(crate) mod tasks;
mod tasks_store;
pub(crate) mod threads;
