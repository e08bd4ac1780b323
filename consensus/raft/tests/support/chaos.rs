//! Nodes between which anything happens: messages are late, repeated, out of order or lost, disks are
//! slow, nodes crash with part of what they wanted written. Nothing is kept apart by luck: a seed
//! decides.

use std::collections::BTreeMap;
use std::time::Duration;

use raft::core::{Core, ReadId, ReadOutcome};
use raft::log::{Entry, Payload};
use raft::membership::Change;
use raft::message::{Context, Reply, Request};
use raft::{Config, Index, NodeId, Save, Snapshot, Stored, Term};

use crate::dice::{Counts, Dice};

pub(crate) struct Node {
    pub(crate) core: Core,
    pub(crate) disk: Stored,
    saves: Vec<Save>,
    commit: Index,
    term: Term,
    taken: Index,
}

#[derive(Debug, Clone)]
pub(crate) enum Mail {
    Request { from: NodeId, to: NodeId, context: Context, request: Request },
    Reply { from: NodeId, to: NodeId, context: Context, reply: Reply },
}

pub(crate) struct Chaos {
    pub(crate) dice: Dice,
    pub(crate) now: Duration,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    pub(crate) mail: Vec<Mail>,
    tickets: Vec<(NodeId, Context)>,
    epoch: u64,
    /// What anybody applied, by index.
    agreed: BTreeMap<Index, Entry>,
    leaders: BTreeMap<Term, NodeId>,
    /// What a read must see at least.
    floors: BTreeMap<(NodeId, ReadId), Index>,
    counts: Counts,
    /// Whether messages are damaged on their way: then nodes may disagree, but not fall.
    pub(crate) damage: Option<fn(&mut Dice, &mut Mail)>,
}

fn config(id: NodeId, seed: u64) -> Config {
    let mut config =
        if id <= 3 { Config::new(id, 1..=3) } else { Config::joining(id) }.expect("good");
    config.seed = seed ^ id;
    (config.window, config.flights, config.batch) = (600, 3, 200);
    (config.chunk, config.uncommitted) = (5, 2000);
    config.lease_drift = seed.is_multiple_of(2).then_some(1000);
    config
}

fn changes(what: u64, target: NodeId) -> Vec<Change> {
    match what {
        0 => vec![Change::Voter(target), Change::Voter(1 + target % 5)],
        1 => vec![Change::Remove(target)],
        _ => vec![Change::Learner(target), Change::Voter(1 + target % 5)],
    }
}

impl Chaos {
    /// Nodes 1 to 3 are the cluster; 4 and 5 may be taken in.
    pub(crate) fn new(seed: u64, damage: Option<fn(&mut Dice, &mut Mail)>) -> Self {
        let mut chaos = Self {
            dice: Dice(seed),
            now: Duration::from_millis(1),
            nodes: BTreeMap::new(),
            mail: Vec::new(),
            tickets: Vec::new(),
            epoch: 0,
            agreed: BTreeMap::new(),
            leaders: BTreeMap::new(),
            floors: BTreeMap::new(),
            counts: Counts::default(),
            damage,
        };
        (1..=5).for_each(|id| chaos.start(id, Stored::default()));
        chaos
    }

    fn start(&mut self, id: NodeId, disk: Stored) {
        let core = Core::new(config(id, self.dice.0), disk.clone(), self.now);
        let (core, saves) = (core.expect("the disk is good"), Vec::new());
        let (commit, term) = (core.commit(), core.term());
        self.nodes.insert(id, Node { core, disk, saves, commit, term, taken: 0 });
        self.connect(id);
    }

    pub(crate) fn node(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(&id).expect("it is there")
    }

    pub(crate) fn connect(&mut self, id: NodeId) {
        for other in (1..=5).filter(|other| *other != id) {
            self.epoch += 1;
            let epoch = self.epoch;
            self.node(id).core.link_up(other, epoch);
            if let Some(node) = self.nodes.get_mut(&other) {
                node.core.link_up(id, self.epoch);
            }
        }
    }

    /// One thing happens.
    pub(crate) fn step(&mut self) {
        let id = 1 + self.dice.below(5);
        match self.dice.below(1000) {
            0..250 => self.ask(id),
            250..550 => self.deliver(),
            550..720 => self.write(id),
            720..840 => self.answer(id),
            840..900 => self.apply(id),
            900..960 => self.work(id),
            960..980 => self.time_passes(),
            980..992 => self.compact(id),
            992..997 => self.cut(id),
            _ => self.crash(id),
        }
        self.check(id);
    }

