//! The textbook's Bully, and how it breaks. Ours stands the same tests.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use bully::core::Core;
use bully::{Config, Stored, Timing};
use simnet::{Input, NodeId, Outbox, Process, World};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The textbook's timeout; ours waits no longer for anything.
const TIMEOUT: Duration = ms(30);
const HEARTBEAT: Duration = ms(10);
/// A hundred timeouts.
const LONG: Duration = ms(3000);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Message {
    Election,
    Ok,
    Coordinator,
    Gossip,
    Ours(bully::Message),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

enum Node {
    Textbook(Textbook),
    Ours(Box<Core>),
}

// ANCHOR: textbook
/// A follower waits for a word of the leader, and starts an election if none comes.
struct Textbook {
    me: NodeId,
    count: NodeId,
    leader: Option<NodeId>,
    /// Whoever was answered OK waits for the new leader. No timer runs meanwhile.
    deadline: Option<Duration>,
    was_answered: bool,
}

impl Textbook {
    fn receive(&mut self, now: Duration, from: NodeId, message: &Message, out: &mut Outbox<Node>) {
        // The timeout is made anew for every message, whoever sent it.
        if self.deadline.is_some() {
            self.deadline = Some(now + TIMEOUT);
        }
        match message {
            Message::Election if from < self.me => {
                out.send(from, Message::Ok);
                self.elect(now, out);
            }
            Message::Ok => (self.was_answered, self.deadline) = (true, None),
            Message::Coordinator => {
                (self.leader, self.deadline) = (Some(from), Some(now + TIMEOUT));
            }
            _ => {}
        }
    }

    fn elect(&mut self, now: Duration, out: &mut Outbox<Node>) {
        (self.leader, self.was_answered) = (None, false);
        (self.me + 1..=self.count).for_each(|id| out.send(id, Message::Election));
        self.deadline = Some(now + TIMEOUT);
    }

    fn time(&mut self, now: Duration, out: &mut Outbox<Node>) {
        let leads = self.leader == Some(self.me);
        if leads || (self.leader.is_none() && !self.was_answered) {
            self.leader = Some(self.me);
            (1..self.me).for_each(|id| out.send(id, Message::Coordinator));
            self.deadline = Some(now + HEARTBEAT);
        } else {
            self.elect(now, out);
        }
    }
}
// ANCHOR_END: textbook

impl Process for Node {
    type Message = Message;
    type Write = Infallible;
    type Disk = ();

    fn keep((): &mut (), never: Infallible) {
        match never {}
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match (&mut *self, input) {
            (Self::Textbook(it), Input::Start) => it.elect(now, out),
            (Self::Textbook(it), Input::Time) => it.time(now, out),
            (Self::Textbook(it), Input::Message { from, message }) => {
                it.receive(now, from, &message, out);
            }
            (Self::Ours(it), Input::Start) => it.elect(now),
            (Self::Ours(it), Input::Time) => it.tick(now),
            (Self::Ours(it), Input::Message { from, message: Message::Ours(message) }) => {
                it.receive(now, from, message);
            }
            // What is no message of ours is not seen by our rules at all.
            (Self::Ours(_), _) | (Self::Textbook(_), Input::Saved(_)) => {}
        }
        if let Self::Ours(core) = self {
            // A disk that is safe at once.
            while let Some((number, _)) = core.take_save() {
                core.saved(now, number);
            }
            for (to, message) in core.take_messages() {
                out.send(to, Message::Ours(message));
            }
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Textbook(it) => it.deadline,
            Self::Ours(core) => core.deadline(),
        }
    }
}

impl Node {
    fn leader(&self) -> Option<NodeId> {
        match self {
            Self::Textbook(it) => it.leader,
            Self::Ours(core) => core.leader().map(|token| token.id),
        }
    }

    fn is_answered(&self) -> bool {
        match self {
            Self::Textbook(it) => it.was_answered,
            // Asked, and neither waiting for an answer any more nor led.
            Self::Ours(core) => core.deadline().is_some() && core.leader().is_none(),
        }
    }
}

/// Three nodes that follow 3.
fn settled(textbook: bool) -> World<Node> {
    let timing =
        Timing { heartbeat: HEARTBEAT, silence: TIMEOUT, answer: ms(10), takeover: TIMEOUT };
    let mut world = World::new(1, 1..=3, move |me, ()| {
        if textbook {
            let deadline = None;
            Node::Textbook(Textbook { me, count: 3, leader: None, deadline, was_answered: false })
        } else {
            Node::Ours(Box::new(Core::new(Config::new(me, 1..=3, timing), Stored::default())))
        }
    });
    world.start_all();
    world.run_for(ms(200));
    assert!(world.nodes().all(|(_, node)| node.leader() == Some(3)));
    world
}

/// 3 dies. 2 answers 1, and dies too.
fn the_one_who_answered_dies(textbook: bool) -> Option<NodeId> {
    let mut world = settled(textbook);
    world.crash(3);
    world
        .run_until_it_holds(LONG, |world| {
            world.node(1).unwrap().leader().is_none() && world.node(1).unwrap().is_answered()
        })
        .expect("1 asks");
    world.run_for(ms(4));
    world.crash(2);
    world.run_for(LONG);
    world.node(1).unwrap().leader()
}

#[test]
fn nobody_leads_when_the_one_who_answered_dies() {
    assert_eq!(the_one_who_answered_dies(true), None, "1 waits for ever");
    assert_eq!(the_one_who_answered_dies(false), Some(1));
}

/// 3 dies, and the others talk about the weather, more often than the timeout.
fn the_others_chat(textbook: bool) -> Option<NodeId> {
    let mut world = settled(textbook);
    world.crash(3);
    let end = world.now() + LONG;
    while world.now() < end {
        world.call(1, |_, _, out| out.send(2, Message::Gossip));
        world.call(2, |_, _, out| out.send(1, Message::Gossip));
        world.run_for(ms(5));
    }
    world.node(1).unwrap().leader()
}

#[test]
fn chatter_postpones_the_election_for_ever() {
    assert_eq!(the_others_chat(true), Some(3), "a dead node is followed");
    assert_eq!(the_others_chat(false), Some(2));
}

/// As a popular version has it: ids are strings.
#[test]
fn ten_is_less_than_nine_as_text() {
    let by_text = ["9", "10"].into_iter().max();
    let by_number = ["9", "10"].iter().filter_map(|id| id.parse::<NodeId>().ok()).max();
    assert_eq!((by_text, by_number), (Some("9"), Some(10)));
}
