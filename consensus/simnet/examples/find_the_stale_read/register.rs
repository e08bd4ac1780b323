//! A register on a primary with a copy, and clients that read and write it. Right, unless a rule is
//! broken on purpose.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use simnet::judge::{History, Model};
use simnet::{Input, NodeId, Outbox, Process, Rng, Storm, World};

pub(crate) const PRIMARY: NodeId = 1;
pub(crate) const COPY: NodeId = 2;
pub(crate) const CLIENTS: [NodeId; 3] = [11, 12, 13];
const PATIENCE: Duration = Duration::from_millis(40);

/// Which rules are broken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Broken {
    /// Clients read from the copy, which is always a little behind.
    pub(crate) reads_from_the_copy: bool,
    /// The primary does a request again when it comes again.
    pub(crate) forgets_requests: bool,
    /// The primary answers before the write is safe on its disk.
    pub(crate) answers_too_early: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    Write(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Value(u64),
}

/// The register as one client alone would see it.
#[derive(Debug)]
pub(crate) struct Register;

impl Model for Register {
    type State = u64;
    type Op = Op;
    type Answer = Answer;

    fn start(&self) -> u64 {
        0
    }

    fn step(&self, state: &u64, op: &Op, answer: Option<&Answer>) -> Option<u64> {
        match (op, answer) {
            (Op::Write(value), None | Some(Answer::Done)) => Some(*value),
            (Op::Read, None) => Some(*state),
            (Op::Read, Some(Answer::Value(seen))) => (seen == state).then_some(*state),
            (Op::Read, Some(Answer::Done)) | (Op::Write(_), Some(Answer::Value(_))) => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Message {
    Ask(u64, Op),
    Answer(u64, Answer),
    Copy(u64),
}

/// What the primary's disk is told: a client's request, and the value it writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    client: NodeId,
    request: u64,
    value: u64,
}

/// What the primary must not forget: the value, and for each client the last request done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    value: u64,
    done: BTreeMap<NodeId, u64>,
}

impl Stored {
    fn apply(&mut self, change: Change) {
        self.value = change.value;
        self.done.insert(change.client, change.request);
    }
}

pub(crate) type Seen = Rc<RefCell<History<Op, Answer>>>;

#[derive(Debug)]
pub(crate) enum Node {
    Primary(Primary),
    Copy(u64),
    Client(Client),
}

#[derive(Debug)]
pub(crate) struct Primary {
    broken: Broken,
    stored: Stored,
    /// Writes on their way to the disk, by their numbers. Nobody may see them yet.
    pending: VecDeque<(u64, Change)>,
}

#[derive(Debug)]
pub(crate) struct Client {
    broken: Broken,
    rng: Rng,
    seen: Seen,
    left: u32,
    request: u64,
    /// The call it waits for, what it asked, and how often it may still ask again.
    waits: Option<(usize, Op, u32)>,
    deadline: Option<Duration>,
}

/// A world with a primary, a copy and three clients of `operations` each, and what these will see.
pub(crate) fn world(seed: u64, operations: u32, broken: Broken) -> (World<Node>, Seen) {
    let seen = Seen::default();
    let theirs = Rc::clone(&seen);
    let boot = move |id, stored: &Stored| match id {
        PRIMARY => {
            Node::Primary(Primary { broken, stored: stored.clone(), pending: VecDeque::new() })
        }
        COPY => Node::Copy(0),
        client => Node::Client(Client {
            broken,
            rng: Rng::new(seed ^ (client << 32)),
            seen: Rc::clone(&theirs),
            left: operations,
            request: 0,
            waits: None,
            deadline: None,
        }),
    };
    (World::new(seed, [PRIMARY, COPY].into_iter().chain(CLIENTS), boot), seen)
}

/// One run: two seconds of faults for the servers, then a second without.
pub(crate) fn run(seed: u64, broken: Broken) -> (World<Node>, History<Op, Answer>) {
    let ms = Duration::from_millis;
    let (mut world, seen) = world(seed, 8, broken);
    world.record();
    world.set_disk(PRIMARY, ms(0)..=ms(10));
    world.start_all();
    let spared = CLIENTS.to_vec();
    let storm = Storm { gap: ms(2)..=ms(20), slowest_write: ms(20), spared, ..Storm::default() };
    storm.rage(&mut world, Duration::from_secs(2), |_| ());
    world.calm();
    world.run_for(Duration::from_secs(1));
    let seen = seen.take();
    (world, seen)
}

impl Process for Node {
    type Message = Message;
    type Write = Change;
    type Disk = Stored;

