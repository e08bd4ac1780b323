//! The world: virtual time, the nodes in it, and what happens next.

mod events;
mod faults;

use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::time::Duration;

use crate::clock::{Clock, Micros};
use crate::disk::Disk;
use crate::network::{Link, Network};
use crate::process::{NodeId, Outbox, Process, micros};
use crate::rng::Rng;
use crate::trace::{Counts, Field, Trace, node};

use events::{Event, Held};

/// Nodes, a network between them, and one clock that jumps from event to event.
///
/// Everything follows from the seed and from what the caller does between events: the same seed
/// gives the same trace, byte for byte.
pub struct World<P: Process> {
    now: Micros,
    /// Earliest first; what is due at the same time, in the order in which it was planned.
    queue: BinaryHeap<Event<P>>,
    planned: u64,
    nodes: BTreeMap<NodeId, Node<P>>,
    boot: Box<Boot<P>>,
    network: Network,
    /// What a paused node can hold.
    inbox: usize,
    messages: u64,
    network_rng: Rng,
    disk_rng: Rng,
    storm_rng: Rng,
    trace: Option<Trace>,
    counts: Counts,
}

/// Makes the process of a node from what its disk holds.
type Boot<P> = dyn FnMut(NodeId, &<P as Process>::Disk) -> P;

struct Node<P: Process> {
    state: State<P>,
    /// How often it was started. Timers and writes of an earlier life mean nothing.
    life: u64,
    clock: Clock,
    disk: Disk<P>,
    /// The earliest planned event that looks at its deadline.
    alarm: Option<Micros>,
    /// When its time came last, and how often it did at that moment.
    fired: (Micros, u32),
    last_write: u64,
}

enum State<P: Process> {
    Down,
    Up(P),
    /// Alive and not running, as under SIGSTOP; what comes meanwhile waits.
    Paused(P, Vec<Held<P::Message>>),
}

impl<P: Process> World<P> {
    /// A world of these nodes, none of them started yet. `boot` makes the process of a node from what
    /// its disk holds, each time it starts.
    ///
    /// # Panics
    ///
    /// When a node is named twice.
    pub fn new(
        seed: u64,
        nodes: impl IntoIterator<Item = NodeId>,
        boot: impl FnMut(NodeId, &P::Disk) -> P + 'static,
    ) -> Self {
        let mut rng = Rng::new(seed);
        let mut all = BTreeMap::new();
        for id in nodes {
            assert!(
                all.insert(id, Node::new()).is_none(),
                "there are two nodes {id}; name each once"
            );
        }
        Self {
            now: 0,
            queue: BinaryHeap::new(),
            planned: 0,
            nodes: all,
            boot: Box::new(boot),
            network: Network::default(),
            inbox: 1024,
            messages: 0,
            network_rng: rng.fork(),
            disk_rng: rng.fork(),
            storm_rng: rng.fork(),
            trace: None,
            counts: Counts::default(),
        }
    }

    /// Records what happens from here on. It costs time, and changes nothing else.
    pub fn record(&mut self) {
        self.trace.get_or_insert_default();
    }

    /// Lets the next event happen; `false` if there is none.
    pub fn step(&mut self) -> bool {
        let Some(event) = self.queue.pop() else { return false };
        self.now = event.at;
        self.happen(event.what);
        true
    }

    /// Runs up to a time, and calls `check` after each event. There an invariant is asserted.
    pub fn run_until(&mut self, end: Duration, mut check: impl FnMut(&Self)) {
        let end = micros(end);
        while self.queue.peek().is_some_and(|next| next.at <= end) {
            self.step();
            check(self);
        }
        self.now = self.now.max(end);
    }

