//! A ring on one page, with a mutex and a condition variable for each node.
//!
//!     cargo run -p ring --example ring_lock
//!
//! Five nodes, each with one thread that waits for its deadline. A letter is read by whoever hands it
//! over, under the lock of the receiver alone. The leader is killed twice; each time the highest that
//! is left takes over. Every letter is printed with its epoch. Nothing here is durable or
//! acknowledged: see the crate for that.

use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

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

impl Node {
    fn new(id: usize) -> Self {
        let (best, leader, deadline, is_dead) = (None, None, Instant::now(), false);
        let state = State { id, epoch: 0, best, leader, deadline, is_dead };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn die(&self) {
        self.state.lock().is_dead = true;
        self.changed.notify_all();
    }
}

/// Hands a letter to the next one that lives, and what that makes of it to the one after: one lock at
/// a time and never two.
fn hand_on(nodes: &[Node], from: usize, mut letter: Letter) {
    for hop in 1..=2 * NODES * NODES {
        let node = &nodes[(from + hop) % NODES];
        let mut state = node.state.lock();
        if !state.is_dead {
            letter.hops += 1;
            node.changed.notify_all();
            let Some(next) = state.read(letter) else { return };
            letter = next;
        }
    }
}

fn run(nodes: &[Node], me: &Node) {
    let mut state = me.state.lock();
    while !state.is_dead {
        let deadline = state.deadline;
        // Whoever brought a letter may have moved the deadline just before it came.
        if me.changed.wait_until(&mut state, deadline).timed_out() && state.deadline == deadline {
            let (id, letter) = (state.id, state.time());
            MutexGuard::unlocked(&mut state, || hand_on(nodes, id, letter));
        }
    }
}

/// Waits until all below follow this one, kills it, and says in which epoch it led.
fn depose(nodes: &[Node], leader: usize) -> u64 {
    for node in &nodes[..=leader] {
        node.changed.wait_while(&mut node.state.lock(), |it| it.leader != Some(leader));
    }
    let epoch = nodes[leader].state.lock().epoch;
    println!("node {leader} leads in epoch {epoch}, and is killed");
    nodes[leader].die();
    epoch
}

fn main() {
    let nodes: Vec<_> = (0..NODES).map(Node::new).collect();
    thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(|| run(&nodes, node));
        }
        let epochs = [4, 3, 2].map(|leader| depose(&nodes, leader));
        assert!(epochs.is_sorted_by(|one, next| one < next), "epochs grow: {epochs:?}");
        nodes[..2].iter().for_each(Node::die);
    });
}
