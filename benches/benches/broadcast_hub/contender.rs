//! What every contender can do. The bodies know nothing else about them.

use std::sync::Arc;

/// What travels, and the number that it carries.
pub(crate) trait Payload: Clone + Send + Sync + 'static {
    fn new(number: u64) -> Self;
    fn number(&self) -> u64;
}

impl Payload for u64 {
    fn new(number: u64) -> Self {
        number
    }

    #[inline]
    fn number(&self) -> u64 {
        *self
    }
}

/// A message that nobody copies.
pub(crate) struct Letter {
    number: u64,
    _text: [u8; 248],
}

impl Payload for Arc<Letter> {
    fn new(number: u64) -> Self {
        Self::new(Letter { number, _text: [0; 248] })
    }

    #[inline]
    fn number(&self) -> u64 {
        self.number
    }
}

/// A hub whose publisher and subscribers take turns on one thread.
pub(crate) trait Turns<P>: Sized {
    type Subscriber;

    /// Whether a hub has all its memory from the start, and need not be filled to be weighed.
    const WHOLE: bool = false;

    /// Room for `room` messages in front of each subscriber.
    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>);

    /// There is room.
    fn publish(&mut self, message: P);

    /// Takes the `count` messages that were published since the last call.
    fn receive(&mut self, subscriber: &mut Self::Subscriber, count: usize, each: impl FnMut(P));
}

/// A hub whose publisher and subscribers are tasks.
pub(crate) trait Tasks: Send + Sized + 'static {
    type Subscriber: Send + 'static;

    /// As in [`Turns`].
    const WHOLE: bool = false;

    /// As in [`Turns`]; inside a runtime.
    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>);

    /// There is room.
    fn publish(&mut self, number: u64) -> impl Future<Output = ()> + Send;

    /// Waits for the next number.
    fn receive(subscriber: &mut Self::Subscriber) -> impl Future<Output = u64> + Send;
}

/// A hub between threads that loses nothing: its publisher waits for the slowest.
pub(crate) trait Threads: Send + Sized {
    type Subscriber: Send;

    /// As in [`Turns`].
    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>);

    /// Waits for room.
    fn publish(&mut self, number: u64);

    /// Hands out what is kept back, if anything is.
    fn flush(&mut self) {}

    /// Waits for numbers, at least one; `false` when the publisher is gone and all was taken.
    fn receive(subscriber: &mut Self::Subscriber, each: impl FnMut(u64)) -> bool;
}
