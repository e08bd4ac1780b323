//! What a world of nodes is at a moment, and what happens in it.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use raft::core::{Core, Fate, RoleName, Ticket};
use raft::log::Entry;
use raft::membership::Membership;
use raft::message::{self, Ballot, Context, Refused, Reply, Request};
use raft::{NodeId, Position, Save, Stored, Term};

/// It is always the end of time: every deadline has come, and none is later than another.
pub(crate) const NOW: Duration = Duration::MAX;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Node 1 is the first.
    pub(crate) nodes: Vec<Arc<Node>>,
    /// All that was ever asked, by [`mark`].
    pub(crate) asked: Arc<BTreeMap<Ticket, Asked>>,
    /// All that was ever answered and is not void, by [`mark`].
    pub(crate) answered: Arc<BTreeMap<u64, Answered>>,
    pub(crate) past: Arc<Past>,
    pub(crate) left: Left,
    pub(crate) slow_disks: bool,
}

/// How often something may happen yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) time_outs: Vec<u8>,
    pub(crate) changes: u8,
    pub(crate) crashes: u8,
    pub(crate) retries: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// `None` while it is down.
    pub(crate) core: Option<Core>,
    pub(crate) disk: Stored,
    /// What is being written.
    pub(crate) write: Option<Save>,
    /// Requests whose answers wait for the disk.
    pub(crate) held: BTreeSet<Ticket>,
    /// How often it was started. No connection outlives the node that opened it.
    pub(crate) life: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) context: Context,
    pub(crate) request: Request,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Answered {
    pub(crate) ticket: Ticket,
    pub(crate) reply: Reply,
}

/// What no node may contradict, though no node remembers all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Past {
    /// Who led in which term, and in which of its lives.
    pub(crate) led: BTreeSet<(Term, NodeId, u64)>,
    /// The log as far as anybody ever took it for committed.
    pub(crate) committed: Vec<Committed>,
    /// What those who proposed were told.
    pub(crate) told: BTreeMap<Position, Fate>,
    /// Whether a log was ever cut off.
    pub(crate) cut: bool,
    /// A message that its receiver took for damage.
    pub(crate) refused: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Committed {
    pub(crate) entry: Entry,
    /// Of the node that knew it first.
    pub(crate) term: Term,
    /// Who took part there.
    pub(crate) members: Arc<Membership>,
}

/// A number that says what a message says.
fn mark(message: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}

/// Of all entries of its log.
fn positions(core: &Core) -> Vec<Position> {
    (1..=core.last().index).filter_map(|index| core.log().position(index)).collect()
}

