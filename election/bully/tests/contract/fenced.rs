//! Two leaders, and a store that refuses the smaller token, all in one world.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use bully::core::Core;
use bully::{Config, NodeId, Stored, Token};
use simnet::{Input, Link, Outbox, Process, World};

use super::counts::unhurried;
use super::pictures;
use super::sim::ms;

/// Where the store stands.
const STORE: NodeId = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Bully(bully::Message),
    Write(Token),
    Written,
    /// The epoch of the greatest token that was seen.
    Refused(u64),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bully(message) => message.fmt(f),
            Self::Write(token) => write!(f, "WRITE {token}"),
            Self::Written => write!(f, "WRITTEN"),
            Self::Refused(epoch) => write!(f, "REFUSED, now {epoch}"),
        }
    }
}

enum Node {
    /// It may lead, and then writes to the store.
    Candidate {
        core: Box<Core>,
        reigns: Option<Token>,
        refused: u32,
    },
    Store {
        greatest: Option<Token>,
        written: Vec<Token>,
    },
}

impl Process for Node {
    type Message = Message;
    type Write = Infallible;
    type Disk = ();

    fn keep((): &mut (), never: Infallible) {
        match never {}
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match self {
            Self::Candidate { core, reigns, refused } => {
                match input {
                    Input::Start => core.start(now),
                    Input::Time => core.tick(now),
                    Input::Message { from, message: Message::Bully(message) } => {
                        core.receive(now, from, message);
                    }
                    Input::Message { message: Message::Refused(epoch), .. } => {
                        *refused += 1;
                        core.outbid(now, epoch);
                    }
                    Input::Message { .. } | Input::Saved(_) => {}
                }
                settle(core, reigns, now, out);
            }
            Self::Store { greatest, written } => {
                if let Input::Message { from, message: Message::Write(token) } = input {
                    // The whole cure.
                    if greatest.is_some_and(|greatest| token < greatest) {
                        let epoch = greatest.map_or(0, |greatest| greatest.epoch);
                        return out.send(from, Message::Refused(epoch));
                    }
                    *greatest = Some(token);
                    written.push(token);
                    out.send(from, Message::Written);
                }
            }
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Candidate { core, .. } => core.deadline(),
            Self::Store { .. } => None,
        }
    }
}

/// Does what the core wants done, with a disk that is safe at once. Whoever comes to lead writes.
fn settle(core: &mut Core, reigns: &mut Option<Token>, now: Duration, out: &mut Outbox<Node>) {
    while let Some((number, _)) = core.take_save() {
        core.saved(now, number);
    }
    for (to, message) in core.take_messages() {
        out.send(to, Message::Bully(message));
    }
    if *reigns != core.token() {
        *reigns = core.token();
        match reigns {
            Some(token) => {
                out.note(format_args!("leads {token}"));
                out.send(STORE, Message::Write(*token));
            }
            None => out.note(format_args!("leads no more")),
        }
    }
}

fn world() -> World<Node> {
    let mut world = World::new(1, 1..=STORE, |me, ()| {
        if me == STORE {
            return Node::Store { greatest: None, written: Vec::new() };
        }
        let config = Config::new(me, 1..STORE, unhurried());
        let core = Core::new(config, Stored::default());
        Node::Candidate { core: Box::new(core), reigns: None, refused: 0 }
    });
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    world.run_until(Duration::from_secs(1), |_| ());
    world
}

fn token(world: &World<Node>, id: NodeId) -> Option<Token> {
    match world.node(id)? {
        Node::Candidate { core, .. } => core.token(),
        Node::Store { .. } => None,
    }
}

/// The leader 3 is cut off from the others, and only from them.
#[test]
fn the_trace_of_a_fenced_write_is_the_stored_one() {
    let mut world = world();
    let old = token(&world, 3).expect("3 leads");
    pictures::record(&mut world, 3, old);
    for id in [1, 2] {
        world.cut(id, 3);
    }
    let elect = |world: &mut World<Node>, id| {
        world.call(id, |node, now, out| {
            if let Node::Candidate { core, reigns, .. } = node {
                core.elect(now);
                settle(core, reigns, now, out);
            }
        });
    };
    elect(&mut world, 2);
    world.run_for(ms(12));
    let new = token(&world, 2).expect("the others elect 2");
    assert_eq!(token(&world, 3), Some(old), "and 3 leads on");

    // It does what a leader does, and learns so that it is the leader no more.
    world.call(3, |_, _, out| out.send(STORE, Message::Write(old)));
    world.run_for(ms(4));
    let newest = token(&world, 3).expect("it claimed anew");
    let (Some(Node::Store { written, .. }), Some(Node::Candidate { refused, .. })) =
        (world.node(STORE), world.node(3))
    else {
        panic!("4 is the store, and 3 a candidate");
    };
    assert_eq!((&written[..], *refused), (&[old, new, newest][..], 1));
    assert!(written.is_sorted());
    pictures::is_stored("fenced_write", world.trace());
}
