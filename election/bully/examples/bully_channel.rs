//! Bully on one page, with a channel for each node.
//!
//!     cargo run -p bully --example bully_channel
//!
//! Five nodes on threads. The leader is killed twice; each time the highest that is left takes over.
//! Every message is printed with its epoch. Nothing here is durable and nothing is retried: see the
//! crate for that.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const BEAT: Duration = Duration::from_millis(20);
const WAIT: Duration = Duration::from_millis(60);

#[derive(Debug, Clone, Copy)]
enum Message {
    Election,
    Ok,
    Coordinator,
    Alive,
    Die,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    /// Heard of its leader lately.
    Follows,
    /// Asked those above, and leads if none answers in time.
    Asks,
    /// Was answered. The one who answered may die: it asks again.
    Waits,
    Leads,
}

/// From whom, in which epoch, what.
type Letter = (usize, u64, Message);

struct Node {
    id: usize,
    epoch: u64,
    role: Role,
    deadline: Instant,
    inbox: Receiver<Letter>,
    all: Vec<SyncSender<Letter>>,
    /// For the audience: who follows whom, in which epoch.
    news: SyncSender<(usize, usize, u64)>,
}

impl Node {
    fn run(mut self) {
        self.elect();
        loop {
            match self.inbox.recv_timeout(self.deadline.saturating_duration_since(Instant::now())) {
                Ok((_, _, Message::Die)) | Err(RecvTimeoutError::Disconnected) => return,
                Ok((from, epoch, message)) => self.receive(from, epoch, message),
                Err(RecvTimeoutError::Timeout) => match self.role {
                    Role::Leads => self.tell(0..self.id, Message::Alive, BEAT),
                    Role::Asks => self.lead(),
                    Role::Follows | Role::Waits => self.elect(),
                },
            }
        }
    }

    fn receive(&mut self, from: usize, epoch: u64, message: Message) {
        println!("  {from} -> {}: {message:?} {epoch}", self.id);
        let is_stale = epoch < self.epoch;
        self.epoch = self.epoch.max(epoch);
        match message {
            Message::Election => {
                self.tell(from..from + 1, Message::Ok, WAIT);
                if matches!(self.role, Role::Follows | Role::Leads) {
                    self.elect();
                }
            }
            Message::Ok if self.role == Role::Asks => {
                (self.role, self.deadline) = (Role::Waits, Instant::now() + 3 * WAIT);
            }
            // A follower in a later epoch asks, so that the leader hears of it and claims anew.
            Message::Coordinator | Message::Alive if is_stale => self.elect(),
            Message::Coordinator | Message::Alive if from > self.id => {
                (self.role, self.deadline) = (Role::Follows, Instant::now() + WAIT);
                let _ = self.news.send((self.id, from, epoch));
            }
            _ => {}
        }
    }

    fn elect(&mut self) {
        self.role = Role::Asks;
        self.tell(self.id + 1..self.all.len(), Message::Election, WAIT);
    }

    fn lead(&mut self) {
        (self.role, self.epoch) = (Role::Leads, self.epoch + 1);
        self.tell(0..self.id, Message::Coordinator, BEAT);
        let _ = self.news.send((self.id, self.id, self.epoch));
    }

    /// Sends without ever waiting: a full inbox loses the message, as a network would.
    fn tell(&mut self, whom: std::ops::Range<usize>, message: Message, next: Duration) {
        for to in whom {
            let _ = self.all[to].try_send((self.id, self.epoch, message));
        }
        if message as u8 != Message::Ok as u8 {
            self.deadline = Instant::now() + next;
        }
    }
}

fn main() {
    let (all, inboxes): (Vec<_>, Vec<_>) = (0..5).map(|_| sync_channel(64)).unzip();
    let (news, heard) = sync_channel(1024);
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (id, inbox) in inboxes.into_iter().enumerate() {
        let (all, news, deadline) = (all.clone(), news.clone(), Instant::now());
        let node = Node { id, epoch: 0, role: Role::Asks, deadline, inbox, all, news };
        threads.push(thread::spawn(move || node.run()));
    }
    let mut last = 0;
    for leader in [4, 3, 2] {
        let mut follows = BTreeMap::new();
        let agreed = |follows: &BTreeMap<usize, (usize, u64)>| {
            let (first, all) = (follows.get(&0), follows.range(..=leader).count());
            all == leader + 1 && follows.values().all(|it| it.0 == leader && Some(it) == first)
        };
        while !agreed(&follows) {
            let (id, of, epoch) = heard.recv_timeout(Duration::from_secs(20)).expect("a leader");
            if id <= leader {
                follows.insert(id, (of, epoch));
            }
        }
        let epoch = follows[&0].1;
        println!("node {leader} leads in epoch {epoch}, and is killed");
        assert!(epoch > last, "epochs grow");
        last = epoch;
        all[leader].send((leader, 0, Message::Die)).expect("it lives");
        threads.pop().expect("it was there").join().expect("it did not panic");
    }
    // Those who are left must not wait for ever either.
    for (to, thread) in all.iter().zip(threads) {
        to.send((0, 0, Message::Die)).expect("it lives");
        thread.join().expect("it did not panic");
    }
}