impl State {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize - 1]
    }

    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        Arc::make_mut(&mut self.nodes[id as usize - 1])
    }

    /// Those that run, with their names.
    pub(crate) fn cores(&self) -> impl Iterator<Item = (&Node, &Core)> {
        self.nodes.iter().filter_map(|node| Some((&**node, node.core.as_ref()?)))
    }

    pub(crate) fn leaders(&self) -> impl Iterator<Item = (&Node, &Core)> {
        self.cores().filter(|(_, core)| core.is_leader())
    }

    /// Something happens to a node that runs, and what it wants is done.
    pub(crate) fn happens(
        &mut self,
        id: NodeId,
        what: impl FnOnce(&mut Core) -> Result<(), Refused>,
    ) {
        let slow_disks = self.slow_disks;
        let node = self.node_mut(id);
        let Some(core) = &mut node.core else { return };
        let before = positions(core);
        let refused = what(core).err();
        let cut = !positions(core).starts_with(&before);
        node.write(slow_disks);
        self.note(id, refused, cut);
        self.send(id);
        self.drop_void_answers();
        // Chance decides nothing where time stands still.
        if let Some(core) = &mut self.node_mut(id).core {
            core.reseed(0);
        }
    }

    /// The same, of what cannot be refused.
    pub(crate) fn does(&mut self, id: NodeId, what: impl FnOnce(&mut Core)) {
        self.happens(id, |core| {
            what(core);
            Ok(())
        });
    }

    /// Collects what a node has to say.
    fn send(&mut self, from: NodeId) {
        let others = (1..=self.nodes.len() as NodeId).filter(|id| *id != from);
        let node = Arc::make_mut(&mut self.nodes[from as usize - 1]);
        let Some(core) = &mut node.core else { return };
        for (_, ticket, reply) in core.take_replies() {
            node.held.remove(&ticket);
            let answered = Answered { ticket, reply };
            let mark = mark(&answered);
            // Nobody waits for what a trial was answered after all.
            if self.asked.contains_key(&ticket) && !self.answered.contains_key(&mark) {
                Arc::make_mut(&mut self.answered).insert(mark, answered);
            }
        }
        for to in others {
            while let Some((context, request)) = core.next_for(NOW, to) {
                let asked = Asked { from, to, context, request };
                let ticket = mark(&asked);
                if !self.asked.contains_key(&ticket) {
                    Arc::make_mut(&mut self.asked).insert(ticket, asked);
                }
            }
        }
    }

    /// Drops what its asker would take no notice of, whenever it came: the answers to an earlier life or
    /// to an earlier term, and those to a part that it plays no more; unless they tell of a later term.
    fn drop_void_answers(&mut self) {
        let is_void = |Answered { ticket, reply }: &Answered| {
            let Asked { from, to, context, .. } = &self.asked[ticket];
            let node = self.node(*from);
            let Some(core) = node.core.as_ref().filter(|_| node.life == context.epoch) else {
                return true;
            };
            let is_awaited = match context.asked {
                message::Asked::Vote(Ballot::Trial) => !core.is_leader(),
                message::Asked::Vote(_) => core.role() == RoleName::Candidate,
                message::Asked::Append { previous, length, .. } => {
                    core.matched(*to).is_some_and(|matched| previous + length >= matched)
                }
                message::Asked::Chunk { .. } | message::Asked::Campaign => core.is_leader(),
            };
            reply.term <= core.term() && (context.term < core.term() || !is_awaited)
        };
        let void: Vec<_> =
            self.answered.iter().filter(|(_, it)| is_void(it)).map(|(mark, _)| *mark).collect();
        if !void.is_empty() {
            Arc::make_mut(&mut self.answered).retain(|mark, _| !void.contains(mark));
        }
    }

    /// Remembers what must stay true.
    fn note(&mut self, id: NodeId, refused: Option<Refused>, cut: bool) {
        let node = Arc::make_mut(&mut self.nodes[id as usize - 1]);
        let Some(core) = &mut node.core else { return };
        let mut past = Past::clone(&self.past);
        past.cut |= cut;
        past.refused = past.refused.or(refused.map(|it| it.to_string()));
        if core.is_leader() {
            past.led.insert((core.term(), id, node.life));
        }
        for index in past.committed.len() as u64 + 1..=core.commit() {
            let entry =
                core.log().entry(index).expect("it is committed, and nothing is gone").clone();
            let (term, members) = (core.term(), Arc::clone(core.log().membership_at(index)));
            past.committed.push(Committed { entry, term, members });
        }
        let told = core.take_outcomes().into_iter().map(|it| (it.proposal, it.fate));
        past.told.extend(told);
        if past != *self.past {
            self.past = Arc::new(past);
        }
    }

    /// What was being written is safe.
    pub(crate) fn saved(&mut self, id: NodeId) {
        let node = self.node_mut(id);
        let Some(save) = node.write.take() else { return };
        let seq = save.seq;
        node.disk.keep(save);
        self.happens(id, |core| core.saved(NOW, seq));
    }

    /// What was being written is lost.
    pub(crate) fn crash(&mut self, id: NodeId) {
        self.left.crashes -= 1;
        let node = self.node_mut(id);
        let (core, disk, held) = (None, std::mem::take(&mut node.disk), BTreeSet::new());
        *node = Node { core, disk, write: None, held, life: node.life };
        self.drop_void_answers();
    }

    /// Starts a node with what its disk holds.
    pub(crate) fn boot(&mut self, mut core: Core) {
        let (id, count) = (core.id(), self.nodes.len() as NodeId);
        let node = self.node_mut(id);
        node.life += 1;
        for peer in (1..=count).filter(|peer| *peer != id) {
            core.link_up(peer, node.life);
        }
        node.core = Some(core);
        self.does(id, |_| ());
    }
}

impl Node {
    /// Does what the disk and the state machine have to do.
    fn write(&mut self, slow_disk: bool) {
        let Some(core) = &mut self.core else { return };
        loop {
            if self.write.is_none() {
                self.write = core.take_unsaved();
            }
            let Some(save) = self.write.take_if(|_| !slow_disk) else { break };
            let seq = save.seq;
            self.disk.keep(save);
            core.saved(NOW, seq).expect("it was taken");
        }
        while let Some((first, entries)) = core.take_committed(usize::MAX) {
            core.applied(first + entries.len() as u64 - 1).expect("they were handed out");
        }
    }
}
