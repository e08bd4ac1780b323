//! The room: what one says, all get, in one order. Who reads too slowly is put out, so that nobody
//! waits for anybody.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use broadcast_hub::lock::{Hub, Subscriber};
use broadcast_hub::{Slow, Start};
use serde_json::json;
use tokio::sync::watch;

use super::end::End;

/// In characters.
const LONGEST_NAME: usize = 24;

/// How many there may be in the room.
const MOST: usize = 1_000;

/// How many of the last messages a newcomer sees.
const SEEN_BY_NEWCOMERS: usize = 20;

/// Who is in, and what is said. Messages are text frames that need no copy for each reader.
pub(crate) struct Room {
    pub(crate) hub: Hub<Utf8Bytes>,
    names: Mutex<BTreeSet<String>>,
    /// How long one may keep others waiting: to say a name, to take a frame.
    pub(crate) patience: Duration,
    /// Each connection holds a receiver until it is over.
    connections: watch::Sender<()>,
}

/// A name in the room, until this drops.
pub(crate) struct Seat {
    room: Arc<Room>,
    pub(crate) name: String,
}

impl Room {
    /// A room in which one may be so many messages behind.
    pub(crate) fn new(unread: usize, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            hub: Hub::new(unread),
            names: Mutex::default(),
            patience,
            connections: watch::Sender::new(()),
        })
    }

    /// Sits down under this name, tells the others, and gets what was said last.
    pub(crate) fn enter(
        self: &Arc<Self>,
        name: &str,
    ) -> Result<(Seat, Subscriber<Utf8Bytes>), End> {
        let name = name.trim();
        let length = name.chars().count();
        if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(End::BadName);
        }
        let newcomer = Start::Last(SEEN_BY_NEWCOMERS);
        let inbox = self.hub.subscribe_from(Slow::Evict, newcomer).map_err(|_| End::Closing)?;
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MOST {
            return Err(End::Full);
        }
        if !names.insert(name.to_owned()) {
            return Err(End::NameTaken);
        }
        drop(names);
        let seat = Seat { room: Arc::clone(self), name: name.to_owned() };
        self.note(name, "came");
        Ok((seat, inbox))
    }

    /// `name` says something.
    pub(crate) fn say(&self, name: &str, text: &str) -> Result<(), End> {
        self.tell(&json!({ "kind": "said", "from": name, "text": text }))
    }

    /// How many are in.
    pub(crate) fn here(&self) -> usize {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends the room: all get what was said before, and then the end.
    pub(crate) fn close(&self) {
        self.hub.close();
    }

    /// To be held by a connection until it is over.
    pub(crate) fn connection(&self) -> watch::Receiver<()> {
        self.connections.subscribe()
    }

    /// Until no connection is left.
    pub(crate) async fn emptied(&self) {
        self.connections.closed().await;
    }

    fn note(&self, name: &str, what: &str) {
        // In a closed room nobody is left to be told.
        let _ = self.tell(&json!({
            "kind": "note", "from": name, "text": what, "here": self.here(),
        }));
    }

    /// Nobody makes this wait: whoever has no room for it is put out.
    fn tell(&self, message: &serde_json::Value) -> Result<(), End> {
        let told = self.hub.try_publish(message.to_string().into());
        told.map(drop).map_err(|_| End::Closing)
    }
}

impl Seat {
    /// Gets up, for a reason that the others are told.
    pub(crate) fn leave(self, why: End) {
        let (room, name) = (Arc::clone(&self.room), self.name.clone());
        drop(self);
        room.note(&name, why.seen_by_others());
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut names = self.room.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.remove(&self.name);
    }
}
