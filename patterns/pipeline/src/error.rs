//! How a run ends: with a count of what went through each stage, or with the first thing that
//! stopped it.

use thiserror::Error;

/// What stopped a pipeline: the first failure or panic, wherever it was. By the time you read it
/// every stage has ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stage `{stage}` stopped at item {position}: {cause}")]
pub struct Stopped<E> {
    /// The name of the stage; the source is called `source`.
    pub stage: &'static str,
    /// Which item it was, counted from zero as the source gave them. A stage gets its item by
    /// value, so what is to come back of the item itself belongs into the error.
    pub position: u64,
    /// Why.
    #[source]
    pub cause: Cause<E>,
}

/// Why a stage stopped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Cause<E> {
    /// It returned this error.
    #[error("{0}")]
    Failed(E),
    /// It panicked, or what it was to drop did. This is what the panic said.
    #[error("it panicked: {0}")]
    Panicked(String),
}

/// A clean end: the source is exhausted, and every item went all the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many items each stage passed on, from the source to the sink.
    pub stages: Vec<(&'static str, u64)>,
}

impl Summary {
    /// How many items the first stage of this name passed on; zero if there is none.
    pub fn items(&self, stage: &str) -> u64 {
        self.stages.iter().find(|(name, _)| *name == stage).map_or(0, |(_, items)| *items)
    }
}