    fn ask(&mut self, from: NodeId) {
        // Another than itself.
        let to = 1 + (from + self.dice.below(4)) % 5;
        let now = self.now;
        if let Some((context, mut request)) = self.node(from).core.next_for(now, to) {
            if let Request::Chunk(chunk) = &mut request {
                chunk.bytes = vec![0; chunk.length as usize];
            }
            self.mail.push(Mail::Request { from, to, context, request });
        }
    }

    /// Mostly one of the oldest messages.
    fn deliver(&mut self) {
        if self.mail.is_empty() {
            return;
        }
        let among = if self.dice.one_in(10) { self.mail.len() } else { self.mail.len().min(4) };
        let at = self.dice.below(among as u64) as usize;
        let mut mail =
            if self.dice.one_in(15) { self.mail[at].clone() } else { self.mail.remove(at) };
        if self.dice.one_in(40) {
            return;
        }
        if let Some(damage) = self.damage.filter(|_| self.dice.one_in(4)) {
            damage(&mut self.dice, &mut mail);
        }
        self.hand_over(mail);
    }

    pub(crate) fn hand_over(&mut self, mail: Mail) {
        self.counts.delivered += 1;
        let (now, ticket) = (self.now, self.tickets.len() as u64);
        let (Mail::Request { to, .. } | Mail::Reply { to, .. }) = mail;
        let node = self.nodes.get_mut(&to).expect("it is there");
        let before = self.damage.is_some().then(|| node.core.clone());
        let taken = match mail {
            Mail::Request { from, context, request, .. } => {
                self.tickets.push((to, context));
                node.core.handle(now, from, ticket, request)
            }
            Mail::Reply { from, context, reply, .. } => {
                node.core.on_reply(now, from, context, reply)
            }
        };
        if taken.is_err() {
            self.counts.refused += 1;
            let before =
                before.unwrap_or_else(|| panic!("an honest message is refused: {taken:?}"));
            assert!(before == node.core, "refused, and yet something has changed: {taken:?}");
        }
        self.check(to);
    }

    fn write(&mut self, id: NodeId) {
        let (now, node) = (self.now, self.nodes.get_mut(&id).expect("it is there"));
        node.saves.extend(node.core.take_unsaved());
        if !node.saves.is_empty() && !self.dice.one_in(3) {
            let save = node.saves.remove(0);
            let seq = save.seq;
            node.disk.keep(save);
            node.core.saved(now, seq).expect("it was taken");
        }
    }

    fn answer(&mut self, from: NodeId) {
        for (to, ticket, reply) in self.node(from).core.take_replies() {
            let (_, context) = self.tickets[ticket as usize];
            if (1..=5).contains(&to) {
                self.mail.push(Mail::Reply { from, to, context, reply });
            }
        }
    }

    fn time_passes(&mut self) {
        self.now += Duration::from_millis(self.dice.below(40));
        for node in self.nodes.values_mut() {
            if let Some(deadline) = node.core.deadline() {
                node.core.tick(self.now);
                let next = node.core.deadline();
                let moves = self.now < deadline || next.is_none_or(|next| next > self.now);
                assert!(moves, "{next:?} is not after {:?}", self.now);
            }
        }
    }

    fn work(&mut self, id: NodeId) {
        let (what, target) = (self.dice.below(40), 1 + self.dice.below(5));
        let (now, core) = (self.now, &mut self.node(id).core);
        // What it refuses is refused; what follows from the rest is looked at in `check`.
        match what {
            0..3 => _ = core.propose_change(now, &changes(what, target)),
            3 => _ = core.transfer(now, target),
            4..10 => self.read(id),
            _ => _ = core.propose(what.to_le_bytes().as_slice().into()),
        }
    }

    pub(crate) fn read(&mut self, id: NodeId) {
        let (now, seen) = (self.now, self.agreed.last_key_value().map_or(0, |(index, _)| *index));
        if let Ok(read) = self.node(id).core.read_index(now) {
            self.floors.insert((id, read), seen);
        }
    }

    fn cut(&mut self, id: NodeId) {
        let to = 1 + (id + self.dice.below(4)) % 5;
        if self.dice.one_in(2) {
            self.node(id).core.link_down(to);
        }
        self.epoch += 1;
        let epoch = self.epoch;
        self.node(id).core.link_up(to, epoch);
    }

