//! A pipeline that passes messages: between two stages lies a bounded channel of items.
//!
//! A stage owns the item it works on and its ends of two channels, nothing else. The end of a
//! channel's senders is the end of its stage's input, so the end travels from the source to the
//! sink by itself.
//!
//! Take along: `channel.rs`, `control.rs`, `error.rs`, `flow.rs`, `hop.rs`, `order.rs`, `outlet.rs`,
//! `stage.rs`, `sync.rs`, `threads.rs`.

use super::hop;
use super::sync::{Receiver, Sender, bounded};

/// A pipeline whose stages are joined by channels.
pub type Pipeline = super::flow::Pipeline<Channel>;
/// A pipeline in the making.
pub type Flow<T, E> = super::flow::Flow<Channel, T, E>;
/// The results of a pipeline, one by one.
pub type Outlet<T, E> = super::outlet::Outlet<Channel, T, E>;

/// Stages are joined by channels.
#[derive(Debug)]
pub enum Channel {}

/// The end of a channel that is written.
#[derive(Debug)]
pub struct Give<T> {
    sender: Sender<T>,
}

/// The end of a channel that is read.
#[derive(Debug)]
pub struct Take<T> {
    receiver: Receiver<T>,
}

impl hop::Hop for Channel {
    type Give<T: Send + 'static> = Give<T>;
    type Take<T: Send + 'static> = Take<T>;

    fn ends<T: Send + 'static>(
        capacity: usize,
        givers: usize,
        takers: usize,
    ) -> hop::Ends<Self, T> {
        let (sender, receiver) = bounded(capacity);
        let gives = (0..givers).map(|_| Give { sender: sender.clone() });
        let takes = (0..takers).map(|_| Take { receiver: receiver.clone() });
        (gives.collect(), takes.collect())
    }
}

// ANCHOR: hop
impl<T: Send + 'static> hop::Give<T> for Give<T> {
    fn give(&mut self, item: T) {
        // Fails only if every taker is gone, and they stay as long as there is a giver.
        drop(self.sender.send(item));
    }
}

impl<T: Send + 'static> hop::Take<T> for Take<T> {
    fn take(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}
// ANCHOR_END: hop
