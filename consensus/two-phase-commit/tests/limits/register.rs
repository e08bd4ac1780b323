//! A register on three machines. One number says which two of three it has: with a quorum of two nobody ever reads
//! what is old, with a quorum of one everybody is always answered.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use simnet::judge::{History, Model};
use simnet::{Input, Link, NodeId, Outbox, Process, World};

pub(crate) const ALL: [NodeId; 3] = [1, 2, 3];
/// Then a client is told that it cannot be done now.
const PATIENCE: Duration = Duration::from_millis(10);
/// How often replicas tell each other what they have.
pub(crate) const GOSSIP: Duration = Duration::from_millis(20);

/// Who wrote breaks ties.
type Version = (u64, NodeId);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Read,
    Write(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Value(u64),
    /// Nothing was done.
    Refused,
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
            Self::Refused => write!(f, "refused"),
        }
    }
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
            (Op::Read, None) | (_, Some(Answer::Refused)) => Some(*state),
            (Op::Read, Some(Answer::Value(seen))) => (seen == state).then_some(*state),
            _ => None,
        }
    }
}

pub(crate) type Seen = Rc<RefCell<History<Op, Answer>>>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Message {
    Get(u64),
    Has(u64, Version, u64),
    Put(u64, Version, u64),
    Stored(u64),
    /// Nobody asked.
    News(Version, u64),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(_) => write!(f, "GET"),
            Self::Has(_, _, value) => write!(f, "HAS {value}"),
            Self::Put(_, _, value) => write!(f, "PUT {value}"),
            Self::Stored(_) => write!(f, "STORED"),
            Self::News(_, value) => write!(f, "NEWS {value}"),
        }
    }
}

pub(crate) struct Replica {
    me: NodeId,
    quorum: usize,
    version: Version,
    pub(crate) value: u64,
    gossip: Option<Duration>,
    runs: Option<Running>,
    requests: u64,
    seen: Seen,
    pub(crate) answered: u64,
    pub(crate) gave_up: u64,
}

/// What a client waits for.
struct Running {
    op: Op,
    call: usize,
    request: u64,
    deadline: Duration,
    stage: Stage,
}

enum Stage {
    /// How many said what they have, and the newest of it.
    Gets(usize, (Version, u64)),
    /// How many have stored this.
    Puts(usize, u64),
}

impl Replica {
    pub(crate) fn is_busy(&self) -> bool {
        self.runs.is_some()
    }

    /// A client on this machine begins.
    pub(crate) fn begin(&mut self, now: Duration, op: Op, out: &mut Outbox<Self>) {
        self.requests += 1;
        let call = self.seen.borrow_mut().call(out.world_time(), op);
        let (request, deadline) = (self.requests, now + PATIENCE);
        let stage = Stage::Gets(1, (self.version, self.value));
        self.runs = Some(Running { op, call, request, deadline, stage });
        out.note(format_args!("{op}"));
        if self.quorum > 1 {
            self.to_others(Message::Get(request), out);
        }
        self.advance(out);
    }

    fn to_others(&self, message: Message, out: &mut Outbox<Self>) {
        for id in ALL.into_iter().filter(|id| *id != self.me) {
            out.send(id, message);
        }
    }

    /// On to the next stage, if enough have answered.
    fn advance(&mut self, out: &mut Outbox<Self>) {
        let Some(runs) = &mut self.runs else { return };
        if let Stage::Gets(count, newest) = runs.stage
            && count >= self.quorum
        {
            let (version, value) = match runs.op {
                Op::Read => newest,
                Op::Write(value) => ((newest.0.0 + 1, self.me), value),
            };
            runs.stage = Stage::Puts(1, value);
            let request = runs.request;
            self.keep(version, value);
            self.to_others(Message::Put(request, version, value), out);
        }
        let Some(runs) = &self.runs else { return };
        if let Stage::Puts(count, value) = runs.stage
            && count >= self.quorum
        {
            let answer = match runs.op {
                Op::Read => Answer::Value(value),
                Op::Write(_) => Answer::Done,
            };
            self.seen.borrow_mut().answer(out.world_time(), runs.call, answer);
            out.note(format_args!("{answer}"));
            (self.runs, self.answered) = (None, self.answered + 1);
        }
    }

    /// Nothing was done as long as it only looked. Later, it may have been done or not: the client is told no
    /// more than that.
    fn give_up(&mut self, late: &Running, out: &mut Outbox<Self>) {
        if let Stage::Gets(..) = late.stage {
            self.seen.borrow_mut().answer(out.world_time(), late.call, Answer::Refused);
        }
        out.note(format_args!("no majority"));
        self.gave_up += 1;
    }

    fn keep(&mut self, version: Version, value: u64) {
        if version > self.version {
            (self.version, self.value) = (version, value);
        }
    }

    fn hear(&mut self, from: NodeId, message: Message, out: &mut Outbox<Self>) {
        match message {
            Message::Get(request) => {
                out.send(from, Message::Has(request, self.version, self.value));
            }
            Message::Put(request, version, value) => {
                self.keep(version, value);
                out.send(from, Message::Stored(request));
            }
            Message::News(version, value) => self.keep(version, value),
            Message::Has(request, version, value) => {
                if let Some(Running { request: own, stage: Stage::Gets(count, newest), .. }) =
                    &mut self.runs
                    && *own == request
                {
                    (*count, *newest) = (*count + 1, (*newest).max((version, value)));
                }
            }
            Message::Stored(request) => {
                if let Some(Running { request: own, stage: Stage::Puts(count, _), .. }) =
                    &mut self.runs
                    && *own == request
                {
                    *count += 1;
                }
            }
        }
        self.advance(out);
    }
}

impl Process for Replica {
    type Message = Message;
    type Write = Infallible; // nobody crashes here
    type Disk = ();

    fn keep((): &mut (), never: Infallible) {
        match never {}
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        if let Input::Message { from, message } = input {
            self.hear(from, message, out);
        }
        if let Some(late) = self.runs.take_if(|runs| runs.deadline <= now) {
            self.give_up(&late, out);
        }
        if self.gossip.is_some_and(|at| at <= now) {
            self.to_others(Message::News(self.version, self.value), out);
            self.gossip = Some(now + GOSSIP);
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.runs.as_ref().map(|runs| runs.deadline).into_iter().chain(self.gossip).min()
    }
}

/// Three replicas, a millisecond from each other, and what their clients will see.
pub(crate) fn world(seed: u64, quorum: usize, gossips: bool) -> (World<Replica>, Seen) {
    let seen = Seen::default();
    let theirs = Rc::clone(&seen);
    let boot = move |me, (): &()| Replica {
        me,
        quorum,
        version: (0, 0),
        value: 0,
        gossip: gossips.then_some(GOSSIP),
        runs: None,
        requests: 0,
        seen: Rc::clone(&theirs),
        answered: 0,
        gave_up: 0,
    };
    let mut world = World::new(seed, ALL, boot);
    world.set_links(Link::after(Duration::from_millis(1)..=Duration::from_millis(1)));
    world.start_all();
    (world, seen)
}

pub(crate) fn begin(world: &mut World<Replica>, id: NodeId, op: Op) {
    world.call(id, |replica, now, out| replica.begin(now, op, out));
}

/// A client of this replica does this, and waits until it is told something.
pub(crate) fn call(world: &mut World<Replica>, id: NodeId, op: Op) {
    begin(world, id, op);
    world.run_until_it_holds(2 * PATIENCE, |world| !world.node(id).unwrap().is_busy());
}
