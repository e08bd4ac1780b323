//! A ring on one page, with a mutex and a condition variable for each node.
//!
//!     cargo run -p ring --example ring_lock
//!
//! Five nodes, each with one thread that waits for its deadline. A letter is read by whoever hands it
//! over, under the lock of the receiver alone. The leader is killed twice; each time the highest that
//! is left takes over. Every letter is printed with its epoch. Nothing here is durable or
//! acknowledged: see the crate for that.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const NODES: usize = 5;
const BEAT: Duration = Duration::from_millis(20);
const WAIT: Duration = Duration::from_millis(80);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Candidate,
    Leads,
}

#[derive(Debug, Clone, Copy)]
struct Letter {
    kind: Kind,
    epoch: u64,
    id: usize,
    hops: usize,
}

struct State {
    id: usize,
    epoch: u64,
    /// The highest it handed on in this epoch.
    best: Option<usize>,
    leader: Option<usize>,
    deadline: Instant,
    is_dead: bool,
}

struct Node {
    state: Mutex<State>,
    /// The deadline or the leader changed.
    changed: Condvar,
}

impl State {
    /// What to hand on, if anything.
    fn read(&mut self, letter: Letter) -> Option<Letter> {
        let Letter { kind, epoch, id, hops } = letter;
        println!("  {} gets {kind:?} {id}, epoch {epoch}", self.id);
        if epoch < self.epoch || hops > NODES {
            return None; // of an election that is over, or of a node that died
        }
        if epoch > self.epoch {
            (self.epoch, self.best, self.leader) = (epoch, None, None);
        }
        match kind {
            Kind::Candidate if id == self.id => (self.best == Some(id)).then(|| self.lead()),
            Kind::Candidate if self.best.is_none_or(|best| id > best) => {
                let best = id.max(self.id);
                (self.best, self.deadline) = (Some(best), Instant::now() + WAIT);
                Some(Letter { id: best, hops: if best == id { hops } else { 0 }, ..letter })
            }
            Kind::Leads if id != self.id => {
                (self.leader, self.deadline) = (Some(id), Instant::now() + WAIT);
                Some(letter)
            }
            _ => None,
        }
    }

    fn time(&mut self) -> Letter {
        if self.leader == Some(self.id) {
            return self.lead();
        }
        (self.epoch, self.best, self.leader) = (self.epoch + 1, Some(self.id), None);
        self.deadline = Instant::now() + WAIT;
        Letter { kind: Kind::Candidate, epoch: self.epoch, id: self.id, hops: 0 }
    }

    fn lead(&mut self) -> Letter {
        (self.leader, self.deadline) = (Some(self.id), Instant::now() + BEAT);
        Letter { kind: Kind::Leads, epoch: self.epoch, id: self.id, hops: 0 }
    }
}

/// Hands a letter to the next one that lives, and what that makes of it to the one after: one lock at
/// a time and never two.
fn hand_on(nodes: &[Node], from: usize, mut letter: Letter) {
    for hop in 1..=2 * NODES * NODES {
        let node = &nodes[(from + hop) % NODES];
        let mut state = node.state.lock().expect("nobody panics");
        if !state.is_dead {
            letter.hops += 1;
            let Some(next) = state.read(letter) else { return node.changed.notify_all() };
            letter = next;
            node.changed.notify_all();
        }
    }
}

fn run(nodes: &[Node], me: &Node) {
    let mut state = me.state.lock().expect("nobody panics");
    while !state.is_dead {
        let wait = state.deadline.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            let (id, letter) = (state.id, state.time());
            me.changed.notify_all();
            drop(state);
            hand_on(nodes, id, letter);
            state = me.state.lock().expect("nobody panics");
        } else {
            state = me.changed.wait_timeout(state, wait).expect("nobody panics").0;
        }
    }
}

fn main() {
    let node = |id| {
        let (best, leader, deadline, is_dead) = (None, None, Instant::now(), false);
        let state = State { id, epoch: 0, best, leader, deadline, is_dead };
        Node { state: Mutex::new(state), changed: Condvar::new() }
    };
    let nodes: Vec<_> = (0..NODES).map(node).collect();
    thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(|| run(&nodes, node));
        }
        let mut last = 0;
        for leader in [4, 3, 2] {
            for node in &nodes[..=leader] {
                let state = node.state.lock().expect("nobody panics");
                let other = |state: &mut State| state.leader != Some(leader);
                let end = Duration::from_secs(20);
                let (state, late) =
                    node.changed.wait_timeout_while(state, end, other).expect("nobody panics");
                assert!(!late.timed_out(), "node {} follows another", state.id);
            }
            let mut state = nodes[leader].state.lock().expect("nobody panics");
            println!("node {leader} leads in epoch {}, and is killed", state.epoch);
            assert!(state.epoch > last, "epochs grow");
            (last, state.is_dead) = (state.epoch, true);
            nodes[leader].changed.notify_all();
        }
        // Those who are left must not wait for ever either.
        for node in &nodes {
            node.state.lock().expect("nobody panics").is_dead = true;
            node.changed.notify_all();
        }
    });
}
