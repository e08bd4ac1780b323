//! Three nodes of the crate `raft`, `TiKV`'s, each with a thread of its own that does all there is to do:
//! it takes in what has come, saves, sends what it has for a peer as one message, and applies.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::{Condvar, Mutex};
use raft_rs::eraftpb::{Entry, Message};
use raft_rs::{Config, RawNode, StateRole};

use super::contender::{Cluster, LATE, Lane, Scene, Seen, pipeline};
use super::folders::{self, Folders};
use crate::store::Store;
use wal::Record;
use wal::lock::Wal;

/// How many events wait at a node, how many it takes in at once.
const INBOX: usize = 1 << 16;
const DRAIN: usize = 1024;
const TICK: Duration = Duration::from_millis(100);
/// More than can be on the way to a slow follower.
const KEPT: u64 = 1 << 16;

enum Event {
    Propose(Vec<u8>, Arc<Slot>),
    Messages(Vec<Message>),
    /// Start an election; say so when it is won.
    Lead(Arc<Slot>),
    Stop,
}

/// Where a client waits.
#[derive(Default)]
struct Slot {
    answer: Mutex<Option<u64>>,
    filled: Condvar,
}

impl Slot {
    fn fill(&self, answer: u64) {
        *self.answer.lock() = Some(answer);
        self.filled.notify_one();
    }

    fn wait(&self) {
        let mut answer = self.answer.lock();
        while answer.is_none() {
            self.filled.wait(&mut answer);
        }
    }
}

pub(crate) struct Threads {
    doors: [Sender<Event>; 3],
    seen: [Seen; 3],
    handles: Vec<JoinHandle<()>>,
    logs: Vec<Arc<Wal>>,
    /// Dropped last.
    _folders: Folders,
}

struct Node {
    raw: RawNode<Store>,
    machine: Seen,
    inbox: Receiver<Event>,
    /// The ways to all nodes; one may be late.
    doors: [Sender<Event>; 3],
    mail: [Vec<Message>; 3],
    /// The clients of the leader, in the order of their commands.
    waiting: VecDeque<Arc<Slot>>,
    /// Who waits for it to lead.
    leads: Option<Arc<Slot>>,
    log: Option<Arc<Wal>>,
    write: Duration,
}

impl Cluster for Threads {
    fn start(scene: Scene) -> Self {
        let (doors, mut inboxes) =
            ([(); 3]).map(|()| bounded(INBOX)).into_iter().unzip::<_, _, Vec<_>, VecDeque<_>>();
        let doors: [Sender<Event>; 3] = doors.try_into().expect("there are three");
        let seen: [Seen; 3] = <_>::default();
        let (folders, mut logs) = (Folders::new(), Vec::new());
        let start = |id: u64| {
            let log = folders.log(scene, id).map(Arc::new);
            logs.extend(log.clone());
            let mut doors = doors.clone();
            if scene == Scene::SlowPeer && id == 3 {
                doors[0] = late(doors[0].clone());
            }
            let is_slow = scene == Scene::SlowDisk && id == 3;
            let node = Node {
                raw: raw(id),
                machine: Arc::clone(&seen[id as usize - 1]),
                inbox: inboxes.pop_front().expect("there are three"),
                doors,
                mail: <_>::default(),
                waiting: VecDeque::new(),
                leads: None,
                log,
                write: if is_slow { LATE } else { Duration::ZERO },
            };
            thread::spawn(move || node.run())
        };
        let handles = (1..=3).map(start).collect();
        let cluster = Self { doors, seen, handles, logs, _folders: folders };
        let leads = Arc::<Slot>::default();
        cluster.doors[0].send(Event::Lead(Arc::clone(&leads))).expect("it runs");
        leads.wait();
        cluster
    }

    fn drive(&self, lane: Lane) -> Vec<Duration> {
        let submit = |command: [u8; 64]| {
            let slot = Arc::<Slot>::default();
            let event = Event::Propose(command.to_vec(), Arc::clone(&slot));
            self.doors[0].send(event).expect("it runs");
            slot
        };
        pipeline(lane, submit, |slot| slot.wait())
    }

    fn seen(&self) -> &[Seen] {
        &self.seen
    }

