//! Bully on one page, with a mutex and a condition variable for each node.
//!
//!     cargo run -p bully --example bully_lock
//!
//! Five nodes, each with one thread that waits for its deadline. A message is handled by whoever
//! sends it, under the lock of the receiver alone. The leader is killed twice; each time the highest
//! that is left takes over. Every message is printed with its epoch. Nothing here is durable and
//! nothing is retried: see the crate for that.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

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
    fn receive(&mut self, (from, _, epoch, message): Letter) -> Vec<Letter> {
        println!("  {from} -> {}: {message:?} {epoch}", self.id);
        let is_stale = epoch < self.epoch;
        self.epoch = self.epoch.max(epoch);
        match message {
            Message::Election => {
                let mut answer = vec![(self.id, from, self.epoch, Message::Ok)];
                if matches!(self.role, Role::Follows(_) | Role::Leads) {
                    answer.extend(self.elect());
                }
                return answer;
            }
            Message::Ok if self.role == Role::Asks => self.become_(Role::Waits, 3 * WAIT),
            // A follower in a later epoch asks, so that the leader hears of it and claims anew.
            Message::Coordinator if is_stale => return self.elect(),
            Message::Coordinator if from > self.id => {
                self.become_(Role::Follows(from), WAIT);
            }
            _ => {}
        }
        Vec::new()
    }

    fn time(&mut self) -> Vec<Letter> {
        match self.role {
            Role::Dead => Vec::new(),
            Role::Follows(_) | Role::Waits => self.elect(),
            Role::Leads => self.lead(self.epoch),
            Role::Asks => self.lead(self.epoch + 1),
        }
    }

    fn elect(&mut self) -> Vec<Letter> {
        self.become_(Role::Asks, WAIT);
        (self.id + 1..5).map(|to| (self.id, to, self.epoch, Message::Election)).collect()
    }

    /// Says so, and again and again, as a sign of life.
    fn lead(&mut self, epoch: u64) -> Vec<Letter> {
        self.epoch = epoch;
        self.become_(Role::Leads, BEAT);
        (0..self.id).map(|to| (self.id, to, epoch, Message::Coordinator)).collect()
    }

    fn become_(&mut self, role: Role, wait: Duration) {
        (self.role, self.deadline) = (role, Instant::now() + wait);
    }
}

/// Hands over letters and their answers, one lock at a time and never two.
fn deliver(nodes: &[Node], letters: Vec<Letter>) {
    let mut letters = VecDeque::from(letters);
    while let Some(letter) = letters.pop_front() {
        let node = &nodes[letter.1];
        let mut state = node.state.lock().expect("nobody panics");
        if state.role != Role::Dead {
            letters.extend(state.receive(letter));
            node.changed.notify_all();
        }
    }
}

fn run(nodes: &[Node], me: &Node) {
    let mut state = me.state.lock().expect("nobody panics");
    while state.role != Role::Dead {
        let wait = state.deadline.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            let letters = state.time();
            me.changed.notify_all();
            drop(state);
            deliver(nodes, letters);
            state = me.state.lock().expect("nobody panics");
        } else {
            state = me.changed.wait_timeout(state, wait).expect("nobody panics").0;
        }
    }
}

fn main() {
    let node = |id| {
        let state = State { id, epoch: 0, role: Role::Waits, deadline: Instant::now() };
        Node { state: Mutex::new(state), changed: Condvar::new() }
    };
    let nodes: Vec<_> = (0..5).map(node).collect();
    thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(|| run(&nodes, node));
        }
        let mut last = 0;
        for leader in [4, 3, 2] {
            for node in &nodes[..leader] {
                let state = node.state.lock().expect("nobody panics");
                let other = |state: &mut State| state.role != Role::Follows(leader);
                let end = Duration::from_secs(20);
                let (state, late) =
                    node.changed.wait_timeout_while(state, end, other).expect("nobody panics");
                assert!(!late.timed_out(), "node {} follows nobody", state.id);
            }
            let mut state = nodes[leader].state.lock().expect("nobody panics");
            println!("node {leader} leads in epoch {}, and is killed", state.epoch);
            assert!(state.epoch > last, "epochs grow");
            (last, state.role) = (state.epoch, Role::Dead);
            nodes[leader].changed.notify_all();
        }
        // Those who are left must not wait for ever either.
        for node in &nodes {
            node.state.lock().expect("nobody panics").role = Role::Dead;
            node.changed.notify_all();
        }
    });
}
