//! A network within the process: one courier brings all messages, late, in any order, or never.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use raft::NodeId;
use raft::log::Payload;
use raft::message::{Reply, Request};
use raft::node::{Answerer, Network};

use crate::running::disk::{Brake, Mode};
use crate::running::news::{News, lock};

/// Brings a request to a node.
pub(crate) type Door = Box<dyn Fn(NodeId, Request, Answerer) + Send>;

/// All nodes' wires. They end with [`end`](Self::end).
pub(crate) struct Wires {
    news: Arc<News>,
    /// Held while a request is brought: when it is free, nobody is in a door.
    doors: Mutex<BTreeMap<NodeId, Door>>,
    state: Mutex<State>,
    work: Condvar,
    /// Holds whoever sends where it is jammed.
    pub(crate) jam: Arc<Brake>,
}

struct State {
    /// By the time at which it arrives.
    on_the_way: BTreeMap<(Instant, u64), Parcel>,
    /// What nobody brings, and nobody says so.
    swallowed: Vec<Parcel>,
    weather: Weather,
    /// They reach nobody, and nobody reaches them.
    off: BTreeSet<NodeId>,
    /// What comes from them or goes to them takes so long.
    slow: BTreeMap<NodeId, Duration>,
    /// From one, to the other: whoever sends there does not come back. No network may do that.
    jammed: BTreeSet<(NodeId, NodeId)>,
    count: Count,
    /// Also the state of the random numbers.
    posted: u64,
    is_over: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// So many of a hundred requests are lost, and so many of a hundred replies.
    pub(crate) loss: u64,
    /// Each takes up to so long.
    pub(crate) delay: Duration,
    /// Two replies of three come up to 200 ms late: long after those to later requests.
    pub(crate) late_replies: bool,
    /// Nobody is told what is lost.
    pub(crate) silent: bool,
}

/// What was sent since the beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) requests: u64,
    /// Of requests and replies.
    pub(crate) bytes: u64,
}

/// The end of the wires at one node.
pub(crate) struct Socket {
    pub(crate) id: NodeId,
    pub(crate) wires: Arc<Wires>,
}

struct Parcel {
    from: NodeId,
    to: NodeId,
    what: What,
    /// Of who asked.
    answer: Answerer,
}

enum What {
    Request(Request),
    Reply(Reply),
}

impl Weather {
    /// As the labs' network is when it is unreliable, at a tenth of their times.
    pub(crate) const BAD: Self =
        Self { loss: 10, delay: Duration::from_micros(2_700), late_replies: false, silent: false };
}

impl Wires {
    pub(crate) fn start(news: Arc<News>) -> (Arc<Self>, JoinHandle<()>) {
        let state = State {
            on_the_way: BTreeMap::new(),
            swallowed: Vec::new(),
            weather: Weather::default(),
            off: BTreeSet::new(),
            slow: BTreeMap::new(),
            jammed: BTreeSet::new(),
            count: Count::default(),
            posted: 0,
            is_over: false,
        };
        let (doors, work, jam) = (Mutex::default(), Condvar::new(), Arc::new(Brake::new(&news)));
        let wires = Arc::new(Self { news, doors, state: Mutex::new(state), work, jam });
        let courier = Arc::clone(&wires);
        (wires, thread::spawn(move || courier.run()))
    }

    pub(crate) fn connect(&self, id: NodeId, door: Door) {
        lock(&self.doors).insert(id, door);
    }

    /// When it returns, nobody is in the door.
    pub(crate) fn disconnect(&self, id: NodeId) {
        lock(&self.doors).remove(&id);
    }

    pub(crate) fn cut_off(&self, id: NodeId) {
        lock(&self.state).off.insert(id);
    }

    pub(crate) fn mend(&self, id: NodeId) {
        lock(&self.state).off.remove(&id);
    }

    pub(crate) fn is_off(&self, id: NodeId) -> bool {
        lock(&self.state).off.contains(&id)
    }

    pub(crate) fn slow_down(&self, id: NodeId, delay: Duration) {
        lock(&self.state).slow.insert(id, delay);
    }

    pub(crate) fn jam(&self, from: NodeId, to: NodeId) {
        self.jam.set(Mode::Waits);
        lock(&self.state).jammed.insert((from, to));
    }

    pub(crate) fn set(&self, weather: Weather) {
        lock(&self.state).weather = weather;
    }

