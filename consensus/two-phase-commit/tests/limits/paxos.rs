//! Agreement on one value, by Paxos: three nodes vote, two propose. It is never wrong. Whether it ends is another
//! matter.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use simnet::{Input, Link, NodeId, Outbox, Process, Rng, World};

pub(crate) const VOTERS: [NodeId; 3] = [1, 2, 3];
pub(crate) const PROPOSERS: [NodeId; 2] = [4, 5];
const MAJORITY: usize = 2;

pub(crate) type Ballot = u64;
/// What is proposed: the name of who does.
pub(crate) type Value = u64;

#[derive(Debug, Clone)]
pub(crate) enum Message {
    Prepare(Ballot),
    /// And what was accepted before.
    Promise(Ballot, Option<(Ballot, Value)>),
    Accept(Ballot, Value),
    Accepted(Ballot),
    /// A higher one was promised.
    Refused(Ballot, Ballot),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

pub(crate) enum Node {
    Voter { promised: Ballot, accepted: Option<(Ballot, Value)> },
    Proposer(Proposer),
}

pub(crate) struct Proposer {
    me: NodeId,
    /// `None`: it tries again at once.
    dice: Option<Rng>,
    ballot: Ballot,
    /// How often it has proposed.
    pub(crate) tries: u64,
    stage: Stage,
}

enum Stage {
    /// It has not begun.
    Idle,
    /// How many have promised, and the newest that they had accepted.
    Asks(usize, Option<(Ballot, Value)>),
    /// How many have accepted it.
    Offers(usize, Value),
    /// It was refused; it tries again then, above what was promised.
    Waits(Duration, Ballot),
    Decided(Value),
}

impl Proposer {
    pub(crate) fn decided(&self) -> Option<Value> {
        match self.stage {
            Stage::Decided(value) => Some(value),
            _ => None,
        }
    }

    /// What it sends next, if all goes well, decides.
    fn is_about_to_offer(&self) -> bool {
        matches!(self.stage, Stage::Asks(..))
    }

    /// A ballot of its own, above all that were promised.
    fn propose(&mut self, above: Ballot, out: &mut Outbox<Node>) {
        self.tries += 1;
        let count = PROPOSERS.len() as Ballot;
        self.ballot = (above / count + 1) * count + (self.me - PROPOSERS[0]);
        self.stage = Stage::Asks(0, None);
        out.note(format_args!("PREPARE {}", self.ballot));
        for voter in VOTERS {
            out.send(voter, Message::Prepare(self.ballot));
        }
    }

    fn hear(&mut self, now: Duration, message: Message, out: &mut Outbox<Node>) {
        match (&mut self.stage, message) {
            (Stage::Asks(count, newest), Message::Promise(ballot, accepted))
                if ballot == self.ballot =>
            {
                (*count, *newest) = (*count + 1, (*newest).max(accepted));
                if *count == MAJORITY {
                    // What may have been decided stands.
                    let value = newest.map_or(self.me, |(_, value)| value);
                    self.stage = Stage::Offers(0, value);
                    out.note(format_args!("promised, ACCEPT {ballot}"));
                    for voter in VOTERS {
                        out.send(voter, Message::Accept(self.ballot, value));
                    }
                }
            }
            (Stage::Offers(count, value), Message::Accepted(ballot)) if ballot == self.ballot => {
                *count += 1;
                if *count == MAJORITY {
                    out.note(format_args!("decided"));
                    self.stage = Stage::Decided(*value);
                }
            }
            (Stage::Asks(..) | Stage::Offers(..), Message::Refused(ballot, promised))
                if ballot == self.ballot =>
            {
                out.note(format_args!("{ballot} is refused"));
                match &mut self.dice {
                    None => self.propose(promised, out),
                    Some(dice) => {
                        let wait = dice.time(&(Duration::ZERO..=Duration::from_millis(20)));
                        self.stage = Stage::Waits(now + wait, promised);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Process for Node {
    type Message = Message;
    type Write = Infallible; // nobody crashes here
    type Disk = ();

    fn keep((): &mut (), never: Infallible) {
        match never {}
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match (self, input) {
            (Self::Voter { promised, accepted }, Input::Message { from, message }) => {
                let answer = match message {
                    Message::Prepare(ballot) | Message::Accept(ballot, _) if ballot < *promised => {
                        Message::Refused(ballot, *promised)
                    }
                    Message::Prepare(ballot) => {
                        *promised = ballot;
                        Message::Promise(ballot, *accepted)
                    }
                    Message::Accept(ballot, value) => {
                        (*promised, *accepted) = (ballot, Some((ballot, value)));
                        Message::Accepted(ballot)
                    }
                    _ => return,
                };
                out.send(from, answer);
            }
            (Self::Proposer(it), Input::Message { message, .. }) => it.hear(now, message, out),
            (Self::Proposer(it), Input::Time) => {
                if let Stage::Waits(_, promised) = it.stage {
                    it.propose(promised, out);
                }
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Proposer(Proposer { stage: Stage::Waits(until, _), .. }) => Some(*until),
            _ => None,
        }
    }
}

/// Both are about to propose, the second a little later.
pub(crate) fn world(seed: u64, has_dice: bool) -> World<Node> {
    let boot = move |id, (): &()| {
        if VOTERS.contains(&id) {
            return Node::Voter { promised: 0, accepted: None };
        }
        let dice = has_dice.then(|| Rng::new(seed ^ (id << 32)));
        Node::Proposer(Proposer { me: id, dice, ballot: 0, tries: 0, stage: Stage::Idle })
    };
    let mut world = World::new(seed, VOTERS.into_iter().chain(PROPOSERS), boot);
    world.set_links(link(1));
    world
}

pub(crate) fn start(world: &mut World<Node>) {
    world.start_all();
    for id in PROPOSERS {
        world.call(id, |node, _, out| match node {
            Node::Proposer(it) => it.propose(0, out),
            Node::Voter { .. } => unreachable!("{id} proposes"),
        });
        let later = world.now() + Duration::from_millis(if id == PROPOSERS[0] { 3 } else { 0 });
        while world.now() < later {
            delay_what_decides(world);
            world.run_for(Duration::from_micros(500));
        }
    }
}

/// The scheduler's whole malice: an ACCEPT takes four milliseconds, anything else takes one.
pub(crate) fn delay_what_decides(world: &mut World<Node>) {
    for id in PROPOSERS {
        let millis = if proposer(world, id).is_about_to_offer() { 4 } else { 1 };
        for voter in VOTERS {
            world.set_link(id, voter, link(millis));
        }
    }
}

pub(crate) fn proposer(world: &World<Node>, id: NodeId) -> &Proposer {
    match world.node(id) {
        Some(Node::Proposer(proposer)) => proposer,
        _ => panic!("{id} does not propose"),
    }
}

pub(crate) fn has_accepted(world: &World<Node>, id: NodeId) -> bool {
    matches!(world.node(id), Some(Node::Voter { accepted: Some(_), .. }))
}

pub(crate) fn link(millis: u64) -> Link {
    let delay = Duration::from_millis(millis);
    Link::after(delay..=delay)
}