    /// What it wanted written is on its disk up to some save.
    fn crash(&mut self, id: NodeId) {
        let node = self.nodes.get_mut(&id).expect("it is there");
        let safe = self.dice.below(node.saves.len() as u64 + 1) as usize;
        for save in node.saves.drain(..safe) {
            node.disk.keep(save);
        }
        let disk = node.disk.clone();
        self.counts.crashes += 1;
        self.floors.retain(|(asked, _), _| *asked != id);
        self.start(id, disk);
    }

    fn compact(&mut self, id: NodeId) {
        let size = self.dice.below(14);
        let node = self.nodes.get_mut(&id).expect("it is there");
        let upto = node.core.log().base().index + 1 + self.dice.below(4);
        if let Some(snapshot) = node.core.describe(upto, size) {
            node.disk.compact(snapshot.clone());
            node.core.snapshot_taken(snapshot).expect("it was described");
            node.core.compact(upto);
        }
    }

    fn apply(&mut self, id: NodeId) {
        let most = self.dice.below(4) as usize;
        let node = self.nodes.get_mut(&id).expect("it is there");
        if let Some(Snapshot { last, .. }) = node.core.take_install() {
            assert!(last.index > node.taken, "an older snapshot is installed");
            node.taken = last.index;
            self.counts.installed += 1;
            node.core.installed(last.index).expect("it was handed out");
        }
        let Some((first, entries)) = node.core.take_committed(most) else { return };
        assert_eq!(first, node.taken + 1, "node {id} misses entries");
        node.taken += entries.len() as Index;
        node.core.applied(node.taken).expect("it was handed out");
        if self.damage.is_none() {
            for (index, entry) in (first..).zip(entries) {
                let agreed = self.agreed.entry(index).or_insert_with(|| entry.clone());
                assert_eq!(*agreed, entry, "node {id} applies another entry at {index}");
            }
        }
    }

    /// What must be so after each step, whatever the others say.
    fn check(&mut self, id: NodeId) {
        let node = self.nodes.get_mut(&id).expect("it is there");
        let (commit, term) = (node.core.commit(), node.core.term());
        assert!(commit >= node.commit, "the commit index of {id} falls");
        assert!(term >= node.term, "the term of {id} falls");
        assert!(commit <= node.core.last().index, "node {id} commits what it has not");
        (node.commit, node.term) = (commit, term);
        if self.damage.is_none() && node.core.is_leader() {
            let leader = *self.leaders.entry(term).or_insert(id);
            assert_eq!(leader, id, "two lead in term {term}");
        }
        drop(node.core.take_outcomes());
        for outcome in node.core.take_reads() {
            self.counts.reads += 1;
            let (ReadOutcome::Ready { id: read, .. } | ReadOutcome::Lost(read)) = outcome;
            let floor = self.floors.remove(&(id, read)).expect("it was asked for, once");
            if let (None, ReadOutcome::Ready { index, .. }) = (self.damage, outcome) {
                assert!(index >= floor, "node {id} reads at {index} what was {floor} before");
            }
        }
    }

    /// Everything arrives at once, and disks are quick; until `end`.
    pub(crate) fn heal(&mut self, time: Duration) {
        let end = self.now + time;
        self.mail.clear();
        (1..=5).for_each(|id| self.connect(id));
        while self.now < end {
            self.now += Duration::from_millis(1);
            for node in self.nodes.values_mut() {
                node.core.tick(self.now);
            }
            while self.all_do() {}
        }
    }

    fn all_do(&mut self) -> bool {
        for id in 1..=5 {
            let (now, node) = (self.now, self.nodes.get_mut(&id).expect("it is there"));
            node.saves.extend(node.core.take_unsaved());
            for save in node.saves.drain(..) {
                let seq = save.seq;
                node.disk.keep(save);
                node.core.saved(now, seq).expect("it was taken");
            }
            self.answer(id);
            (0..20).for_each(|_| self.ask(id));
            self.apply(id);
            self.check(id);
        }
        let mail = std::mem::take(&mut self.mail);
        let any = !mail.is_empty();
        for mail in mail {
            self.hand_over(mail);
        }
        any
    }

    pub(crate) fn leader(&self) -> Option<NodeId> {
        self.nodes.iter().filter(|(_, node)| node.core.is_leader()).map(|(id, _)| *id).next_back()
    }

    pub(crate) fn counts(&self) -> Counts {
        let count = |which: fn(&Payload) -> bool| {
            self.agreed.values().filter(|entry| which(&entry.payload)).count() as u64
        };
        Counts {
            elections: self.leaders.len() as u64,
            commands: count(|payload| matches!(payload, Payload::Command(_))),
            changes: count(|payload| matches!(payload, Payload::Membership(_))),
            ..self.counts.clone()
        }
    }
}
