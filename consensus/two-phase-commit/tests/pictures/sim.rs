//! A coordinator and participants as nodes of a simulated world.
//!
//! Who takes part is the real [`Participant`] around the real store; a force of its log becomes a write of the
//! simulated disk, and what it says leaves when that is safe. The coordinator is small, and rests on the same
//! rules as both variants: those have threads of their own, which no simulated world can hold.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use simnet::{Input, Link, NodeId, Outbox, Process, World};
use two_phase_commit::log::Memory;
use two_phase_commit::message::{Reply, Request, Said, What};
use two_phase_commit::record::Coordinated;
use two_phase_commit::{Answer, Outcome, Tx, Vote};

use crate::member::Member;
use crate::office::Office;

pub(crate) const COORDINATOR: NodeId = 1;

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Debug, Clone)]
pub(crate) enum Message {
    Request(Request),
    Reply(Reply),
    /// What became of it?
    Asks(Tx),
    Answer(Tx, Answer),
}

/// As a picture has it.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request(request) => match request.what {
                What::Prepare(_) => "PREPARE",
                What::Decide(Outcome::Committed) => "COMMIT",
                What::Decide(Outcome::Aborted) => "ABORT",
                What::Alone(_) | What::Recall | What::Forget => "ALONE",
            },
            Self::Reply(reply) => match reply.said {
                Said::Voted(Vote::Yes) => "YES",
                Said::Voted(Vote::ReadOnly) => "READ-ONLY",
                Said::Voted(Vote::No) => "NO",
                Said::Done => "DONE",
                Said::Mixed(_) => "MIXED",
                Said::Became(_) | Said::Foreign => "OTHER",
            },
            Self::Asks(_) => "which?",
            Self::Answer(_, Answer::Is(Outcome::Committed)) => "COMMITTED",
            Self::Answer(_, Answer::Is(Outcome::Aborted)) => "ABORTED",
            Self::Answer(_, Answer::Wait) => "WAIT",
            Self::Answer(_, Answer::Unknown) => "UNKNOWN",
        })
    }
}

/// A write to the simulated disk.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Office(Coordinated),
    /// The participant's own log has it; this says when it may be told.
    Forced,
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Office(Coordinated::Epoch { .. }) => "epoch",
            Self::Office(Coordinated::Committed { .. }) => "committed",
            Self::Office(Coordinated::End(_)) => "end",
            Self::Forced => "forced",
        })
    }
}

pub(crate) enum Node {
    Office(Office),
    Member(Box<Member>),
}

impl Process for Node {
    type Message = Message;
    type Write = Write;
    type Disk = Vec<Coordinated>;

    fn keep(disk: &mut Vec<Coordinated>, write: Write) {
        if let Write::Office(record) = write {
            disk.push(record);
        }
    }

    fn handle(&mut self, now: Duration, input: Input<Message>, out: &mut Outbox<Self>) {
        match self {
            Self::Office(office) => office.handle(now, &input, out),
            Self::Member(member) => member.handle(now, input, out),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Office(office) => office.deadline(),
            Self::Member(member) => member.deadline(),
        }
    }
}

/// A coordinator and two banks with 100 each, a millisecond from each other, whose disks take one too. They
/// know each other already: the first transaction is done.
pub(crate) fn settled(seed: u64) -> World<Node> {
    let logs: RefCell<BTreeMap<NodeId, Memory>> = RefCell::default();
    let boot = move |id, disk: &Vec<Coordinated>| match id {
        COORDINATOR => Node::Office(Office::recover(disk.clone())),
        id => {
            let log = logs.borrow_mut().entry(id).or_default().clone();
            Node::Member(Box::new(Member::open(id, &log)))
        }
    };
    let mut world = World::new(seed, [COORDINATOR, 2, 3], boot);
    world.set_links(Link::after(ms(1)..=ms(1)));
    for id in 1..=3 {
        world.set_disk(id, ms(1)..=ms(1));
    }
    world.start_all();
    world.run_for(ms(2));
    begin(&mut world, 0, 0);
    finish(&mut world);
    world.run_until(ms(100), |_| ());
    world
}

/// A client of the coordinator wants these amounts to come in, or go out.
pub(crate) fn begin(world: &mut World<Node>, two: i64, three: i64) -> Tx {
    let begun = world.call(COORDINATOR, |node, now, out| match node {
        Node::Office(office) => office.begin(now, &[(2, two), (3, three)], out),
        Node::Member(_) => unreachable!("1 is the coordinator"),
    });
    begun.expect("it runs")
}

/// Until nobody waits for anything.
pub(crate) fn finish(world: &mut World<Node>) {
    world.run_until_it_holds(ms(1000), is_finished).expect("nothing is left open");
}

pub(crate) fn is_finished(world: &World<Node>) -> bool {
    world.nodes().count() == 3
        && world.nodes().all(|(_, node)| match node {
            Node::Office(office) => office.is_idle(),
            Node::Member(member) => !member.is_in_doubt(),
        })
}

pub(crate) fn member(world: &World<Node>, id: NodeId) -> &Member {
    match world.node(id) {
        Some(Node::Member(member)) => member,
        _ => panic!("{id} is no bank that is up"),
    }
}

pub(crate) fn both_in_doubt(world: &World<Node>) -> bool {
    [2, 3].iter().all(|id| member(world, *id).is_in_doubt())
}

pub(crate) fn balances(world: &World<Node>) -> [i64; 2] {
    [2, 3].map(|id| member(world, id).balance())
}
