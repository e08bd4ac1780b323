//! The textbook's ring, and how it breaks. Ours stands the same tests.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use ring::core::Core;
use ring::{Config, Kind, Letter, Stored, Timing, Token};
use simnet::{Input, NodeId, Outbox, Process, World};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const RING: [NodeId; 4] = [2, 4, 1, 3];
const LONG: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
enum Message {
    Candidate(NodeId),
    Elected(NodeId),
    Ours(ring::Message),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

// ANCHOR: textbook
/// Knows the next one, and nobody else.
struct Textbook {
    me: NodeId,
    next: NodeId,
    leader: Option<NodeId>,
}

impl Textbook {
    fn receive(&mut self, message: &Message, out: &mut Outbox<Node>) {
        match *message {
            Message::Candidate(id) if id == self.me => {
                self.leader = Some(id);
                out.send(self.next, Message::Elected(id));
            }
            // The greater is handed on, and the smaller is swallowed.
            Message::Candidate(id) if id > self.me => out.send(self.next, Message::Candidate(id)),
            Message::Elected(id) if id != self.me => {
                self.leader = Some(id);
                out.send(self.next, Message::Elected(id));
            }
            _ => {}
        }
    }
}
// ANCHOR_END: textbook

enum Node {
    Textbook(Textbook),
    Ours(Box<Core>),
}

impl Process for Node {
    type Message = Message;
    type Write = Infallible;
    type Disk = ();

    fn keep((): &mut (), never: Infallible) {
        match never {}
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match (&mut *self, input) {
            (Self::Textbook(it), Input::Start) => out.send(it.next, Message::Candidate(it.me)),
            (Self::Textbook(it), Input::Message { message, .. }) => it.receive(&message, out),
            (Self::Ours(it), Input::Start) => it.start(now),
            (Self::Ours(it), Input::Time) => it.tick(now),
            (Self::Ours(it), Input::Message { from, message: Message::Ours(message) }) => {
                it.receive(now, from, message);
            }
            _ => {}
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
            Self::Textbook(_) => None,
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
}

fn world(textbook: bool) -> World<Node> {
    World::new(1, RING, move |me, ()| {
        let place = RING.iter().position(|id| *id == me).unwrap_or_default();
        if textbook {
            let next = RING[(place + 1) % RING.len()];
            Node::Textbook(Textbook { me, next, leader: None })
        } else {
            let timing = Timing::for_ring(RING.len(), ms(2));
            Node::Ours(Box::new(Core::new(Config::new(me, RING, timing), Stored::default())))
        }
    })
}

fn leaders(world: &World<Node>) -> Vec<Option<NodeId>> {
    world.nodes().map(|(_, node)| node.leader()).collect()
}

#[test]
fn both_elect_the_highest_when_nothing_goes_wrong() {
    for textbook in [true, false] {
        let mut world = world(textbook);
        world.start_all();
        world.run_for(LONG);
        assert_eq!(leaders(&world), [Some(4); 4]);
    }
}

#[test]
fn a_dead_node_breaks_the_ring() {
    for (textbook, expected) in [(true, [None; 3]), (false, [Some(4); 3])] {
        let mut world = world(textbook);
        world.start_all();
        world.crash(1);
        world.run_for(LONG);
        assert_eq!(leaders(&world), expected, "there is no way round it");
    }
}

/// 4 dies with its candidate on the way, and somebody mends the textbook's ring by hand. How often is
/// the dead one's candidate delivered, from one second later on?
fn letters_of_the_dead(textbook: bool) -> usize {
    let mut world = world(textbook);
    world.start_all();
    world.run_for(Duration::from_secs(1));
    world.crash(4);
    for (id, next) in [(2, 1), (1, 3), (3, 2)] {
        world.call(id, |node, _, _| {
            if let Node::Textbook(it) = node {
                it.next = next;
            }
        });
    }
    let token = Token { epoch: 50, id: 4 };
    let letter = Letter { kind: Kind::Candidate, token, round: 0, hops: 1 };
    let last_breath =
        if textbook { Message::Candidate(4) } else { Message::Ours(ring::Message::Letter(letter)) };
    world.call(2, |_, _, out| out.send(1, last_breath));
    world.run_for(Duration::from_secs(1));
    world.record();
    world.run_for(LONG);
    assert!(world.trace().lines().count() > 100, "the ring is not silent");
    let is_of_the_dead = |line: &&str| {
        line.contains("\"deliver\"")
            && line.contains("Candidate")
            && (line.contains("Candidate(4)") || line.contains("id: 4"))
    };
    world.trace().lines().filter(is_of_the_dead).count()
}

#[test]
fn the_candidate_of_a_crashed_maximum_circles_for_ever() {
    let textbook = letters_of_the_dead(true);
    assert!(textbook > 1000, "only {textbook} in {LONG:?}");
    assert_eq!(letters_of_the_dead(false), 0);
}
