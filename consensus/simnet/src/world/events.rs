//! What happens to nodes, one event at a time.

use std::cmp::Ordering;
use std::time::Duration;

use super::{State, World};
use crate::clock::Micros;
use crate::network::Fate;
use crate::process::{Input, NodeId, Outbox, Process};
use crate::trace::{Field, link, node};

/// A node whose time comes this often within one moment would keep the world there for ever.
const STUCK: u32 = 1000;

pub(super) struct Event<P: Process> {
    pub(super) at: Micros,
    /// Among events of one moment, the one planned first comes first.
    order: u64,
    pub(super) what: What<P>,
}

pub(super) enum What<P: Process> {
    Arrive {
        id: u64,
        from: NodeId,
        to: NodeId,
        message: P::Message,
    },
    /// Look at the node's deadline.
    Alarm {
        node: NodeId,
        life: u64,
    },
    Saved {
        node: NodeId,
        life: u64,
        write: u64,
    },
}

/// What waits until a paused node goes on.
pub(super) enum Held<M> {
    Message { id: u64, from: NodeId, message: M },
    Saved(u64),
}

impl<P: Process> World<P> {
    pub(super) fn plan(&mut self, at: Micros, what: What<P>) {
        self.planned += 1;
        self.queue.push(Event { at, order: self.planned, what });
    }

    pub(super) fn happen(&mut self, what: What<P>) {
        match what {
            What::Arrive { id, from, to, message } => self.arrive(id, from, to, message),
            What::Alarm { node, life } if self.at(node).life == life => self.alarm(node),
            What::Saved { node, life, write } if self.at(node).life == life => {
                self.saved(node, write);
            }
            What::Alarm { .. } | What::Saved { .. } => {}
        }
    }

    fn arrive(&mut self, id: u64, from: NodeId, to: NodeId, message: P::Message) {
        if self.network.is_cut(from, to) {
            self.counts.cut_off += 1;
            return self.dropped(id, from, to, "cut");
        }
        let capacity = self.inbox;
        match &mut self.at_mut(to).state {
            State::Up(_) => self.deliver(id, from, to, message),
            State::Paused(_, held) if held.len() < capacity => {
                held.push(Held::Message { id, from, message });
            }
            State::Paused(..) => {
                self.counts.overflowed += 1;
                self.dropped(id, from, to, "full");
            }
            State::Down => {
                self.counts.to_the_dead += 1;
                self.dropped(id, from, to, "down");
            }
        }
    }

    pub(super) fn deliver(&mut self, id: u64, from: NodeId, to: NodeId, message: P::Message) {
        self.counts.delivered += 1;
        self.log_message("deliver", id, from, to, &message);
        self.input(to, Input::Message { from, message });
    }

    fn dropped(&mut self, id: u64, from: NodeId, to: NodeId, why: &str) {
        let [from, to] = link(from, to);
        self.log("drop", &[("id", Field::Number(id)), from, to, ("why", Field::Text(why))]);
    }

    fn alarm(&mut self, id: NodeId) {
        let now = self.now;
        let place = self.at_mut(id);
        if place.alarm.is_some_and(|at| at <= now) {
            place.alarm = None;
        }
        // A paused node looks at its deadline when it goes on.
        let State::Up(process) = &place.state else { return };
        let local = place.clock.read(now);
        if process.deadline().is_some_and(|it| crate::process::micros(it) <= local) {
            let (at, often) = place.fired;
            place.fired = (now, if at == now { often + 1 } else { 1 });
            assert!(place.fired.1 < STUCK, "node {id} leaves its deadline in the past; move it");
            self.counts.times += 1;
            self.log_node("time", id);
            self.input(id, Input::Time);
        } else {
            self.set_alarm(id);
        }
    }

    fn saved(&mut self, id: NodeId, write: u64) {
        self.at_mut(id).disk.complete();
        self.log("saved", &[node(id), ("write", Field::Number(write))]);
        match &mut self.at_mut(id).state {
            State::Paused(_, held) => held.push(Held::Saved(write)),
            State::Up(_) => self.input(id, Input::Saved(write)),
            State::Down => unreachable!("the writes of a node end with its life"),
        }
    }

