//! The state machine: keys and values, and what was answered to writes that may be repeated.

use std::collections::BTreeMap;
use std::sync::Arc;

use raft::log::{Entry, Payload};
use raft::node::Machine;
use raft::session::Sessions;
use raft::{Index, NodeId};
use sha2::{Digest as _, Sha256};

use crate::command::{Command, Place, Write, put, put_place, take, take_place};

/// So many answers are remembered. Whoever repeats a write later than that does it again.
const REMEMBERED: usize = 100_000;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// A swap found another value.
    Differs,
    /// The name was given to another write.
    Reused,
}

type Print = [u8; 32];

/// Where nodes are.
pub(crate) type Places = BTreeMap<NodeId, Place>;

/// What the log says of that.
pub(crate) type Changes = BTreeMap<NodeId, Placed>;

/// What it says of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The entry by which it left for the last time: who has its name now is another.
    pub(crate) left: Index,
    /// `None` of somebody who has left.
    pub(crate) place: Option<Place>,
}

/// Is told whenever that changes.
pub(crate) type Tell = Arc<dyn Fn(&Changes) + Send + Sync>;

pub(crate) struct Store {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// By the name of the write: its fingerprint, and whether it was done.
    sessions: Sessions<Vec<u8>, Print, bool>,
    places: Changes,
    /// It was told nothing since the start: what the log holds may not be known to be committed yet.
    is_blank: bool,
    tell: Tell,
}

impl Store {
    pub(crate) fn new(tell: Tell) -> Self {
        let (values, places) = (BTreeMap::new(), Changes::new());
        Self { values, sessions: Sessions::new(REMEMBERED), places, is_blank: true, tell }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.is_blank
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&Vec<u8>> {
        self.values.get(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn places(&self) -> &Changes {
        &self.places
    }

    /// All but where nodes are: that is of one cluster alone.
    pub(crate) fn backup(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (key, value) in &self.values {
            put(&mut out, Some(key));
            put(&mut out, Some(value));
        }
        put(&mut out, None);
        for (name, print, is_done) in self.sessions.answers() {
            put(&mut out, Some(name));
            put(&mut out, Some(print));
            out.push(u8::from(*is_done));
        }
        put(&mut out, None);
        out
    }

    /// Whether these bytes are a snapshot.
    pub(crate) fn can_begin_with(mut snapshot: &[u8]) -> bool {
        Self::new(Arc::new(|_| ())).recall(&mut snapshot).is_some()
    }

    fn recall(&mut self, snapshot: &mut &[u8]) -> Option<()> {
        while let Some(key) = take(snapshot)? {
            self.values.insert(key, take(snapshot)??);
        }
        while let Some(name) = take(snapshot)? {
            let print = take(snapshot)??.try_into().ok()?;
            let is_done = *snapshot.split_off_first()? == 1;
            self.sessions.remember(name, print, is_done);
        }
        while !snapshot.is_empty() {
            let (left, rest) = snapshot.split_first_chunk()?;
            *snapshot = rest;
            let (id, place) = take_place(snapshot)?;
            self.places.insert(id, Placed { left: Index::from_le_bytes(*left), place });
        }
        Some(())
    }

    fn write(&mut self, name: Option<Vec<u8>>, write: Write) -> Outcome {
        let Self { values, sessions, .. } = self;
        let is_done = match name {
            None => act(values, write),
            Some(name) => {
                let mut bytes = Vec::new();
                write.encode(&mut bytes);
                match sessions.once(&name, Sha256::digest(&bytes).into(), |_| act(values, write)) {
                    Ok(is_done) => *is_done,
                    Err(_) => return Outcome::Reused,
                }
            }
        };
        if is_done { Outcome::Done } else { Outcome::Differs }
    }
}

/// Where nodes are, by a log of which nobody knows yet how far it is committed. When all were down, somebody
/// must be found before anything can be.
pub(crate) fn announced(log: &[Entry]) -> BTreeMap<NodeId, Option<Place>> {
    let places = log.iter().filter_map(|entry| match &entry.payload {
        Payload::Command(bytes) => match Command::decode(bytes)? {
            Command::Place { id, place } => Some((id, place)),
            Command::Write { .. } => None,
        },
        Payload::Empty | Payload::Membership(_) => None,
    });
    places.collect()
}

/// Does a write, and says whether it changed what it should.
fn act(values: &mut BTreeMap<Vec<u8>, Vec<u8>>, write: Write) -> bool {
    let (key, value) = match write {
        Write::Swap { key, expect, .. } if values.get(&key) != expect.as_ref() => return false,
        Write::Set { key, value } | Write::Swap { key, value, .. } => (key, value),
    };
    match value {
        Some(value) => _ = values.insert(key, value),
        None => _ = values.remove(&key),
    }
    true
}

impl Machine for Store {
    type Answer = Outcome;

    fn apply(&mut self, index: Index, command: &[u8]) -> Outcome {
        self.is_blank = false;
        match Command::decode(command) {
            Some(Command::Write { name, write }) => self.write(name, write),
            Some(Command::Place { id, place }) => {
                let placed = self.places.entry(id).or_default();
                if place.is_none() {
                    placed.left = index;
                }
                placed.place = place;
                (self.tell)(&self.places);
                Outcome::Done
            }
            None => panic!("entry {index} is no command: another program wrote to this log"),
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        let mut out = self.backup();
        for (id, Placed { left, place }) in &self.places {
            out.extend(left.to_le_bytes());
            put_place(&mut out, *id, place.as_ref());
        }
        out
    }

    fn restore(&mut self, mut snapshot: &[u8]) {
        *self = Self::new(Arc::clone(&self.tell));
        assert!(self.recall(&mut snapshot).is_some(), "the snapshot is none of this program's");
        self.is_blank = false;
        (self.tell)(&self.places);
    }
}
