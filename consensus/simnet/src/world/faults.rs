//! What can be done to the world.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::events::Held;
use super::{State, World};
use crate::network::Link;
use crate::process::{Input, NodeId, Process, micros};
use crate::rng::Rng;
use crate::trace::{Field, link, node};

impl<P: Process> World<P> {
    /// Starts a node: for the first time, or again with what its disk kept.
    ///
    /// # Panics
    ///
    /// When it is not down.
    pub fn start(&mut self, id: NodeId) {
        assert!(matches!(self.at(id).state, State::Down), "node {id} is started already");
        // Not `at_mut`: `boot` is borrowed beside it.
        let place = self.nodes.get_mut(&id).expect("it was looked at above");
        place.state = State::Up((self.boot)(id, &place.disk.kept));
        place.life += 1;
        (place.alarm, place.last_write) = (None, 0);
        self.counts.starts += 1;
        self.log_node("start", id);
        self.input(id, Input::Start);
    }

    /// Starts every node that is down, in order.
    pub fn start_all(&mut self) {
        for id in self.ids().collect::<Vec<_>>() {
            if matches!(self.at(id).state, State::Down) {
                self.start(id);
            }
        }
    }

    /// Cuts the power of a node. Its memory is gone; of the writes that were not yet safe some are
    /// kept, the first ones. Nothing happens to one that is down.
    pub fn crash(&mut self, id: NodeId) {
        if matches!(self.at(id).state, State::Down) {
            return;
        }
        // Not `at_mut`: the generator is borrowed beside it.
        let place = self.nodes.get_mut(&id).expect("it was looked at above");
        place.state = State::Down;
        place.life += 1;
        let unsaved = place.disk.crash(&mut self.disk_rng) as u64;
        self.counts.crashes += 1;
        self.counts.unsaved += unsaved;
        self.log("crash", &[node(id), ("unsaved", Field::Number(unsaved))]);
    }

    /// Stops a node without killing it, as SIGSTOP, a long collection of garbage or a busy
    /// hypervisor does. Its clock runs on. Nothing happens to one that is not running.
    pub fn pause(&mut self, id: NodeId) {
        let state = &mut self.at_mut(id).state;
        match std::mem::replace(state, State::Down) {
            State::Up(process) => *state = State::Paused(process, Vec::new()),
            other => return *state = other,
        }
        self.counts.pauses += 1;
        self.log_node("pause", id);
    }

    /// Lets a paused node go on, with all that came meanwhile. Nothing happens to any other.
    pub fn resume(&mut self, id: NodeId) {
        let state = &mut self.at_mut(id).state;
        let held = match std::mem::replace(state, State::Down) {
            State::Paused(process, held) => {
                *state = State::Up(process);
                held
            }
            other => return *state = other,
        };
        self.log_node("resume", id);
        for held in held {
            match held {
                Held::Message { id: message_id, from, message } => {
                    self.deliver(message_id, from, id, message);
                }
                Held::Saved(write) => self.input(id, Input::Saved(write)),
            }
        }
        self.set_alarm(id);
    }

    /// Nothing that `from` sends reaches `to` any more, what is on its way included. The other
    /// direction stays as it was.
    pub fn cut_one_way(&mut self, from: NodeId, to: NodeId) {
        if self.network.cut(from, to) {
            self.counts.cuts += 1;
            self.log("cut", &link(from, to));
        }
    }

    /// Nothing passes between the two any more.
    pub fn cut(&mut self, one: NodeId, other: NodeId) {
        self.cut_one_way(one, other);
        self.cut_one_way(other, one);
    }

    /// Nothing passes between these nodes and all others any more.
    pub fn split(&mut self, these: &[NodeId]) {
        let others: Vec<_> = self.ids().filter(|id| !these.contains(id)).collect();
        for &one in these {
            for &other in &others {
                self.cut(one, other);
            }
        }
    }

    /// No link is cut any more.
    pub fn heal(&mut self) {
        self.network.heal();
        self.log("heal", &[]);
    }

    /// From now on a node's disk takes this long for a write, which waits for those before it.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    pub fn set_disk(&mut self, id: NodeId, delay: RangeInclusive<Duration>) {
        assert!(!delay.is_empty(), "{delay:?} holds no delay; put the shorter one first");
        let slowest = Field::Number(micros(*delay.end()));
        self.log("disk", &[node(id), ("slowest_us", slowest)]);
        self.at_mut(id).disk.delay = delay;
    }

    /// From now on a node's clock runs this many millionths too fast, or too slow.
    ///
    /// # Panics
    ///
    /// When it would stand still or run backwards.
    pub fn set_drift(&mut self, id: NodeId, millionths: i32) {
        assert!(
            millionths > -1_000_000,
            "a clock with drift {millionths} does not move; give more"
        );
        let now = self.now;
        self.at_mut(id).clock.set_drift(now, millionths);
        if self.trace.is_some() {
            let text = millionths.to_string();
            self.log("drift", &[node(id), ("millionths", Field::Text(&text))]);
        }
        self.set_alarm(id);
    }

    /// A node's clock jumps ahead. It never goes back: it is what `Instant` reads.
    pub fn jump(&mut self, id: NodeId, ahead: Duration) {
        self.at_mut(id).clock.jump(micros(ahead));
        self.log("jump", &[node(id), ("ahead_us", Field::Number(micros(ahead)))]);
        self.set_alarm(id);
    }

    /// The end of all faults: no cut, good links, fast disks, true rates, and every node runs.
    pub fn calm(&mut self) {
        self.heal();
        self.set_links(Link::default());
        for id in self.ids().collect::<Vec<_>>() {
            self.set_disk(id, Duration::ZERO..=Duration::ZERO);
            self.set_drift(id, 0);
            self.resume(id);
        }
        self.start_all();
    }

    pub(crate) fn storm_rng(&mut self) -> &mut Rng {
        &mut self.storm_rng
    }
}
