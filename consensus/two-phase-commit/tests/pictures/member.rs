//! A real participant as a node of a simulated world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use simnet::{Input, NodeId, Outbox};
use two_phase_commit::embedded::Embedded;
use two_phase_commit::log::{Line, Log, LogFailed, Memory, Opened};
use two_phase_commit::participant::{Inquire, Participant};
use two_phase_commit::{Answer, CoordinatorId, ParticipantId, Tx};

use crate::account::Account;
use crate::sim::{Message, Node, Write, ms};

/// Who is in doubt asks when nothing was heard for so long, and again.
const ASK: Duration = ms(8);

/// A log in memory, and how often it was forced.
#[derive(Debug, Clone)]
struct Counted(Memory, Arc<AtomicU64>);

impl Log for Counted {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.force(lines)
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        self.0.write(line)
    }

    fn release(&self, before: u64) -> Result<(), LogFailed> {
        self.0.release(before)
    }
}

pub(crate) struct Member {
    bank: Participant<Embedded<Account, Counted>>,
    forced: Arc<AtomicU64>,
    /// By write, what follows when it is safe.
    after: BTreeMap<u64, After>,
    ask: Option<Duration>,
    /// All that it could know anything by, and when.
    pub(crate) seen: Vec<(Duration, String)>,
}

struct After {
    says: Option<(NodeId, Message)>,
    unlocks: bool,
}

/// What is known of those who can be asked, and who was.
#[derive(Default)]
struct Mail {
    known: Option<(Tx, Answer)>,
    asked: RefCell<Vec<(NodeId, Tx)>>,
}

impl Mail {
    fn ask(&self, whom: NodeId, tx: Tx) -> Option<Answer> {
        self.asked.borrow_mut().push((whom, tx));
        self.known.filter(|(known, _)| *known == tx).map(|(_, answer)| answer)
    }
}

impl Inquire for Mail {
    fn coordinator(&self, of: CoordinatorId, tx: Tx) -> Option<Answer> {
        self.ask(of, tx)
    }

    fn peer(&self, peer: ParticipantId, tx: Tx) -> Option<Answer> {
        self.ask(peer, tx)
    }

    /// Nobody reads only.
    fn next(&self, _: CoordinatorId) -> Option<Tx> {
        None
    }
}

impl Member {
    pub(crate) fn open(id: ParticipantId, log: &Memory) -> Self {
        let forced = Arc::new(AtomicU64::new(0));
        let Opened { log, lines } = log.open();
        let opened = Opened { log: Counted(log, Arc::clone(&forced)), lines };
        let empty = Account { balance: 100, locked: None };
        let store = Embedded::open(opened, empty).expect("it is its own log");
        let bank = Participant::open(id, store).expect("memory does not fail");
        Self { bank, forced, after: BTreeMap::new(), ask: None, seen: Vec::new() }
    }

    pub(crate) fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Node>) {
        if let Input::Message { from, message } = &input {
            self.seen.push((now, format!("{from} {message}")));
        }
        let (forced, was_locked) = (self.forced.load(Ordering::Relaxed), self.is_locked());
        let says = match input {
            Input::Message { from, message: Message::Request(request) } => {
                self.bank.handle(request).map(|reply| (from, Message::Reply(reply)))
            }
            Input::Message { from, message: Message::Asks(tx) } => {
                Some((from, Message::Answer(tx, self.bank.ask(tx))))
            }
            Input::Message { message: Message::Answer(tx, answer), .. } => {
                let known = Some((tx, answer));
                self.bank.resolve(&Mail { known, ..Mail::default() });
                None
            }
            Input::Message { message: Message::Reply(_), .. } | Input::Start => None,
            Input::Time => {
                self.ask(out);
                None
            }
            Input::Saved(write) => {
                if let Some(after) = self.after.remove(&write) {
                    self.follow(after, out);
                }
                None
            }
        };
        let is_forced = self.forced.load(Ordering::Relaxed) > forced;
        let after = After { says, unlocks: was_locked && !self.is_locked() };
        if !was_locked && self.is_locked() {
            // A wide lane in the picture. It is there before the promise is written down.
            out.note(format_args!("locked"));
        }
        if is_forced {
            self.after.insert(out.save(Write::Forced), after);
        } else {
            self.follow(after, out);
        }
        self.plan(now);
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.ask
    }

    pub(crate) fn balance(&self) -> i64 {
        self.bank.store().read(|account| account.balance)
    }

    /// Voted yes, and told nothing.
    pub(crate) fn is_in_doubt(&self) -> bool {
        !self.bank.in_doubt().is_empty()
    }

    fn is_locked(&self) -> bool {
        self.bank.store().read(|account| account.locked.is_some())
    }

    fn ask(&mut self, out: &mut Outbox<Node>) {
        let mail = Mail::default();
        self.bank.resolve(&mail);
        for (whom, tx) in mail.asked.into_inner() {
            out.send(whom, Message::Asks(tx));
        }
        self.ask = None;
    }

    fn follow(&self, after: After, out: &mut Outbox<Node>) {
        if after.unlocks {
            out.note(format_args!("unlocked: {}", self.balance()));
        }
        if let Some((to, message)) = after.says {
            out.send(to, message);
        }
    }

    fn plan(&mut self, now: Duration) {
        self.ask = self.is_in_doubt().then(|| self.ask.unwrap_or(now + ASK));
    }
}
