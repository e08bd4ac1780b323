//! The body that is timed, the same for all contenders.

use std::time::{Duration, Instant};

use benches::Contender as Entry;

use super::machine::{Machine, command};

/// Commands are made in heaps of so many, while the clock stands still.
const HEAP: u64 = 4_096;

/// Three nodes that are stepped in turns.
pub(crate) trait Cluster {
    type Command: for<'a> From<&'a [u8]>;

    /// A cluster with a leader that has committed an entry.
    fn start() -> Self;

    /// Hands the leader a command.
    fn propose(&mut self, command: Self::Command);

    /// Messages go to and fro once, and what came of it is saved and applied. Says how many commands
    /// the leader has applied by now.
    fn turn(&mut self) -> u64;

    /// Until nobody has anything left to do; then says what each state machine was given.
    fn settle(&mut self) -> [Machine; 3];
}

/// A closed loop: as soon as a command is applied another takes its place.
struct Loop<C> {
    cluster: C,
    in_flight: u64,
    proposed: u64,
    applied: u64,
}

impl<C: Cluster> Loop<C> {
    fn new(in_flight: usize) -> Self {
        let (cluster, in_flight) = (C::start(), in_flight as u64);
        Self { cluster, in_flight, proposed: 0, applied: 0 }
    }

    fn feed(&mut self, heap: Vec<C::Command>) {
        for command in heap {
            while self.proposed - self.applied == self.in_flight {
                self.applied = self.cluster.turn();
            }
            self.cluster.propose(command);
            self.proposed += 1;
        }
    }

    /// What so many operations take, from the first proposal until the last is applied.
    fn run(&mut self, operations: u64) -> Duration {
        let mut time = Duration::ZERO;
        while self.proposed < operations {
            let numbers = self.proposed..operations.min(self.proposed + HEAP);
            let heap = numbers.map(|number| C::Command::from(&command(number)[..])).collect();
            let start = Instant::now();
            self.feed(heap);
            time += start.elapsed();
        }
        let start = Instant::now();
        while self.applied < operations {
            self.applied = self.cluster.turn();
        }
        time + start.elapsed()
    }
}

/// Proposes commands until all are applied.
pub(crate) fn applies<'a, C: Cluster>(name: &'static str, in_flight: usize) -> Entry<'a> {
    let rehearse = move || {
        let mut it = Loop::<C>::new(in_flight);
        it.run(10_000);
        let expected = Machine::after(10_000);
        assert_eq!(it.cluster.settle(), [expected; 3], "{name}: all apply the same");
        None
    };
    let time = move |operations| Loop::<C>::new(in_flight).run(operations);
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}
