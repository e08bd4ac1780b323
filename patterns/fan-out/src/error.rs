//! What becomes of an item, and why gathering stopped. An item that fails, is late or panics is an
//! outcome like any other: it is told to the caller and harms nobody else.

use std::any::Any;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

/// What became of one item.
pub type Outcome<T, E> = Result<T, ItemError<E>>;

/// Why an item has no result.
#[derive(Debug, Error)]
pub enum ItemError<E> {
    /// Its work said so.
    #[error("the item failed: {0}")]
    Failed(E),
    /// Its work took longer than an item may, and was dropped.
    #[error("the item took too long")]
    TimedOut,
    /// Its work panicked; this is what the panic carried.
    #[error("the item panicked: {0}")]
    Panicked(Panic),
    /// The runtime ended before the item did.
    #[error("the runtime ended before the item")]
    Aborted,
}

/// The first error of `all_ok`, and whose it is.
#[derive(Debug, Error)]
#[error("item {index}: {error}")]
pub struct Stopped<E> {
    /// The place of the item in the input, counted from 0.
    pub index: usize,
    /// What became of it.
    pub error: ItemError<E>,
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