    pub(super) fn input(&mut self, id: NodeId, input: Input<P::Message>) {
        self.with(id, |process, now, out| process.handle(now, input, out));
    }

    /// Lets a running node do something, and does what it wants done.
    pub(super) fn with<R>(
        &mut self,
        id: NodeId,
        act: impl FnOnce(&mut P, Duration, &mut Outbox<P>) -> R,
    ) -> Option<R> {
        let (now, recording) = (self.now, self.trace.is_some());
        let place = self.at_mut(id);
        let State::Up(process) = &mut place.state else { return None };
        let mut out = Outbox::new(place.last_write, recording, now);
        let result = act(process, Duration::from_micros(place.clock.read(now)), &mut out);
        let first_write = std::mem::replace(&mut place.last_write, out.last_write) + 1;
        for text in out.notes {
            self.log("note", &[node(id), ("text", Field::Text(&text))]);
        }
        for (write, number) in out.writes.into_iter().zip(first_write..) {
            self.write(id, number, write);
        }
        for (to, message) in out.sends {
            self.send(id, to, message);
        }
        self.set_alarm(id);
        Some(result)
    }

    fn write(&mut self, id: NodeId, number: u64, write: P::Write) {
        self.counts.writes += 1;
        if self.trace.is_some() {
            let text = write.to_string();
            let fields = [node(id), ("write", Field::Number(number)), ("text", Field::Text(&text))];
            self.log("save", &fields);
        }
        let now = self.now;
        // Not `at_mut`: the generator is borrowed beside it.
        let place = self.nodes.get_mut(&id).expect("it runs");
        let (at, life) = (place.disk.write(now, write, &mut self.disk_rng), place.life);
        self.plan(at, What::Saved { node: id, life, write: number });
    }

    fn send(&mut self, from: NodeId, to: NodeId, message: P::Message) {
        assert!(self.nodes.contains_key(&to), "node {from} sends to {to}, which does not exist");
        self.messages += 1;
        let id = self.messages;
        self.counts.sent += 1;
        self.log_message("send", id, from, to, &message);
        if self.network.is_cut(from, to) {
            self.counts.cut_off += 1;
            return self.dropped(id, from, to, "cut");
        }
        match self.network.fate(self.now, from, to, &mut self.network_rng) {
            Fate::Lost => {
                self.counts.lost += 1;
                self.dropped(id, from, to, "loss");
            }
            Fate::Once(at) => self.plan(at, What::Arrive { id, from, to, message }),
            Fate::Twice(first, second) => {
                self.counts.repeated += 1;
                self.log_message("repeat", id, from, to, &message);
                self.plan(first, What::Arrive { id, from, to, message: message.clone() });
                self.plan(second, What::Arrive { id, from, to, message });
            }
        }
    }

    /// Plans a look at the node's deadline, unless one is planned that comes soon enough.
    pub(super) fn set_alarm(&mut self, id: NodeId) {
        let now = self.now;
        let place = self.at_mut(id);
        let State::Up(process) = &place.state else { return };
        let Some(deadline) = process.deadline() else { return };
        let at = place.clock.when(crate::process::micros(deadline)).max(now);
        if at == Micros::MAX {
            return; // the end of time never comes
        }
        if place.alarm.is_none_or(|planned| at < planned) {
            place.alarm = Some(at);
            let life = place.life;
            self.plan(at, What::Alarm { node: id, life });
        }
    }

    fn log_message(
        &mut self,
        event: &str,
        id: u64,
        from: NodeId,
        to: NodeId,
        message: &P::Message,
    ) {
        if self.trace.is_some() {
            let text = message.to_string();
            let [from, to] = link(from, to);
            self.log(event, &[("id", Field::Number(id)), from, to, ("text", Field::Text(&text))]);
        }
    }
}

/// The queue gives out its greatest, so the earliest counts as greatest.
impl<P: Process> Ord for Event<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl<P: Process> PartialOrd for Event<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P: Process> PartialEq for Event<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<P: Process> Eq for Event<P> {}
