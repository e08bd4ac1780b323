//! Bully on one page, with a mutex and a condition variable for each node.
//!
//!     cargo run -p bully --example bully_lock
//!
//! Five nodes, each with one thread that waits for its deadline. A message is handled by whoever
//! sends it, under the lock of the receiver alone. The leader is killed twice; each time the highest
//! that is left takes over. Every message is printed with its epoch. Nothing here is durable and
//! nothing is retried: see the crate for that.

use std::time::{Duration, Instant};
use std::{collections::VecDeque, thread};

use parking_lot::{Condvar, Mutex, MutexGuard};

const BEAT: Duration = Duration::from_millis(20);
const WAIT: Duration = Duration::from_millis(60);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Message {
    Election,
    Ok,
    Coordinator,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    /// Heard of its leader lately.
    Follows(usize),
    /// Asked those above, and leads if none answers in time.
    Asks,
    /// Was answered. The one who answered may die: it asks again.
    Waits,
    Leads,
    Dead,
}

/// From whom, to whom, in which epoch, what.
type Letter = (usize, usize, u64, Message);

struct State {
    id: usize,
    epoch: u64,
    role: Role,
    deadline: Instant,
}

struct Node {
    state: Mutex<State>,
    /// The deadline or the role changed.
    changed: Condvar,
}

impl State {
    fn receive(&mut self, (from, _, epoch, message): Letter, out: &mut VecDeque<Letter>) {
        println!("  {from} -> {}: {message:?} {epoch}", self.id);
        let is_stale = epoch < self.epoch;
        self.epoch = self.epoch.max(epoch);
        match message {
            Message::Election => {
                out.push_back((self.id, from, self.epoch, Message::Ok));
                if matches!(self.role, Role::Follows(_) | Role::Leads) {
                    self.elect(out);
                }
            }
            Message::Ok if self.role == Role::Asks => self.turn(Role::Waits, 3 * WAIT),
            // A follower in a later epoch asks, so that the leader hears of it and claims anew.
            Message::Coordinator if is_stale => self.elect(out),
            Message::Coordinator if from > self.id => self.turn(Role::Follows(from), WAIT),
            _ => {}
        }
    }

    fn time(&mut self, out: &mut VecDeque<Letter>) {
        match self.role {
            Role::Follows(_) | Role::Waits => self.elect(out),
            Role::Leads => self.lead(self.epoch, out),
            Role::Asks => self.lead(self.epoch + 1, out),
            Role::Dead => {}
        }
    }

    fn elect(&mut self, out: &mut VecDeque<Letter>) {
        self.turn(Role::Asks, WAIT);
        out.extend((self.id + 1..5).map(|to| (self.id, to, self.epoch, Message::Election)));
    }

    /// Says so, and again and again, as a sign of life.
    fn lead(&mut self, epoch: u64, out: &mut VecDeque<Letter>) {
        self.epoch = epoch;
        self.turn(Role::Leads, BEAT);
        out.extend((0..self.id).map(|to| (self.id, to, epoch, Message::Coordinator)));
    }

    fn turn(&mut self, role: Role, wait: Duration) {
        (self.role, self.deadline) = (role, Instant::now() + wait);
    }
}

impl Node {
    fn new(id: usize) -> Self {
        let state = State { id, epoch: 0, role: Role::Waits, deadline: Instant::now() };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn die(&self) {
        self.state.lock().role = Role::Dead;
        self.changed.notify_all();
    }
}

/// Hands over letters and their answers, one lock at a time and never two.
fn deliver(nodes: &[Node], mut letters: VecDeque<Letter>) {
    while let Some(letter) = letters.pop_front() {
        let node = &nodes[letter.1];
        let mut state = node.state.lock();
        if state.role != Role::Dead {
            state.receive(letter, &mut letters);
            node.changed.notify_all();
        }
    }
}

fn run(nodes: &[Node], me: &Node) {
    let mut state = me.state.lock();
    while state.role != Role::Dead {
        let deadline = state.deadline;
        // Whoever brought a letter may have moved the deadline just before it came.
        if me.changed.wait_until(&mut state, deadline).timed_out() && state.deadline == deadline {
            let mut letters = VecDeque::new();
            state.time(&mut letters);
            MutexGuard::unlocked(&mut state, || deliver(nodes, letters));
        }
    }
}

/// Waits until all below follow this one, kills it, and says in which epoch it led.
fn depose(nodes: &[Node], leader: usize) -> u64 {
    for node in &nodes[..leader] {
        node.changed.wait_while(&mut node.state.lock(), |it| it.role != Role::Follows(leader));
    }
    let epoch = nodes[leader].state.lock().epoch;
    println!("node {leader} leads in epoch {epoch}, and is killed");
    nodes[leader].die();
    epoch
}

fn main() {
    let nodes: Vec<_> = (0..5).map(Node::new).collect();
    thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(|| run(&nodes, node));
        }
        let epochs = [4, 3, 2].map(|leader| depose(&nodes, leader));
        assert!(epochs.is_sorted_by(|one, next| one < next), "epochs grow: {epochs:?}");
        nodes[..2].iter().for_each(Node::die);
    });
}
