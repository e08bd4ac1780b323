//! Nodes that die at a chosen step, and messages that are lost.
//!
//! Everything a node does that others or its disk could notice is a step: a message, a line of its log, and
//! the moment after that line is safe. So to die at each step in turn is to die at every point that makes a
//! difference.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use two_phase_commit::log::{Line, Log, LogFailed, Opened};

/// The coordinator is 0.
pub(crate) type NodeId = u64;
pub(crate) const COORDINATOR: NodeId = 0;

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Whoever takes such a step dies there.
    pub(crate) deaths: BTreeSet<usize>,
    /// These messages never arrive.
    pub(crate) lost: BTreeSet<usize>,
    /// Whether lines that were not forced are on the disk after their writer died.
    pub(crate) keeps_lazy: bool,
}

#[derive(Debug, Default)]
struct Happened {
    plan: Plan,
    steps: usize,
    messages: usize,
    dead: BTreeSet<NodeId>,
    disks: BTreeMap<NodeId, Disk>,
    deaths: usize,
    losses: usize,
}

#[derive(Debug, Default)]
struct Disk {
    safe: Vec<(u64, Vec<u8>)>,
    lazy: Vec<Vec<u8>>,
    forced: u64,
}

/// All that happens to all nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Happened>>);

impl Faults {
    pub(crate) fn new(plan: Plan) -> Self {
        Self(Arc::new(Mutex::new(Happened { plan, ..Happened::default() })))
    }

    /// This node takes a step. False if it is dead, or dies of it.
    pub(crate) fn step(&self, node: NodeId) -> bool {
        self.happened().step(node)
    }

    /// A message goes out. False if it never arrives.
    pub(crate) fn message(&self) -> bool {
        let mut happened = self.happened();
        let arrives = !happened.plan.lost.contains(&happened.messages);
        happened.messages += 1;
        happened.losses += usize::from(!arrives);
        arrives
    }

    pub(crate) fn is_dead(&self, node: NodeId) -> bool {
        self.happened().dead.contains(&node)
    }

    /// It starts once more, with what its disk had.
    pub(crate) fn restart(&self, node: NodeId) -> Opened<Fallible> {
        let mut happened = self.happened();
        happened.dead.remove(&node);
        let disk = happened.disks.entry(node).or_default();
        Opened { log: Fallible { faults: self.clone(), node }, lines: disk.safe.clone() }
    }

    /// Its disk is gone.
    pub(crate) fn wipe(&self, node: NodeId) {
        self.happened().disks.remove(&node);
    }

    /// From here on this goes wrong; steps and messages are counted from here.
    pub(crate) fn begin(&self, plan: Plan) {
        let mut happened = self.happened();
        (happened.plan, happened.steps, happened.messages) = (plan, 0, 0);
        for disk in happened.disks.values_mut() {
            disk.forced = 0;
        }
    }

    /// From here on nothing goes wrong.
    pub(crate) fn heal(&self) {
        self.happened().plan = Plan::default();
    }

    /// Steps, messages, deaths and losses so far.
    pub(crate) fn counts(&self) -> (usize, usize, usize, usize) {
        let happened = self.happened();
        (happened.steps, happened.messages, happened.deaths, happened.losses)
    }

    /// How many lines of this node had to be safe.
    pub(crate) fn forced(&self, node: NodeId) -> u64 {
        self.happened().disks.get(&node).map_or(0, |disk| disk.forced)
    }

    fn happened(&self) -> MutexGuard<'_, Happened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Happened {
    fn step(&mut self, node: NodeId) -> bool {
        if self.dead.contains(&node) {
            return false;
        }
        let dies = self.plan.deaths.contains(&self.steps);
        self.steps += 1;
        if dies {
            self.deaths += 1;
            self.dead.insert(node);
            let keeps_lazy = self.plan.keeps_lazy;
            let disk = self.disks.entry(node).or_default();
            let lazy = take(&mut disk.lazy);
            if keeps_lazy {
                disk.keep(lazy);
            }
        }
        !dies
    }
}

impl Disk {
    fn keep(&mut self, lines: Vec<Vec<u8>>) {
        for line in lines {
            let place = self.safe.last().map_or(1, |(last, _)| last + 1);
            self.safe.push((place, line));
        }
    }
}

/// The log of a node that may die.
#[derive(Debug)]
pub(crate) struct Fallible {
    faults: Faults,
    node: NodeId,
}

impl Log for Fallible {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        let mut happened = self.faults.happened();
        let died = || LogFailed::new("its writer died");
        if !happened.step(self.node) {
            return Err(died());
        }
        let disk = happened.disks.entry(self.node).or_default();
        let mut all = take(&mut disk.lazy);
        all.extend(lines.iter().map(bytes));
        disk.keep(all);
        disk.forced += lines.len() as u64;
        let place = disk.safe.last().map_or(0, |(last, _)| *last);
        // Safe, and nobody knows.
        if happened.step(self.node) { Ok(place) } else { Err(died()) }
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        let mut happened = self.faults.happened();
        if !happened.step(self.node) {
            return Err(LogFailed::new("its writer died"));
        }
        happened.disks.entry(self.node).or_default().lazy.push(bytes(&line));
        Ok(())
    }

    fn release(&self, _: u64) -> Result<(), LogFailed> {
        Ok(())
    }
}

fn bytes(line: &Line) -> Vec<u8> {
    let (Line::Plain(bytes) | Line::Carried(bytes)) = line;
    bytes.clone()
}
