//! Clients at work while nodes fall and are cut off, and what they saw.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use raft::NodeId;
use raft::core::RoleName;
use raft::node::{ProposeError, ReadError};
use simnet::judge::Operation;

use crate::dice::Dice;
use crate::judges::{Answer, Op, What};
use crate::running::cluster::{Cluster, Handle, LIMIT};
use crate::running::disk::Mode;
use crate::running::wires::Weather;
use crate::running::{Runs, Waits};
use crate::store::Store;

/// Few, so that operations on one meet.
const KEYS: u64 = 3;
/// So long a client waits for a write. It does not know then what became of it.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is done to a cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) nodes: NodeId,
    pub(crate) clients: u64,
    /// So often something happens to a node.
    pub(crate) blows: u32,
    pub(crate) weather: Weather,
}

/// What clients saw, and what happened meanwhile.
pub(crate) struct Seen {
    pub(crate) operations: Vec<Operation<Op, Answer>>,
    pub(crate) counts: Counts,
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) gets: usize,
    pub(crate) puts: usize,
    pub(crate) swaps: usize,
    /// Writes whose outcome nobody knows.
    pub(crate) open: usize,
    /// Pairs on one key that overlap, and not both only read.
    pub(crate) overlaps: usize,
    pub(crate) crashes: usize,
    pub(crate) cuts: usize,
    /// Terms in which somebody was seen to lead.
    pub(crate) leaders: usize,
}

impl Counts {
    /// A history in which so little happened shows nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        let Self { gets, puts, swaps, overlaps, crashes, cuts, leaders, .. } = *self;
        gets.min(puts) < 5 || swaps == 0 || overlaps < 10 || crashes + cuts == 0 || leaders < 2
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.gets += other.gets;
        self.puts += other.puts;
        self.swaps += other.swaps;
        self.open += other.open;
        self.overlaps += other.overlaps;
        self.crashes += other.crashes;
        self.cuts += other.cuts;
        self.leaders += other.leaders;
    }
}

/// What clients share.
struct Common {
    start: Instant,
    is_over: AtomicBool,
    answered: AtomicU64,
    /// No value is put twice.
    values: AtomicU64,
}

/// One of them.
struct Client<'a, N> {
    dice: Dice,
    common: &'a Common,
    doors: &'a [Handle<N>],
    /// Where it asks first: whoever served it last.
    at: usize,
    /// What it believes to stand in each register.
    held: [u64; KEYS as usize],
    operations: Vec<Operation<Op, Answer>>,
}

enum Fate {
    Answered(Answer),
    /// It was certainly not done, and never will be.
    Never,
    Unknown,
}

pub(crate) fn run<N: Runs<Machine = Store>>(plan: Plan) -> Seen {
    let make = |mut config: raft::Config| {
        config.snapshot_after = 4_000;
        config
    };
    let mut cluster = Cluster::<N>::of(plan.nodes, make, |_| Store::default());
    cluster.wires.set(plan.weather);
    let first = cluster.term();
    let common = Common {
        start: Instant::now(),
        is_over: AtomicBool::new(false),
        answered: AtomicU64::new(0),
        values: AtomicU64::new(0),
    };
    let doors: Vec<_> = (1..=plan.nodes).map(|id| cluster.handle(id)).collect();
    let mut blows =
        Blows { dice: Dice(plan.seed), terms: BTreeSet::from([first]), counts: <_>::default() };
    let mut operations = thread::scope(|scope| {
        let client = |number| {
            let client = Client::new(plan.seed, number, &common, &doors);
            scope.spawn(|| client.run())
        };
        let clients: Vec<_> = (1..=plan.clients).map(client).collect();
        blows.fall(&mut cluster, plan, &common);
        common.is_over.store(true, Ordering::SeqCst);
        clients.into_iter().flat_map(|it| it.join().expect("no panic")).collect::<Vec<_>>()
    });
    // What was written and is lost shows here at last.
    let mut last = Client::new(plan.seed, 0, &common, &doors);
    (0..KEYS).for_each(|key| last.surely_gets(key as u8));
    operations.extend(last.operations);
    operations.sort_by_key(|operation| operation.called);
    let counts = blows.counts.with(&operations, blows.terms.len());
    Seen { operations, counts }
}

impl Counts {
    fn with(self, operations: &[Operation<Op, Answer>], leaders: usize) -> Self {
        let count = |is_it: fn(&Answer) -> bool| {
            operations.iter().filter(|it| it.answered.is_some_and(|(_, said)| is_it(&said))).count()
        };
        let end = |it: &Operation<Op, Answer>| it.answered.map_or(Duration::MAX, |(at, _)| at);
        let meet = |one: &Operation<Op, Answer>, other: &Operation<Op, Answer>| {
            let reads = one.op.what == What::Get && other.op.what == What::Get;
            one.op.key == other.op.key && !reads && other.called < end(one)
        };
        let overlaps = operations.iter().enumerate().map(|(place, one)| {
            operations[place + 1..].iter().filter(|other| meet(one, other)).count()
        });
        Self {
            gets: count(|said| matches!(said, Answer::Held(value) if *value > 0)),
            puts: count(|said| *said == Answer::Done),
            swaps: count(|said| *said == Answer::Swapped(true)),
            open: operations.iter().filter(|it| it.answered.is_none()).count(),
            overlaps: overlaps.sum(),
            leaders,
            ..self
        }
    }
}

