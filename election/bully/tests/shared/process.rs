//! The rules as a node of a simulated world.
//!
//! The contract tests of the ring include this file too; what differs is in `subject`.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use simnet::{Input, Outbox, Process, World};

use super::subject::{self, Config, Message, NodeId, Stored, Token};
use super::under_test::core::Core;

/// How many of a kind were sent and delivered.
pub(crate) type Mail = Rc<RefCell<BTreeMap<&'static str, (u64, u64)>>>;

pub(crate) struct Node {
    pub(crate) core: Core,
    /// A number that no other life of any node has.
    pub(crate) life: u64,
    /// The disk's number of each write on its way, and the core's.
    writes: VecDeque<(u64, u64)>,
    mail: Mail,
    reigns: Option<Token>,
}

impl Process for Node {
    type Message = Message;
    type Write = Stored;
    type Disk = Stored;

    fn keep(disk: &mut Stored, write: Stored) {
        assert!(write.epoch >= disk.epoch, "the epoch fell from {disk} to {write}");
        *disk = write;
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match input {
            Input::Start => self.core.start(now),
            Input::Message { from, message } => {
                self.mail.borrow_mut().entry(subject::kind(message)).or_default().1 += 1;
                self.core.receive(now, from, message);
            }
            Input::Time => self.core.tick(now),
            Input::Saved(write) => {
                while let Some((_, number)) = self.writes.pop_front_if(|(it, _)| *it <= write) {
                    self.core.saved(now, number);
                }
            }
        }
        self.settle(out);
    }

    fn deadline(&self) -> Option<Duration> {
        self.core.deadline()
    }
}

impl Node {
    /// Does what the core wants done.
    pub(crate) fn settle(&mut self, out: &mut Outbox<Self>) {
        while let Some((number, stored)) = self.core.take_save() {
            self.writes.push_back((out.save(stored), number));
        }
        for (to, message) in self.core.take_messages() {
            self.mail.borrow_mut().entry(subject::kind(message)).or_default().0 += 1;
            out.send(to, message);
        }
        if self.reigns != self.core.token() {
            self.reigns = self.core.token();
            match self.reigns {
                Some(token) => out.note(format_args!("leads {token}")),
                None => out.note(format_args!("leads no more")),
            }
        }
    }
}

/// These nodes, not started, each with what `config` gives it.
pub(crate) fn world_of(
    seed: u64,
    nodes: impl IntoIterator<Item = NodeId>,
    config: impl Fn(NodeId) -> Config + 'static,
) -> (World<Node>, Mail) {
    let mail = Mail::default();
    let (theirs, mut lives) = (Rc::clone(&mail), 0);
    let boot = move |id, stored: &Stored| {
        lives += 1;
        Node {
            core: Core::new(config(id), *stored),
            life: lives,
            writes: VecDeque::new(),
            mail: Rc::clone(&theirs),
            reigns: None,
        }
    };
    (World::new(seed, nodes, boot), mail)
}

/// Whoever runs follows the highest that runs, under one token, and that one leads.
pub(crate) fn is_settled(world: &World<Node>) -> bool {
    let mut running = world.nodes().filter(|(id, _)| world.is_running(*id));
    let Some((lowest, node)) = running.next() else { return true };
    // In most moments of an election it does not know, and the others need not be asked.
    let Some(leader) = node.core.leader() else { return false };
    let mut highest = lowest;
    let all_agree = running.all(|(id, node)| {
        highest = id;
        node.core.leader() == Some(leader)
    });
    all_agree && leader.id == highest
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
