//! A ring on one page, with a channel for each node.
//!
//!     cargo run -p ring --example ring_channel
//!
//! Five nodes on threads, each of which sends to the next one that lives. The leader is killed twice;
//! each time the highest that is left takes over. Every letter is printed with its epoch. A dead node
//! shows by its closed channel; nothing here is durable or acknowledged: see the crate for that.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const BEAT: Duration = Duration::from_millis(20);
const WAIT: Duration = Duration::from_millis(80);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Candidate,
    Leads,
    Die,
}

#[derive(Debug, Clone, Copy)]
struct Letter {
    kind: Kind,
    epoch: u64,
    id: usize,
    hops: usize,
}

struct Node {
    id: usize,
    epoch: u64,
    /// The highest it handed on in this epoch.
    best: Option<usize>,
    leads: bool,
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
                Ok(Letter { kind: Kind::Die, .. }) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(letter) => self.read(letter),
                Err(RecvTimeoutError::Timeout) if self.leads => self.lead(),
                Err(RecvTimeoutError::Timeout) => self.elect(),
            }
        }
    }

    fn read(&mut self, letter: Letter) {
        let Letter { kind, epoch, id, hops } = letter;
        println!("  {} gets {kind:?} {id}, epoch {epoch}", self.id);
        if epoch < self.epoch {
            return; // of an election that is over
        }
        if epoch > self.epoch {
            (self.epoch, self.best, self.leads) = (epoch, None, false);
        }
        match kind {
            Kind::Candidate if id == self.id && self.best == Some(id) => self.lead(),
            Kind::Candidate if self.best.is_none_or(|best| id > best) => {
                let best = id.max(self.id);
                (self.best, self.deadline) = (Some(best), Instant::now() + WAIT);
                let hops = if best == id { hops } else { 0 };
                self.hand_on(Letter { id: best, hops, ..letter });
            }
            Kind::Leads if id != self.id => {
                self.deadline = Instant::now() + WAIT;
                let _ = self.news.send((self.id, id, epoch));
                self.hand_on(letter);
            }
            _ => {}
        }
    }

    fn elect(&mut self) {
        (self.epoch, self.best, self.leads) = (self.epoch + 1, Some(self.id), false);
        self.deadline = Instant::now() + WAIT;
        self.hand_on(Letter { kind: Kind::Candidate, epoch: self.epoch, id: self.id, hops: 0 });
    }

    fn lead(&mut self) {
        (self.leads, self.deadline) = (true, Instant::now() + BEAT);
        let _ = self.news.send((self.id, self.id, self.epoch));
        self.hand_on(Letter { kind: Kind::Leads, epoch: self.epoch, id: self.id, hops: 0 });
    }

    /// To the next one that lives, without ever waiting: a full inbox loses the letter. No letter makes
    /// more hops than there are nodes.
    fn hand_on(&self, letter: Letter) {
        let letter = Letter { hops: letter.hops + 1, ..letter };
        let n = self.all.len();
        let mut next = (1..=n).map(|hop| &self.all[(self.id + hop) % n]);
        if letter.hops <= n {
            next.find(|to| !matches!(to.try_send(letter), Err(TrySendError::Disconnected(_))));
        }
    }
}

fn main() {
    let (all, inboxes): (Vec<_>, Vec<_>) = (0..5).map(|_| sync_channel(64)).unzip();
    let (news, heard) = sync_channel(4096);
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (id, inbox) in inboxes.into_iter().enumerate() {
        let (all, news, deadline) = (all.clone(), news.clone(), Instant::now());
        let node = Node { id, epoch: 0, best: None, leads: false, deadline, inbox, all, news };
        threads.push(thread::spawn(move || node.run()));
    }
    let die = Letter { kind: Kind::Die, epoch: 0, id: 0, hops: 0 };
    let mut last = 0;
    for leader in [4, 3, 2] {
        let mut follows = BTreeMap::new();
        while follows.len() <= leader || follows.values().any(|it| Some(it) != follows.get(&leader))
        {
            let (id, of, epoch) = heard.recv_timeout(Duration::from_secs(20)).expect("a leader");
            if of == leader {
                follows.insert(id, epoch);
            }
        }
        println!("node {leader} leads in epoch {}, and is killed", follows[&leader]);
        assert!(follows[&leader] > last, "epochs grow");
        last = follows[&leader];
        all[leader].send(die).expect("it lives");
        threads.pop().expect("it was there").join().expect("it did not panic");
    }
    // Those who are left must not wait for ever either.
    for (to, thread) in all.iter().zip(threads) {
        to.send(die).expect("it lives");
        thread.join().expect("it did not panic");
    }
}
