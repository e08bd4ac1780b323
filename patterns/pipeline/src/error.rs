//! How a run ends: with a count of what went through each stage, or with the first thing that
//! stopped it.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

/// What stopped a pipeline: the first failure or panic, wherever it was. By the time you read it
/// every stage has ended.
#[derive(Debug, Error)]
#[error("stage `{stage}` stopped at item {position}: {cause}")]
pub struct Stopped<E> {
    /// The name of the stage; the source is called `source`.
    pub stage: &'static str,
    /// Which item it was, counted from zero as the source gave them. A stage gets its item by
    /// value, so what is to come back of the item itself belongs into the error.
    pub position: u64,
    /// Why.
    pub cause: Cause<E>,
}

/// Why a stage stopped.
#[derive(Debug, Error)]
pub enum Cause<E> {
    /// It returned this error.
    #[error("{0}")]
    Failed(E),
    /// It panicked, or what it was to drop did; this is what the panic carried.
    #[error("it panicked: {0}")]
    Panicked(Panic),
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

/// What a panic carried. It shows as the text of the panic, if it had any.
pub struct Panic(Box<Inner>);

struct Inner {
    text: String,
    /// Never locked: a mutex is what makes a payload `Sync`, and with it the errors that hold one.
    payload: Mutex<Box<dyn Any + Send>>,
}

impl Panic {
    /// The payload, for [`resume_unwind`](std::panic::resume_unwind) or to look into.
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.payload.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Box<dyn Any + Send>> for Panic {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        let text = match payload.downcast_ref::<&str>() {
            Some(text) => (*text).to_owned(),
            None => payload.downcast_ref().cloned().unwrap_or_else(|| "no text".to_owned()),
        };
        Self(Box::new(Inner { text, payload: Mutex::new(payload) }))
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.0.text).finish()
    }
}
