//! What becomes of an item, and why gathering stopped. An item that fails, is late or panics is an
//! outcome like any other: it is told to the caller and harms nobody else.

use std::any::Any;

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
    #[error("the item panicked: {}", text(.0))]
    Panicked(Box<dyn Any + Send>),
    /// The runtime ended before the item did.
    #[error("the runtime ended before the item")]
    Aborted,
}

/// The first error of [`all_ok`](crate::lock::Run::all_ok), and whose it is.
#[derive(Debug, Error)]
#[error("item {index}: {error}")]
pub struct Stopped<E> {
    /// The place of the item in the input, counted from 0.
    pub index: usize,
    /// What became of it.
    pub error: ItemError<E>,
}

/// What a panic said, if it was text.
fn text(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<&str>() {
        Some(text) => text,
        None => panic.downcast_ref::<String>().map_or("no text", String::as_str),
    }
}