impl<'a, N: Runs<Machine = Store>> Client<'a, N> {
    fn new(seed: u64, number: u64, common: &'a Common, doors: &'a [Handle<N>]) -> Self {
        let dice = Dice(seed.wrapping_mul(1_000_003) + number);
        let held = [0; KEYS as usize];
        Self { dice, common, doors, at: 0, held, operations: Vec::new() }
    }

    fn run(mut self) -> Vec<Operation<Op, Answer>> {
        while !self.common.is_over.load(Ordering::SeqCst) {
            let key = self.dice.below(KEYS) as u8;
            let what = match self.dice.below(10) {
                0..4 => What::Get,
                4..7 => What::Put(self.value()),
                _ => What::Cas(self.held[usize::from(key)], self.value()),
            };
            self.asks(Op { key, what });
        }
        self.operations
    }

    fn value(&self) -> u64 {
        self.common.values.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Everything is mended, so that somebody answers.
    fn surely_gets(&mut self, key: u8) {
        let end = Instant::now() + LIMIT;
        while !self.asks(Op { key, what: What::Get }) {
            assert!(Instant::now() < end, "nobody answers");
        }
    }

    /// Asks one node; says whether it was answered.
    fn asks(&mut self, op: Op) -> bool {
        let called = self.common.start.elapsed();
        let door = &self.doors[self.at];
        let fate = match op.what {
            What::Get => get(door, op.key),
            _ => write(door, op),
        };
        let ended = self.common.start.elapsed();
        let is_answered = match fate {
            Fate::Answered(answer) => {
                self.learns(op, answer);
                self.operations.push(Operation { op, called, answered: Some((ended, answer)) });
                self.common.answered.fetch_add(1, Ordering::SeqCst);
                return true;
            }
            Fate::Unknown => {
                self.operations.push(Operation { op, called, answered: None });
                false
            }
            Fate::Never => false,
        };
        self.at = self.dice.below(self.doors.len() as u64) as usize;
        thread::yield_now();
        is_answered
    }

    fn learns(&mut self, op: Op, answer: Answer) {
        let held = &mut self.held[usize::from(op.key)];
        *held = match (op.what, answer) {
            (What::Put(value), _)
            | (What::Cas(_, value), Answer::Swapped(true))
            | (_, Answer::Held(value)) => value,
            _ => return,
        };
    }
}

fn get<N: Runs<Machine = Store>>(door: &Handle<N>, key: u8) -> Fate {
    match door.with(|node| node.read(move |store| store.get(key))) {
        Some(Ok(value)) => Fate::Answered(Answer::Held(value)),
        // It saw nothing, and changed nothing.
        Some(Err(ReadError::NotLeader { .. } | ReadError::Lost)) | None => Fate::Never,
    }
}

fn write<N: Runs<Machine = Store>>(door: &Handle<N>, op: Op) -> Fate {
    // The node may be down, or be stopped while this waits.
    let Some(pending) = door.with(|node| node.submit(op.to_bytes())) else { return Fate::Never };
    match pending.wait_timeout(PATIENCE) {
        Ok(Ok(answer)) => Fate::Answered(answer),
        // If it is done all the same, somebody reads what nobody wrote.
        Ok(Err(ProposeError::Dropped(_) | ProposeError::Superseded)) => Fate::Never,
        Ok(Err(ProposeError::Unknown)) | Err(_) => Fate::Unknown,
    }
}

/// What happens to the nodes.
struct Blows {
    dice: Dice,
    terms: BTreeSet<u64>,
    counts: Counts,
}

impl Blows {
    fn fall<N: Runs<Machine = Store>>(
        &mut self,
        cluster: &mut Cluster<N>,
        plan: Plan,
        common: &Common,
    ) {
        for blow in 0..plan.blows {
            self.let_work(cluster, common, 30);
            let leader = cluster.find_leader();
            let any = 1 + self.dice.below(plan.nodes);
            let whom = leader.filter(|_| blow == 0 || self.dice.below(3) > 0).unwrap_or(any);
            if self.dice.one_in(2) {
                self.counts.cuts += 1;
                cluster.cut_off([whom]);
                self.let_work(cluster, common, 30);
                cluster.mend([whom]);
            } else {
                self.counts.crashes += 1;
                crash(cluster, whom);
                self.let_work(cluster, common, 30);
                cluster.start(whom);
            }
        }
        self.let_work(cluster, common, 30);
    }

    /// Until so many more were answered; or for a time in which a new leader is found.
    fn let_work<N: Runs<Machine = Store>>(
        &mut self,
        cluster: &Cluster<N>,
        common: &Common,
        answers: u64,
    ) {
        let enough = common.answered.load(Ordering::SeqCst) + answers;
        cluster.news.until(Duration::from_millis(300), || {
            let leads = cluster.nodes().filter_map(|(_, node)| node.status());
            let leads = leads.filter(|status| status.role == RoleName::Leader);
            self.terms.extend(leads.map(|status| status.term));
            (common.answered.load(Ordering::SeqCst) >= enough).then_some(())
        });
    }
}

/// What is not on the disk by now never will be.
fn crash<N: Runs<Machine = Store>>(cluster: &mut Cluster<N>, whom: NodeId) {
    let brake = cluster.disks[&whom].brake.clone();
    brake.set(Mode::Fails);
    cluster.kill(whom);
    brake.release();
}