    /// Runs for a time.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now().saturating_add(time), |_| ());
    }

    /// Runs until something holds, and says how long that took; `None` if it took longer than
    /// `patience`.
    pub fn run_until_it_holds(
        &mut self,
        patience: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Option<Duration> {
        let (start, end) = (self.now, self.now.saturating_add(micros(patience)));
        while !holds(self) {
            if self.queue.peek().is_none_or(|next| next.at > end) {
                self.now = end;
                return None;
            }
            self.step();
        }
        Some(Duration::from_micros(self.now - start))
    }

    /// Does something to a node that is up, as a caller on its machine would: what it leaves in the
    /// outbox is done. `None` if the node is down or paused.
    pub fn call<R>(
        &mut self,
        id: NodeId,
        act: impl FnOnce(&mut P, Duration, &mut Outbox<P>) -> R,
    ) -> Option<R> {
        self.with(id, act)
    }

    /// The world's time.
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.now)
    }

    /// A node's time, by its own clock.
    ///
    /// # Panics
    ///
    /// When there is no such node; so do all that take a node.
    pub fn clock(&self, id: NodeId) -> Duration {
        Duration::from_micros(self.at(id).clock.read(self.now))
    }

    /// The names of all nodes, up or not, in order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.keys().copied()
    }

    /// The process of a node; `None` while it is down. A paused one can be looked at.
    pub fn node(&self, id: NodeId) -> Option<&P> {
        match &self.at(id).state {
            State::Up(process) | State::Paused(process, _) => Some(process),
            State::Down => None,
        }
    }

    /// All that are not down.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &P)> {
        self.ids().filter_map(|id| Some((id, self.node(id)?)))
    }

    /// Whether a node is up, and not paused.
    pub fn is_running(&self, id: NodeId) -> bool {
        matches!(self.at(id).state, State::Up(_))
    }

    /// What a crash cannot take from a node.
    pub fn disk(&self, id: NodeId) -> &P::Disk {
        &self.at(id).disk.kept
    }

    /// How often each kind of event occurred.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What was recorded.
    ///
    /// # Panics
    ///
    /// When [`record`](Self::record) was not called.
    pub fn trace(&self) -> &Trace {
        self.trace.as_ref().expect("nothing was recorded; call `record` first")
    }

    fn at(&self, id: NodeId) -> &Node<P> {
        self.nodes.get(&id).unwrap_or_else(|| panic!("there is no node {id} in this world"))
    }

    fn at_mut(&mut self, id: NodeId) -> &mut Node<P> {
        self.nodes.get_mut(&id).unwrap_or_else(|| panic!("there is no node {id} in this world"))
    }

    /// Puts a line into the trace, if there is one.
    fn log(&mut self, event: &str, fields: &[(&str, Field<'_>)]) {
        if let Some(trace) = &mut self.trace {
            trace.push(self.now, event, fields);
        }
    }

    fn log_node(&mut self, event: &str, id: NodeId) {
        self.log(event, &[node(id)]);
    }
}

impl<P: Process> Node<P> {
    fn new() -> Self {
        let (clock, disk) = (Clock::TRUE, Disk::new());
        Self { state: State::Down, life: 0, clock, disk, alarm: None, fired: (0, 0), last_write: 0 }
    }
}

impl<P: Process> fmt::Debug for World<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<_> = self.ids().collect();
        f.debug_struct("World")
            .field("now", &self.now())
            .field("nodes", &nodes)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl<P: Process> World<P> {
    /// From now on, all links are like this one; those set one by one are forgotten.
    pub fn set_links(&mut self, link: Link) {
        if self.trace.is_some() {
            let text = format!("{link:?}");
            self.log("links", &[("text", Field::Text(&text))]);
        }
        self.network.set_all(link);
    }

    /// From now on, the way from one node to another is like this.
    pub fn set_link(&mut self, from: NodeId, to: NodeId, link: Link) {
        if self.trace.is_some() {
            let text = format!("{link:?}");
            let [from, to] = crate::trace::link(from, to);
            self.log("link", &[from, to, ("text", Field::Text(&text))]);
        }
        self.network.set(from, to, link);
    }

    /// How many messages wait for a paused node; more are lost. The sender is never held up.
    pub fn set_inbox(&mut self, capacity: usize) {
        self.inbox = capacity;
    }
}
