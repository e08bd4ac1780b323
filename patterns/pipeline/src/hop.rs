//! What lies between two stages: a bounded queue with both its ends. This is all in which the
//! variants differ.

/// An item, and which it was when it left the source.
#[derive(Debug)]
pub(crate) struct Item<T> {
    pub(crate) position: u64,
    pub(crate) value: T,
}

/// The ends of a hop: one for each worker before it, one for each behind it.
pub(crate) type Ends<H, T> = (Vec<<H as Hop>::Give<T>>, Vec<<H as Hop>::Take<T>>);

/// A kind of queue. Not for callers; each variant has one.
pub trait Hop: Sized + 'static {
    /// The end of a worker before the queue. The queue ends with the last of them.
    type Give<T: Send + 'static>: Give<T>;
    /// The end of a worker behind the queue. It takes until the queue ends; none leaves before.
    type Take<T: Send + 'static>: Take<T>;

    /// A queue of at most `capacity` items.
    fn ends<T: Send + 'static>(capacity: usize, givers: usize, takers: usize) -> Ends<Self, T>;
}

/// The end that fills a hop.
pub trait Give<T>: Send + 'static {
    /// Waits for room and puts the item where the next stage can reach it at once.
    fn give(&mut self, item: T);
}

/// The end that empties a hop.
pub trait Take<T>: Send + 'static {
    /// Waits for an item; `None` when the queue is empty and every giver is gone.
    fn take(&mut self) -> Option<T>;
}
