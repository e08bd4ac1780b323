//! The way in: a channel that holds nothing when its owner is gone.
//!
//! A channel by itself keeps what nobody will take, as long as somebody could still send; whoever waits
//! for an answer to it would wait for ever. So the last thing that is done to this one is to empty it:
//!
//! - The owner says that it is closed, and empties it.
//! - Whoever has sent looks afterwards whether it is closed, and then empties it too.
//!
//! Either the owner finds the message, or its sender sees that the inbox is closed.

use super::Event;
use crate::node::Machine;
use crate::sync::{Arc, AtomicBool, Ordering, Receiver, Sender, bounded};

/// The end of those who send.
pub(super) struct Inbox<M: Machine> {
    events: Sender<Event<M>>,
    /// What is left when the owner is gone.
    rest: Events<M>,
}

/// The end of the owner.
pub(super) struct Events<M: Machine> {
    pub(super) receiver: Receiver<Event<M>>,
    is_open: Arc<AtomicBool>,
}

impl<M: Machine> Inbox<M> {
    pub(super) fn new(room: usize) -> (Self, Events<M>) {
        let (events, receiver) = bounded(room);
        let is_open = Arc::new(AtomicBool::new(true));
        let rest = Events { receiver: receiver.clone(), is_open: Arc::clone(&is_open) };
        (Self { events, rest }, Events { receiver, is_open })
    }

    /// Waits while it is full. Gives the event back when it is closed.
    pub(super) fn send(&self, event: Event<M>) -> Result<(), Event<M>> {
        if !self.rest.is_open() {
            return Err(event);
        }
        let sent = self.events.send(event).map_err(|refused| refused.0);
        self.rest.empty_if_closed();
        sent
    }

    /// Drops the event when there is no room.
    pub(super) fn offer(&self, event: Event<M>) {
        if self.rest.is_open() && self.events.try_send(event).is_ok() {
            self.rest.empty_if_closed();
        }
    }
}

impl<M: Machine> Events<M> {
    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    fn empty_if_closed(&self) {
        if !self.is_open() {
            self.receiver.try_iter().for_each(Event::refuse);
        }
    }

    /// Takes nothing more, and lets go of what was not taken.
    pub(super) fn close(&self) {
        self.is_open.store(false, Ordering::SeqCst);
        self.empty_if_closed();
    }
}
