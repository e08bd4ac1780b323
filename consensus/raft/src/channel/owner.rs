//! The thread that owns the rules.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use super::inbox::Events;
use super::workers::{self, Task, Word};
use super::{Answered, Event, REPLIES};
use crate::desk::{Desk, Words, Work, Writer};
use crate::node::{Answerer, Disk, Machine, Network};
use crate::select::{First, first};
use crate::sync::{Arc, Instant, JoinHandle, Receiver, Sender, bounded};
use crate::types::NodeId;

/// How many events it takes in before it looks what came of them.
const DRAIN: usize = 1024;
/// How many entries the machine gets at once: what is committed meanwhile need not wait for all.
const MOST: usize = 1024;

pub(super) struct Owner<M: Machine> {
    desk: Desk<M>,
    start: Instant,
    events: Events<M>,
    answered: Receiver<Answered>,
    answers: Sender<Answered>,
    words: Receiver<Word>,
    stopped: Receiver<()>,
    network: Arc<dyn Network>,
    /// The peers whose connections are up.
    links: BTreeSet<NodeId>,
    /// A worker has one piece of work at most.
    disk: Writes,
    applier: Worker<Task<M>>,
}

/// Who writes.
enum Writes {
    /// The owner: the disk is instant.
    Here(Writer),
    There(Worker<Work>),
}

/// A thread that does one piece of work at a time.
struct Worker<W> {
    /// `None` when the node stops.
    work: Option<Sender<W>>,
    is_free: bool,
    thread: Option<JoinHandle<()>>,
}

/// What the owner was waiting for.
enum Came<M: Machine> {
    Event(Event<M>),
    Answered(Answered),
    Word(Word),
    Time,
    Stop,
}

impl<M: Machine> Owner<M> {
    pub(super) fn new(
        desk: Desk<M>,
        events: Events<M>,
        stopped: Receiver<()>,
        network: Arc<dyn Network>,
        machine: M,
        disk: impl Disk,
    ) -> Self {
        let start = Instant::now();
        // Each worker has a word for the piece of work that it has, the applier one more for a
        // snapshot, and each one for its end.
        let (tell, words) = bounded(5);
        let (answers, answered) = bounded(REPLIES);
        let writer = Writer::new(disk);
        let disk = if writer.is_instant() {
            Writes::Here(writer)
        } else {
            Writes::There(Worker::start(|work| workers::disk(writer, work, tell.clone())))
        };
        let applier = Worker::start(|work| workers::applier(machine, work, tell, start));
        let links = BTreeSet::new();
        Self {
            desk,
            start,
            events,
            answered,
            answers,
            words,
            stopped,
            network,
            links,
            disk,
            applier,
        }
    }

    // ANCHOR: run
    pub(super) fn run(mut self) {
        loop {
            // Nobody knows what is on the disk after an error: the node ends.
            let Ok(()) = self.write() else { return };
            self.flush();
            match self.wait() {
                Came::Stop | Came::Word(Word::Gone) => return,
                Came::Time => {}
                Came::Event(event) => self.take(event),
                Came::Answered(answered) => self.heard(answered),
                Came::Word(word) => self.told(word),
            }
            // Others may be about to bring more.
            std::thread::yield_now();
            // What else has come goes together.
            for event in self.events.receiver.clone().try_iter().take(DRAIN) {
                self.take(event);
            }
            for answered in self.answered.clone().try_iter().take(DRAIN) {
                self.heard(answered);
            }
            self.desk.tick(self.now());
        }
    }
    // ANCHOR_END: run

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wait(&self) -> Came<M> {
        let deadline = self.desk.deadline().and_then(|it| self.start.checked_add(it));
        let events = &self.events.receiver;
        match first(&self.stopped, &self.words, &self.answered, events, deadline) {
            First::Word(word) => Came::Word(word),
            First::Answered(answered) => Came::Answered(answered),
            First::Event(event) => Came::Event(event),
            First::Time => Came::Time,
            First::Gone => Came::Stop,
        }
    }

