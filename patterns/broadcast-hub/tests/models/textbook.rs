//! The textbook versions on trial. They compile, they pass a quick look, and they are wrong.

use std::collections::HashMap;

use shuttle::sync::mpsc::{Receiver, SyncSender, TrySendError};
use shuttle::sync::{Arc, Mutex};

use crate::error::RecvError;
use crate::lock::Subscriber;

// ANCHOR: hub
/// What the hub is told.
pub(crate) enum Event {
    Register(Arc<Client>),
    Unregister(Arc<Client>),
    Broadcast(u64),
}

/// One loop owns the map of clients, so there is nothing to lock.
pub(crate) fn hub(events: &Receiver<Event>) {
    let mut clients: HashMap<u64, Arc<Client>> = HashMap::new();
    while let Ok(event) = events.recv() {
        match event {
            Event::Register(client) => drop(clients.insert(client.id, client)),
            Event::Unregister(client) => {
                clients.remove(&client.id);
                client.close();
            }
            Event::Broadcast(message) => clients.retain(|_, client| {
                let fits = client.send(message);
                if !fits {
                    client.close(); // too slow: out with it
                }
                fits
            }),
        }
    }
}
// ANCHOR_END: hub

pub(crate) struct Client {
    id: u64,
    /// `None` once closed.
    queue: Mutex<Option<SyncSender<u64>>>,
}

impl Client {
    pub(crate) fn new(id: u64, queue: SyncSender<u64>) -> Self {
        Self { id, queue: Mutex::new(Some(queue)) }
    }

    /// Whether it had room.
    fn send(&self, message: u64) -> bool {
        let queue = self.queue.lock().unwrap();
        !matches!(queue.as_ref().unwrap().try_send(message), Err(TrySendError::Full(_)))
    }

    /// As in Go, a channel is closed once.
    fn close(&self) {
        let open = self.queue.lock().unwrap().take();
        interleave::note!("the hub closes the client's channel");
        assert!(open.is_some(), "closed twice");
    }
}

// ANCHOR: quiet
/// Reads until the hub is closed, or so it seems.
pub(crate) fn read_all(subscriber: &mut Subscriber<u64>) -> Vec<u64> {
    let mut all = Vec::new();
    while let Ok(message) = subscriber.recv_blocking() {
        all.push(message);
    }
    all
}
// ANCHOR_END: quiet

// ANCHOR: loud
/// Reads until the hub is closed; what it missed is 0.
pub(crate) fn read_to_the_end(subscriber: &mut Subscriber<u64>) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        match subscriber.recv_blocking() {
            Ok(message) => all.push(message),
            Err(RecvError::Lagged(missed)) => all.extend((0..missed).map(|_| 0)),
            Err(RecvError::Closed | RecvError::Evicted) => return all,
        }
    }
}
// ANCHOR_END: loud