    fn keep(disk: &mut Stored, change: Change) {
        disk.apply(change);
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match (self, input) {
            (Node::Primary(it), Input::Message { from, message: Message::Ask(request, op) }) => {
                it.asked(from, request, op, out);
            }
            (Node::Primary(it), Input::Saved(write)) => it.saved(write, out),
            (Node::Copy(value), Input::Message { from, message }) => match message {
                Message::Copy(new) => *value = new,
                Message::Ask(request, _) => {
                    out.send(from, Message::Answer(request, Answer::Value(*value)));
                }
                Message::Answer(..) => {}
            },
            (Node::Client(it), Input::Start) => {
                // Above all requests of an earlier life: each took far more than a microsecond.
                it.request = now.as_micros() as u64;
                it.deadline = Some(now);
            }
            (Node::Client(it), Input::Time) => it.time(now, out),
            (Node::Client(it), Input::Message { message: Message::Answer(to, answer), .. }) => {
                it.answered(now, to, answer, out);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Node::Client(client) => client.deadline,
            Node::Primary(_) | Node::Copy(_) => None,
        }
    }
}

impl Primary {
    fn asked(&mut self, client: NodeId, request: u64, op: Op, out: &mut Outbox<Node>) {
        let Op::Write(value) = op else {
            let answer = Answer::Value(self.stored.value);
            return out.send(client, Message::Answer(request, answer));
        };
        if !self.broken.forgets_requests {
            if self.stored.done.get(&client).is_some_and(|done| *done >= request) {
                return out.send(client, Message::Answer(request, Answer::Done));
            }
            if self.pending.iter().any(|(_, it)| (it.client, it.request) == (client, request)) {
                return;
            }
        }
        let change = Change { client, request, value };
        let write = out.save(change);
        if self.broken.answers_too_early {
            self.finish(change, out);
        } else {
            self.pending.push_back((write, change));
        }
    }

    fn saved(&mut self, write: u64, out: &mut Outbox<Node>) {
        while let Some((_, change)) = self.pending.pop_front_if(|(number, _)| *number <= write) {
            self.finish(change, out);
        }
    }

    fn finish(&mut self, change: Change, out: &mut Outbox<Node>) {
        self.stored.apply(change);
        out.send(COPY, Message::Copy(change.value));
        out.send(change.client, Message::Answer(change.request, Answer::Done));
    }
}

impl Client {
    fn time(&mut self, now: Duration, out: &mut Outbox<Node>) {
        match self.waits {
            Some((call, op, again)) if again > 0 => {
                self.waits = Some((call, op, again - 1));
                self.ask(now, op, out);
            }
            // It gives up: the outcome stays unknown.
            Some(_) => self.rest(now),
            None => self.call(now, out),
        }
    }

    fn call(&mut self, now: Duration, out: &mut Outbox<Node>) {
        if self.left == 0 {
            self.deadline = None;
            return;
        }
        self.left -= 1;
        self.request += 1;
        let mut seen = self.seen.borrow_mut();
        let value = seen.operations().len() as u64 + 1;
        let op = if self.rng.chance(500) { Op::Read } else { Op::Write(value) };
        let call = seen.call(out.world_time(), op);
        drop(seen);
        self.waits = Some((call, op, 2));
        self.ask(now, op, out);
    }

    fn rest(&mut self, now: Duration) {
        self.waits = None;
        self.deadline = Some(now + self.rng.time(&(Duration::ZERO..=PATIENCE)));
    }

    fn ask(&mut self, now: Duration, op: Op, out: &mut Outbox<Node>) {
        let copy = op == Op::Read && self.broken.reads_from_the_copy;
        out.send(if copy { COPY } else { PRIMARY }, Message::Ask(self.request, op));
        self.deadline = Some(now + PATIENCE);
    }

    fn answered(&mut self, now: Duration, to: u64, answer: Answer, out: &mut Outbox<Node>) {
        if let Some((call, ..)) = self.waits
            && to == self.request
        {
            self.seen.borrow_mut().answer(out.world_time(), call, answer);
            self.rest(now);
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => write!(f, "read"),
            Self::Write(value) => write!(f, "write {value}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "done"),
            Self::Value(value) => write!(f, "{value}"),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(request, op) => write!(f, "{request}: {op}?"),
            Self::Answer(request, answer) => write!(f, "{request}: {answer}"),
            Self::Copy(value) => write!(f, "copy {value}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.value, self.client)
    }
}