    fn syncs(&self) -> (u64, Duration) {
        folders::sum(self.logs.iter().map(|log| log.counts()))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for door in &self.doors {
            let _ = door.send(Event::Stop);
        }
        for thread in self.handles.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What has to be safe. The bench never reads it again.
fn bytes(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let head = [entry.term, entry.index, entry.data.len() as u64];
        bytes.extend(head.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(&entry.data);
    }
    bytes
}

fn raw(id: u64) -> RawNode<Store> {
    let config = Config {
        id,
        batch_append: true,
        // As ours does.
        max_size_per_msg: 1 << 20,
        check_quorum: true,
        pre_vote: true,
        skip_bcast_commit: true,
        ..Config::default()
    };
    let raw = RawNode::with_default_logger(&config, Store::new(vec![1, 2, 3], KEPT));
    raw.expect("the configuration is good")
}

/// A way that takes its time.
fn late(door: Sender<Event>) -> Sender<Event> {
    let (late, events) = bounded::<(Instant, Event)>(INBOX);
    let (way, coming) = bounded(INBOX);
    thread::spawn(move || {
        coming.into_iter().try_for_each(|event| late.send((Instant::now() + LATE, event)))
    });
    thread::spawn(move || {
        for (due, event) in events {
            #[expect(clippy::disallowed_methods, reason = "the network takes its time")]
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let _ = door.send(event);
        }
    });
    way
}

impl Node {
    fn run(mut self) {
        let mut next = Instant::now() + TICK;
        loop {
            match self.inbox.recv_deadline(next) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(event) => self.take(event),
                Err(RecvTimeoutError::Timeout) => {}
            }
            for event in self.inbox.clone().try_iter().take(DRAIN) {
                match event {
                    Event::Stop => return,
                    event => self.take(event),
                }
            }
            if Instant::now() >= next {
                self.raw.tick();
                next += TICK;
            }
            while self.raw.has_ready() {
                self.work();
            }
            if self.raw.raft.state == StateRole::Leader {
                self.leads.take().iter().for_each(|leads| leads.fill(0));
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Propose(command, slot) => {
                self.raw.propose(Vec::new(), command).expect("it leads, and there is room");
                self.waiting.push_back(slot);
            }
            Event::Messages(messages) => {
                for message in messages {
                    self.raw.step(message).expect("all are sane");
                }
            }
            Event::Lead(leads) => {
                self.raw.campaign().expect("it wants to lead");
                self.leads = Some(leads);
            }
            Event::Stop => {}
        }
    }

    /// Saves, sends and applies what there is; the leader sends before it saves.
    fn work(&mut self) {
        let mut ready = self.raw.ready();
        self.post(ready.take_messages());
        self.send();
        self.apply(&ready.take_committed_entries());
        let entries = ready.take_entries();
        if !entries.is_empty() && !self.write.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "the disk takes its time")]
            thread::sleep(self.write);
        }
        if let Some(log) = self.log.as_ref().filter(|_| ready.must_sync() || !entries.is_empty()) {
            log.force(&[Record::new(1, &bytes(&entries))]).expect("the disk is well");
        }
        self.raw.mut_store().append(entries);
        if let Some(hard_state) = ready.hs() {
            self.raw.mut_store().set_hard_state(hard_state.clone());
        }
        self.post(ready.take_persisted_messages());
        let mut light = self.raw.advance_append(ready);
        self.post(light.take_messages());
        self.send();
        self.apply(&light.take_committed_entries());
        self.raw.advance_apply();
        let applied = self.raw.raft.raft_log.applied;
        self.raw.mut_store().forget(applied);
    }

    fn post(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.mail[message.to as usize - 1].push(message);
        }
    }

    /// All that there is for a node goes together.
    fn send(&mut self) {
        for (mail, door) in self.mail.iter_mut().zip(&self.doors) {
            if !mail.is_empty() {
                let _ = door.try_send(Event::Messages(std::mem::take(mail)));
            }
        }
    }

    fn apply(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !entry.data.is_empty()) {
            let commands = {
                let mut machine = self.machine.lock().expect("nothing panics under this mutex");
                machine.apply(&entry.data);
                machine.commands
            };
            if let Some(slot) = self.waiting.pop_front() {
                slot.fill(commands);
            }
        }
    }
}
