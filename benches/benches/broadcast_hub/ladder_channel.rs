//! The ladder of the message-passing structure: a channel for each subscriber, into which the
//! publisher puts a copy. The levers are those of [`crate::ladder_lock`].

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::{hint, mem};

use crate::contender::Threads;

pub(crate) type Naive = ChannelLadder<false, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 1, 0>;
pub(crate) type Batch = ChannelLadder<true, 16, 0>;
pub(crate) type Spin = ChannelLadder<true, 16, 200>;

pub(crate) struct ChannelLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    channels: Vec<Arc<Channel<COUNT, SPIN>>>,
    /// Kept back until there are `BATCH` of them.
    batch: Vec<u64>,
}

pub(crate) struct Reader<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    channel: Arc<Channel<COUNT, SPIN>>,
    taken: VecDeque<u64>,
}

struct Channel<const COUNT: bool, const SPIN: u32> {
    room: usize,
    state: Mutex<State>,
    arrived: Condvar,
    emptied: Condvar,
}

struct State {
    queue: VecDeque<u64>,
    closed: bool,
    /// Whether the subscriber is inside `arrived.wait`, or notified and on its way out of it.
    sleeps: bool,
    /// Whether the publisher is inside `emptied.wait`, likewise.
    waits: bool,
}

impl<const COUNT: bool, const SPIN: u32> Channel<COUNT, SPIN> {
    fn send(&self, batch: &[u64]) {
        let mut left = batch;
        while !left.is_empty() {
            let mut state = self.look(|state| state.queue.len() < self.room);
            while state.queue.len() >= self.room {
                state.waits = true;
                state = self.emptied.wait(state).unwrap();
                state.waits = false;
            }
            let (now, later) = left.split_at(left.len().min(self.room - state.queue.len()));
            state.queue.extend(now);
            left = later;
            let anyone = state.sleeps;
            drop(state);
            // std's notify makes a system call whether anybody sleeps or not.
            if !COUNT || anyone {
                self.arrived.notify_one();
            }
        }
    }

    /// Waits for messages and takes up to `most` of them; none once there will be no more.
    fn receive(&self, most: usize, taken: &mut VecDeque<u64>) {
        let mut state = self.look(|state| !state.queue.is_empty());
        while state.queue.is_empty() && !state.closed {
            state.sleeps = true;
            state = self.arrived.wait(state).unwrap();
            state.sleeps = false;
        }
        let count = most.min(state.queue.len());
        taken.extend(state.queue.drain(..count));
        let anyone = state.waits;
        drop(state);
        if !COUNT || anyone {
            self.emptied.notify_one();
        }
    }

    /// The lock, after a bounded look for a moment in which it is worth having.
    fn look(&self, ready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        for _ in 0..SPIN {
            if let Ok(state) = self.state.try_lock()
                && ready(&state)
            {
                return state;
            }
            hint::spin_loop();
        }
        self.state.lock().unwrap()
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Threads
    for ChannelLadder<COUNT, BATCH, SPIN>
{
    type Subscriber = Reader<COUNT, BATCH, SPIN>;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let channel = |_| {
            let queue = VecDeque::with_capacity(room);
            let state = State { queue, closed: false, sleeps: false, waits: false };
            let (arrived, emptied) = (Condvar::new(), Condvar::new());
            Arc::new(Channel { room, state: Mutex::new(state), arrived, emptied })
        };
        let channels: Vec<_> = (0..subscribers).map(channel).collect();
        let reader = |channel: &Arc<_>| Reader {
            channel: Arc::clone(channel),
            taken: VecDeque::with_capacity(BATCH),
        };
        let readers = channels.iter().map(reader).collect();
        (Self { channels, batch: Vec::with_capacity(BATCH) }, readers)
    }

    fn publish(&mut self, number: u64) {
        self.batch.push(number);
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.channels.iter().for_each(|channel| channel.send(&self.batch));
        self.batch.clear();
    }

    fn receive(subscriber: &mut Self::Subscriber, each: impl FnMut(u64)) -> bool {
        let mut taken = mem::take(&mut subscriber.taken);
        subscriber.channel.receive(BATCH, &mut taken);
        let any = !taken.is_empty();
        taken.drain(..).for_each(each);
        subscriber.taken = taken;
        any
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Drop
    for ChannelLadder<COUNT, BATCH, SPIN>
{
    fn drop(&mut self) {
        for channel in &self.channels {
            channel.state.lock().unwrap().closed = true;
            channel.arrived.notify_one();
        }
    }
}
