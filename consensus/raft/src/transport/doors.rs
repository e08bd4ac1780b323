//! Who has come in: connections of other nodes, and of whoever has not said yet who it is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::calls;
use super::greeting::{Greeting, Refusal};
use crate::types::NodeId;

/// So many nodes may be connected at once that are no peers. Few: somebody has made up their names.
const OTHERS: usize = 64;

#[derive(Default)]
pub(super) struct Doors {
    state: Mutex<State>,
    closing: Condvar,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    last: u64,
    /// In the order in which they came.
    open: BTreeMap<u64, Door>,
    /// What nodes said of themselves: peers, and who is connected.
    known: BTreeMap<NodeId, Known>,
    peers: BTreeSet<NodeId>,
}

struct Door {
    socket: Arc<TcpStream>,
    /// `None` until it has greeted.
    node: Option<NodeId>,
}

struct Known {
    store: u64,
    info: String,
}

impl Doors {
    /// Somebody has come, and has a number now. Of those that have not greeted only so many stay; the
    /// oldest goes, for a node greets at once.
    pub(super) fn enter(&self, socket: &Arc<TcpStream>, strangers: usize) -> Option<u64> {
        let mut state = self.state.lock();
        if state.is_closed {
            return None;
        }
        let number = state.last + 1;
        state.last = number;
        state.open.insert(number, Door { socket: Arc::clone(socket), node: None });
        let waiting = || state.open.iter().filter(|(_, door)| door.node.is_none());
        if waiting().count() > strangers.max(1)
            && let Some(oldest) = waiting().map(|(number, _)| *number).next()
        {
            let door = state.open.remove(&oldest);
            calls::end(door.as_ref().map(|door| &*door.socket));
        }
        Some(number)
    }

    /// It has greeted. Another connection of the same node is an old one, and ends.
    pub(super) fn admit(&self, number: u64, greeting: &Greeting) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        let node = greeting.node;
        let named = state.open.values().filter_map(|door| door.node);
        let others: BTreeSet<_> = named.filter(|it| !state.peers.contains(it)).collect();
        if others.len() >= OTHERS && !others.contains(&node) && !state.peers.contains(&node) {
            return Err(Refusal::Crowded);
        }
        state.learn(greeting)?;
        for door in state.open.values().filter(|door| door.node == Some(node)) {
            calls::end(Some(&door.socket));
        }
        if let Some(door) = state.open.get_mut(&number) {
            door.node = Some(node);
        }
        Ok(())
    }

    /// It is gone.
    pub(super) fn leave(&self, number: u64) {
        let mut state = self.state.lock();
        let node = state.open.remove(&number).and_then(|door| door.node);
        if let Some(node) = node {
            state.forget(node);
        }
    }

    /// A peer that was dialled has greeted.
    pub(super) fn meet(&self, greeting: &Greeting) -> Result<(), Refusal> {
        self.state.lock().learn(greeting)
    }

    /// Such a peer is to be remembered from its first greeting on.
    pub(super) fn expect(&self, peer: NodeId) {
        self.state.lock().peers.insert(peer);
    }

    /// It takes part no more: its name may come back with another disk.
    pub(super) fn dismiss(&self, peer: NodeId) {
        let mut state = self.state.lock();
        state.peers.remove(&peer);
        state.forget(peer);
    }

    pub(super) fn info(&self, node: NodeId) -> Option<String> {
        self.state.lock().known.get(&node).map(|known| known.info.clone())
    }

    /// How many have come in and not gone: those that have greeted, and those that have not.
    pub(super) fn count(&self) -> (usize, usize) {
        let state = self.state.lock();
        let greeted = state.open.values().filter(|door| door.node.is_some()).count();
        (greeted, state.open.len() - greeted)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// Nobody comes in any more, and who is in comes out.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        for door in state.open.values() {
            calls::end(Some(&door.socket));
        }
        self.closing.notify_all();
    }

    /// Waits for a while, or until it is closed: the system has no room for another connection.
    pub(super) fn pause(&self, time: Duration) {
        let mut state = self.state.lock();
        if !state.is_closed {
            self.closing.wait_for(&mut state, time);
        }
    }
}

impl State {
    fn learn(&mut self, greeting: &Greeting) -> Result<(), Refusal> {
        let Greeting { node, store, ref info, .. } = *greeting;
        if self.known.get(&node).is_some_and(|known| known.store != store) {
            return Err(Refusal::OtherStore);
        }
        self.known.insert(node, Known { store, info: info.clone() });
        Ok(())
    }

    fn forget(&mut self, node: NodeId) {
        let is_in = self.open.values().any(|door| door.node == Some(node));
        if !is_in && !self.peers.contains(&node) {
            self.known.remove(&node);
        }
    }
}
