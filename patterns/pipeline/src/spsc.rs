//! A pipeline for stages of one worker each: between two of them lies a ring that one thread fills
//! and one thread empties.
//!
//! The giver owns the tail of the ring and the taker its head; each writes its own and only reads the
//! other's, so there is nothing to lock. Where several workers share an end, the queue of `lock.rs`
//! takes the ring's place. The drop of the giver ends the ring.
//!
//! Take along: `spsc.rs`, `ring.rs`, `bell.rs`, `lock.rs`, `control.rs`, `error.rs`, `flow.rs`,
//! `hop.rs`, `look.rs`, `order.rs`, `outlet.rs`, `stage.rs`, `sync.rs`, `threads.rs`.

use super::hop;
use super::{lock, ring};

/// A pipeline whose stages are joined by rings.
pub type Pipeline = super::flow::Pipeline<Spsc>;
/// A pipeline in the making.
pub type Flow<T, E> = super::flow::Flow<Spsc, T, E>;
/// The results of a pipeline, one by one.
pub type Outlet<T, E> = super::outlet::Outlet<Spsc, T, E>;

/// Stages are joined by rings, or where several workers share an end, by shared queues.
#[derive(Debug)]
pub enum Spsc {}

/// The end that is filled.
#[derive(Debug)]
pub enum Give<T> {
    /// The only one.
    Ring(ring::Give<T>),
    /// One of several, or before several takers.
    Queue(lock::Give<T>),
}

/// The end that is emptied.
#[derive(Debug)]
pub enum Take<T> {
    /// The only one.
    Ring(ring::Take<T>),
    /// One of several, or behind several givers.
    Queue(lock::Take<T>),
}

impl hop::Hop for Spsc {
    type Give<T: Send + 'static> = Give<T>;
    type Take<T: Send + 'static> = Take<T>;

    fn ends<T: Send + 'static>(
        capacity: usize,
        givers: usize,
        takers: usize,
    ) -> hop::Ends<Self, T> {
        if givers == 1 && takers == 1 {
            let (give, take) = ring::ring(capacity);
            return (vec![Give::Ring(give)], vec![Take::Ring(take)]);
        }
        let (gives, takes) = <lock::Lock as hop::Hop>::ends(capacity, givers, takers);
        let takes = takes.into_iter().map(Take::Queue).collect();
        (gives.into_iter().map(Give::Queue).collect(), takes)
    }
}

impl<T: Send + 'static> hop::Give<T> for Give<T> {
    #[inline]
    fn give(&mut self, item: T) {
        match self {
            Self::Ring(end) => end.give(item),
            Self::Queue(end) => end.give(item),
        }
    }
}

impl<T: Send + 'static> hop::Take<T> for Take<T> {
    #[inline]
    fn take(&mut self) -> Option<T> {
        match self {
            Self::Ring(end) => end.take(),
            Self::Queue(end) => end.take(),
        }
    }
}