    fn take(&mut self, event: Event<M>) {
        let now = self.now();
        let mut words = Words::new();
        match event {
            Event::Submit(command, done) => self.desk.propose(command, done, &mut words),
            Event::Query(query) => self.desk.query(now, query, &mut words),
            Event::Stale(query) => self.desk.query_stale(query),
            Event::Change(changes, done, refuse) => {
                let _ = refuse.try_send(self.desk.change(now, &changes, done));
            }
            Event::Transfer(to, refuse) => {
                let _ = refuse.try_send(self.desk.transfer(now, to));
            }
            Event::Serve(from, request, answer) => self.desk.serve(now, from, request, answer),
            Event::Link(peer, Some(epoch)) => {
                self.links.insert(peer);
                self.desk.link_up(peer, epoch);
            }
            Event::Link(peer, None) => {
                self.links.remove(&peer);
                self.desk.core.link_down(peer);
            }
            Event::Status(tell) => _ = tell.try_send(self.desk.status()),
        }
        words.out();
    }

    fn heard(&mut self, (peer, context, reply): Answered) {
        let now = self.now();
        self.desk.heard(now, peer, context, reply);
    }

    fn told(&mut self, word: Word) {
        match word {
            Word::Safe(safe) => {
                if let Writes::There(worker) = &mut self.disk {
                    worker.is_free = true;
                }
                self.desk.worked(self.start.elapsed(), safe);
            }
            Word::Applied(upto) => {
                self.applier.is_free = true;
                if let Some(snapshot) = self.desk.applied(upto) {
                    self.applier.give(Task::Snapshot(snapshot));
                }
            }
            Word::Snapshot(snapshot, bytes) => {
                self.applier.is_free = true;
                self.desk.keep(snapshot, bytes);
            }
            Word::Gone => {}
        }
    }

    /// Has the disk write what there is, or writes it.
    fn write(&mut self) -> io::Result<()> {
        let now = self.now();
        match &mut self.disk {
            Writes::There(worker) if worker.is_free => {
                self.desk.take_work().into_iter().for_each(|work| worker.give(work));
            }
            Writes::There(_) => {}
            Writes::Here(writer) => {
                while let Some(work) = self.desk.take_work() {
                    let safe = writer.work(work)?;
                    self.desk.worked(now, safe);
                }
            }
        }
        Ok(())
    }

    /// Hands out what there is: to callers, to the machine, to the peers.
    fn flush(&mut self) {
        let mut words = Words::new();
        self.desk.settle(&mut words);
        words.out();
        if self.applier.is_free
            && let Some(job) = self.desk.take_job(MOST)
        {
            self.applier.give(Task::Do(job));
        }
        let now = self.now();
        for &peer in &self.links {
            while let Some((context, request)) = self.desk.next_for(now, peer) {
                let answers = self.answers.clone();
                let then = move |reply| _ = answers.try_send((peer, context, reply));
                self.network.ask(peer, request, Answerer::new(then));
            }
        }
    }
}

impl<W> Worker<W> {
    fn start(thread: impl FnOnce(Receiver<W>) -> JoinHandle<()>) -> Self {
        let (work, todo) = bounded(1);
        Self { work: Some(work), is_free: true, thread: Some(thread(todo)) }
    }

    /// It is free, so that there is room.
    fn give(&mut self, work: W) {
        self.is_free = false;
        let _ = self.work.as_ref().map(|to| to.try_send(work));
    }

    fn end(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // Its panic was printed.
            let _ = thread.join();
        }
    }
}

impl<M: Machine> Drop for Owner<M> {
    fn drop(&mut self) {
        let mut words = Words::new();
        self.desk.close(&mut words);
        words.out();
        // Before it waits for a disk: nobody else shall.
        self.events.close();
        if let Writes::There(worker) = &mut self.disk {
            worker.end();
        }
        self.applier.end();
    }
}