    pub(crate) fn count(&self) -> Count {
        lock(&self.state).count
    }

    pub(crate) fn end(&self) {
        let mut state = lock(&self.state);
        state.is_over = true;
        let dropped = (std::mem::take(&mut state.on_the_way), std::mem::take(&mut state.swallowed));
        drop(state);
        drop(dropped);
        self.work.notify_one();
    }

    fn run(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        while !state.is_over {
            let now = Instant::now();
            let Some(first) = state.on_the_way.first_entry() else {
                state = self.work.wait(state).unwrap();
                continue;
            };
            let left = first.key().0.saturating_duration_since(now);
            if !left.is_zero() {
                state = self.work.wait_timeout(state, left).unwrap().0;
                continue;
            }
            let parcel = first.remove();
            if state.is_open(&parcel) {
                drop(state);
                self.bring(parcel);
                state = lock(&self.state);
            } else if state.weather.silent {
                state.swallowed.push(parcel);
            } else {
                drop(state);
                drop(parcel);
                state = lock(&self.state);
            }
        }
    }

    fn bring(self: &Arc<Self>, parcel: Parcel) {
        let Parcel { from, to, what, answer } = parcel;
        match what {
            What::Reply(reply) => answer.answer(reply),
            What::Request(request) => {
                let wires = Arc::clone(self);
                let back = Answerer::new(move |reply| {
                    if let Some(reply) = reply {
                        wires.post(Parcel { from: to, to: from, what: What::Reply(reply), answer });
                    }
                });
                let doors = lock(&self.doors);
                if let Some(door) = doors.get(&to) {
                    door(from, request, back);
                }
            }
        }
        self.news.tell();
    }

    fn post(&self, parcel: Parcel) {
        let mut state = lock(&self.state);
        state.posted += 1;
        state.count.requests += u64::from(matches!(parcel.what, What::Request(_)));
        state.count.bytes += parcel.bytes();
        let is_lost = state.is_over || state.random() % 100 < state.weather.loss;
        if is_lost && !state.weather.silent {
            // Whoever asked may have something to say now, and not under the lock.
            drop(state);
            drop(parcel);
        } else if is_lost {
            state.swallowed.push(parcel);
        } else {
            let key = (Instant::now() + state.delay(&parcel), state.posted);
            state.on_the_way.insert(key, parcel);
            self.work.notify_one();
        }
    }
}

impl State {
    fn is_open(&self, parcel: &Parcel) -> bool {
        !self.off.contains(&parcel.from) && !self.off.contains(&parcel.to)
    }

    fn delay(&mut self, parcel: &Parcel) -> Duration {
        let slow = [parcel.from, parcel.to].map(|id| self.slow.get(&id).copied());
        let slow: Duration = slow.into_iter().flatten().sum();
        let delay = self.upto(self.weather.delay);
        let is_late = self.weather.late_replies
            && matches!(parcel.what, What::Reply(_))
            && self.random() % 3 < 2;
        let late = if is_late {
            Duration::from_millis(20) + self.upto(Duration::from_millis(180))
        } else {
            Duration::ZERO
        };
        slow + delay + late
    }

    fn upto(&mut self, most: Duration) -> Duration {
        most * (self.random() % 1000) as u32 / 1000
    }

    /// Splitmix: a different number for each parcel and each call.
    fn random(&mut self) -> u64 {
        self.posted = self.posted.wrapping_add(1 << 32);
        let mut z = self.posted.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Parcel {
    /// About as many as a plain encoding takes.
    fn bytes(&self) -> u64 {
        match &self.what {
            What::Reply(_) => 32,
            What::Request(Request::Vote(_) | Request::Campaign { .. }) => 48,
            What::Request(Request::Chunk(chunk)) => 96 + chunk.bytes.len() as u64,
            What::Request(Request::Append(append)) => {
                let size = |payload: &Payload| match payload {
                    Payload::Command(command) => 16 + command.len() as u64,
                    Payload::Empty | Payload::Membership(_) => 64,
                };
                64 + append.entries.iter().map(|entry| size(&entry.payload)).sum::<u64>()
            }
        }
    }
}

impl Network for Socket {
    fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
        let what = What::Request(request);
        let is_jammed = lock(&self.wires.state).jammed.contains(&(self.id, to));
        if is_jammed && self.wires.jam.pass().is_err() {
            return;
        }
        self.wires.post(Parcel { from: self.id, to, what, answer });
    }
}
