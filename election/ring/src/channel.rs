//! The ring with one owner for each node: a thread that holds the rules and waits for whatever comes
//! first, a message, a question or its deadline. It sends and saves by itself. Dropping the node
//! stops the thread.
//!
//! Take along: `channel.rs`, `config.rs`, `core.rs`, `core/circle.rs`, `core/hand.rs`, `error.rs`,
//! `message.rs`, `select.rs`, `sync.rs`.
//!
//! The same text stands in `election/bully/src/channel.rs`, because a recipe depends on no sibling; a
//! test compares the two.

use std::convert::Infallible;
use std::time::Duration;

use super::config::Config;
use super::core::Core;
use super::error::{DeliverError, Panicked};
use super::message::{Message, NodeId, Stored, Token};
use super::select::{self, Event, NoAnswer};
use super::sync::{
    Arc, Instant, JoinHandle, QUESTIONS, ROOM, Receiver, Sender, TrySendError, Weak, bounded,
    thread,
};

/// One node that runs.
#[derive(Debug)]
pub struct Node {
    inbox: Sender<(NodeId, Message)>,
    /// Beside the inbox, so that a flood of messages keeps nobody from asking or stopping.
    questions: Sender<Question>,
    /// Closed when the thread ends, however it ends. A question that it left in its channel would
    /// otherwise wait for ever.
    ended: Receiver<Infallible>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Question {
    Leader(Sender<Option<Token>>),
    /// Tell me when it is no longer this one.
    Change(Waiter),
    Elect,
    Outbid(u64),
    Stop,
}

#[derive(Debug)]
struct Waiter {
    known: Option<Token>,
    reply: Sender<Option<Token>>,
    /// Held by whoever waits; the owner forgets those who gave up.
    alive: Weak<()>,
}

/// The thread's own.
struct Owner<S, D> {
    core: Core,
    start: Instant,
    send: S,
    save: D,
    waiters: Vec<Waiter>,
    inbox: Receiver<(NodeId, Message)>,
    questions: Receiver<Question>,
    /// Nothing is sent; that it goes is the message.
    _lives: Sender<Infallible>,
}

impl Node {
    /// Starts a node with what its disk holds, and an election. `send` sends a message to another
    /// node; it may lose it and should not wait. `save` returns when its argument is safe.
    ///
    /// # Panics
    ///
    /// When the disk holds an epoch that no count of elections reaches.
    pub fn start(
        config: Config,
        stored: Stored,
        send: impl FnMut(NodeId, Message) + Send + 'static,
        save: impl FnMut(Stored) + Send + 'static,
    ) -> Self {
        let (inbox, messages) = bounded(ROOM);
        let (questions, asked) = bounded(QUESTIONS);
        let (lives, ended) = bounded(0);
        let owner = Owner {
            core: Core::new(config, stored),
            start: Instant::now(),
            send,
            save,
            waiters: Vec::new(),
            inbox: messages,
            questions: asked,
            _lives: lives,
        };
        Self { inbox, questions, ended, thread: Some(thread::spawn(move || owner.run())) }
    }

    /// Hands over a message that came for this node. Never waits.
    ///
    /// # Errors
    ///
    /// When there is no room, and when the node has stopped: the message comes back.
    pub fn deliver(&self, from: NodeId, message: Message) -> Result<(), DeliverError> {
        self.inbox.try_send((from, message)).map_err(|error| match error {
            TrySendError::Full((_, message)) => DeliverError::Full(message),
            TrySendError::Disconnected((_, message)) => DeliverError::Closed(message),
        })
    }

    /// Who leads, as far as this node knows. `None` while it does not know, and when it has stopped.
    pub fn leader(&self) -> Option<Token> {
        let (reply, answer) = bounded(1);
        self.questions.send(Question::Leader(reply)).ok()?;
        select::answer(&answer, &self.ended, None).unwrap_or(None)
    }

    /// Waits until the leader is not the `known` one any more, but no longer than `timeout`; says
    /// who leads then.
    pub fn wait_change(&self, known: Option<Token>, timeout: Duration) -> Option<Token> {
        let deadline = Instant::now().checked_add(timeout);
        let (reply, answer) = bounded(1);
        let alive = Arc::new(());
        let waiter = Waiter { known, reply, alive: Arc::downgrade(&alive) };
        self.questions.send(Question::Change(waiter)).ok()?;
        match select::answer(&answer, &self.ended, deadline) {
            Ok(leader) => leader,
            Err(NoAnswer::TimedOut) => self.leader(),
            Err(NoAnswer::Never) => None,
        }
    }

    /// Starts an election.
    pub fn elect(&self) {
        // A node that has stopped elects nobody.
        let _ = self.questions.send(Question::Elect);
    }

    /// A resource refused this node's token, for it has seen this epoch.
    pub fn outbid(&self, epoch: u64) {
        let _ = self.questions.send(Question::Outbid(epoch));
    }

    /// Stops the node and waits for its thread.
    ///
    /// # Errors
    ///
    /// When `send` or `save` panicked: then it had stopped before.
    pub fn shutdown(mut self) -> Result<(), Panicked> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), Panicked> {
        let _ = self.questions.send(Question::Stop);
        self.thread.take().map_or(Ok(()), |thread| thread.join().map_err(|_| Panicked))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // A panic was reported by the thread itself.
        let _ = self.stop();
    }
}

impl<S: FnMut(NodeId, Message), D: FnMut(Stored)> Owner<S, D> {
    // ANCHOR: run
    fn run(mut self) {
        self.core.start(self.start.elapsed());
        loop {
            self.flush();
            let deadline = self.core.deadline().map(|it| self.start + it);
            let event = select::next(&self.inbox, &self.questions, deadline);
            let now = self.start.elapsed();
            match event {
                Event::Deadline => self.core.tick(now),
                Event::Message((from, message)) => self.core.receive(now, from, message),
                Event::Question(Question::Stop) | Event::Gone => return,
                Event::Question(question) => self.answer(now, question),
            }
        }
    }
    // ANCHOR_END: run

    fn answer(&mut self, now: Duration, question: Question) {
        match question {
            // Whoever asked may have gone.
            Question::Leader(reply) => _ = reply.try_send(self.core.leader()),
            Question::Change(waiter) => {
                self.waiters.retain(|waiter| waiter.alive.strong_count() > 0);
                self.waiters.push(waiter);
            }
            Question::Elect => self.core.elect(now),
            Question::Outbid(epoch) => self.core.outbid(now, epoch),
            Question::Stop => {}
        }
    }

    /// Does what the core wants done. What rests on a save is among the messages after it.
    fn flush(&mut self) {
        while let Some((number, stored)) = self.core.take_save() {
            (self.save)(stored);
            self.core.saved(self.start.elapsed(), number);
        }
        for (to, message) in self.core.take_messages() {
            (self.send)(to, message);
        }
        let leader = self.core.leader();
        self.waiters.retain(|waiter| {
            let waits = waiter.known == leader;
            if !waits {
                let _ = waiter.reply.try_send(leader);
            }
            waits
        });
    }
}
