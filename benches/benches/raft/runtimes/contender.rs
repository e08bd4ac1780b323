//! What is timed: three nodes on threads of their own, or tasks.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::machine::{Machine, command};

/// What each node was given so far, for the bench to look at.
pub(crate) type Seen = Arc<Mutex<Machine>>;

/// How long something slow takes.
pub(crate) const LATE: Duration = Duration::from_millis(20);

/// Where the nodes run. It is the third node, a follower, with which something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scene {
    /// Disks are in memory, and safe at once.
    Calm,
    /// Replies of the third come late, each by as much.
    SlowPeer,
    /// Each write of the third takes long.
    SlowDisk,
    /// One write of the third takes a second.
    SlowWrite,
    /// All write to folders on one disk.
    Durable,
    /// So too, but they are processes of their own.
    Loopback,
}

/// One run of commands that a client thread keeps in flight.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    /// So many at once.
    pub(crate) window: usize,
    pub(crate) numbers: Range<u64>,
    /// One command in so many is timed: to look at the clock takes its time too.
    pub(crate) sample: u64,
}

pub(crate) trait Cluster: Sync + Sized {
    /// Three nodes, of which the first leads.
    fn start(scene: Scene) -> Self;

    /// Proposes all commands of a lane, and gives how long the timed ones waited to be applied.
    fn drive(&self, lane: Lane) -> Vec<Duration>;

    /// What the nodes were given, if that can be seen.
    fn seen(&self) -> &[Seen];

    /// The fsyncs of all three, and how long they took.
    fn syncs(&self) -> (u64, Duration);
}

/// A closed loop in one thread: when the oldest command is applied, another one follows.
pub(crate) fn pipeline<P>(
    lane: Lane,
    submit: impl Fn([u8; 64]) -> P,
    wait: impl Fn(P),
) -> Vec<Duration> {
    let Lane { window, numbers, sample } = lane;
    let (mut open, mut waits) = (VecDeque::with_capacity(window), Vec::new());
    let mut finish = |(start, pending): (Option<Instant>, P)| {
        wait(pending);
        waits.extend(start.map(|start| start.elapsed()));
    };
    for number in numbers {
        if open.len() == window {
            open.pop_front().map(&mut finish);
        }
        let start = number.is_multiple_of(sample).then(Instant::now);
        open.push_back((start, submit(command(number))));
    }
    open.into_iter().for_each(finish);
    waits
}
