//! A disk, a machine and a network that are the scenario.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::log::Payload;
use crate::message::{Answer, Reply, Request};
use crate::node::{Answerer, Disk, Machine, Network};
use crate::saves::Save;
use crate::sync::{Receiver, Sender, bounded};
use crate::types::{Index, NodeId, Snapshot, Term};

/// What a node's parts did. It is looked at in one step, so a plain mutex guards it.
#[derive(Default)]
pub(crate) struct Traces {
    /// The commands that the machine did.
    pub(crate) done: Vec<Vec<u8>>,
    /// Of all entries that the disk was given.
    pub(crate) written: Vec<(Term, Payload)>,
}

pub(crate) type Shared = Arc<Mutex<Traces>>;

pub(crate) fn look<R>(traces: &Shared, look: impl FnOnce(&mut Traces) -> R) -> R {
    look(&mut traces.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A machine that notes what it does.
pub(crate) struct Notes {
    traces: Shared,
    said: Option<Sender<()>>,
}

impl Machine for Notes {
    type Answer = u64;

    fn apply(&mut self, index: Index, command: &[u8]) -> u64 {
        look(&self.traces, |it| it.done.push(command.to_vec()));
        if let Some(said) = &self.said {
            let _ = said.try_send(());
        }
        index
    }

    fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, _: &[u8]) {}
}

/// A disk that notes what it writes, and says when it begins.
pub(crate) struct Slate {
    traces: Shared,
    begins: Option<Sender<()>>,
    /// It waits for a word before it returns from such an entry.
    gate: Option<(Vec<u8>, Receiver<()>)>,
}

impl Disk for Slate {
    fn write(&mut self, saves: Vec<Save>) -> io::Result<()> {
        let tails = saves.into_iter().filter_map(|save| save.tail);
        let entries: Vec<_> = tails.flat_map(|tail| tail.entries).collect();
        let gated = self.gate.as_ref().filter(|(command, _)| {
            let is_it =
                |payload: &Payload| matches!(payload, Payload::Command(it) if **it == **command);
            entries.iter().any(|entry| is_it(&entry.payload))
        });
        if !entries.is_empty()
            && let Some(begins) = &self.begins
        {
            let _ = begins.try_send(());
        }
        if let Some((_, gate)) = gated {
            let _ = gate.recv();
        }
        let entries = entries.into_iter().map(|entry| (entry.term, entry.payload));
        look(&self.traces, |it| it.written.extend(entries));
        Ok(())
    }

    fn keep(&mut self, _: &Snapshot, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Hands each request to the scenario.
pub(crate) struct Wire(Sender<(NodeId, Request, Answerer)>);

impl Network for Wire {
    fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
        let _ = self.0.try_send((to, request, answer));
    }
}

/// All that a node is given, and the scenario's ends of it.
pub(crate) struct Props {
    pub(crate) traces: Shared,
    /// The disk begins to write entries.
    pub(crate) begins: Receiver<()>,
    /// The machine has done something.
    pub(crate) said: Receiver<()>,
    pub(crate) asked: Receiver<(NodeId, Request, Answerer)>,
}

impl Props {
    /// With the machine, the disk and the network.
    pub(crate) fn new(gate: Option<(Vec<u8>, Receiver<()>)>) -> (Self, Notes, Slate, Arc<Wire>) {
        let traces = Shared::default();
        let (says, said) = bounded(8);
        let (tells, begins) = bounded(8);
        let (asks, asked) = bounded(16);
        let machine = Notes { traces: Arc::clone(&traces), said: Some(says) };
        let disk = Slate { traces: Arc::clone(&traces), begins: Some(tells), gate };
        (Self { traces, begins, said, asked }, machine, disk, Arc::new(Wire(asks)))
    }

    /// What has happened until now counts for nothing.
    pub(crate) fn forget(&self) {
        self.begins.try_iter().for_each(drop);
        self.said.try_iter().for_each(drop);
    }

    /// The next request of such a kind to a peer; to the others the answer is no to votes,
    /// and yes to entries.
    pub(crate) fn next(&self, is_it: impl Fn(NodeId, &Request) -> bool) -> Answerer {
        loop {
            let (to, request, answer) = self.asked.recv().expect("the node lives");
            if is_it(to, &request) {
                return answer;
            }
            match request {
                Request::Vote(vote) => answer.answer(Reply { term: vote.term, answer: Answer::No }),
                Request::Append(it) => answer.answer(Reply { term: it.term, answer: Answer::Yes }),
                Request::Chunk(_) | Request::Campaign { .. } => drop(answer),
            }
        }
    }
}
