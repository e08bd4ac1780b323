//! A subscriber's own bounded queue: the desk puts messages in, the subscriber takes them out.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use super::quiet::{Quiet, drop_quietly, wake_quietly};
use super::sync::{Arc, Mutex, MutexGuard};
use super::terms::Slow;

/// One payload for all who get it.
pub(crate) type Message<T> = Arc<Quiet<T>>;

pub(crate) struct Mailbox<T> {
    slow: Slow,
    /// `inside.messages` is never longer.
    capacity: usize,
    inside: Mutex<Inside<T>>,
}

struct Inside<T> {
    messages: VecDeque<Message<T>>,
    /// Messages dropped before the oldest in here, and not reported yet.
    missed: u64,
    /// Nothing more is put in.
    end: Option<End>,
    /// The desk wants to know when there is room.
    calls: bool,
    /// The subscriber's, while it waits.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Evicted,
}

/// What became of a message for a subscriber.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Delivered,
    /// And the subscriber has no room for another, and says so when it has.
    Filled,
    /// And the oldest was dropped for it.
    Dropped,
    /// The subscriber was full and is out.
    Evicted,
}

/// What a subscriber finds.
pub(crate) enum Found {
    /// Messages were taken. If `calls`, the desk wants to know.
    Messages {
        calls: bool,
    },
    Missed(u64),
    Nothing,
    End(End),
}

impl<T> Mailbox<T> {
    /// A mailbox with messages from before.
    pub(crate) fn new(
        slow: Slow,
        capacity: usize,
        messages: VecDeque<Message<T>>,
        missed: u64,
    ) -> Self {
        let calls = slow == Slow::Wait && messages.len() == capacity;
        let inside = Inside { messages, missed, end: None, calls, waker: None };
        Self { slow, capacity, inside: Mutex::new(inside) }
    }

    // For the desk.

    /// Whether the subscriber is to be waited for now.
    pub(crate) fn is_in_the_way(&self) -> bool {
        let inside = self.inside();
        self.slow == Slow::Wait && inside.messages.len() == self.capacity
    }

    // ANCHOR: put
    /// Puts a message in. Who is waited for has room: the desk has seen to that.
    pub(crate) fn put(&self, message: Message<T>) -> Put {
        let mut inside = self.inside();
        let mut oldest = None;
        if inside.messages.len() == self.capacity {
            if self.slow == Slow::Evict {
                finish(inside, End::Evicted);
                return Put::Evicted;
            }
            debug_assert_eq!(self.slow, Slow::DropOldest, "who is waited for has room");
            oldest = inside.messages.pop_front();
            inside.missed += 1;
        }
        inside.messages.push_back(message);
        inside.calls = self.slow == Slow::Wait && inside.messages.len() == self.capacity;
        let put = match (&oldest, inside.calls) {
            (Some(_), _) => Put::Dropped,
            (None, true) => Put::Filled,
            (None, false) => Put::Delivered,
        };
        let waker = inside.waker.take();
        drop(inside);
        drop(oldest);
        wake_quietly(waker);
        put
    }
    // ANCHOR_END: put

    /// Nothing more comes. Who is evicted loses what it has not read.
    pub(crate) fn end(&self, end: End) {
        finish(self.inside(), end);
    }

    // For the subscriber.

    /// Takes messages, `limit` at most.
    pub(crate) fn take(&self, limit: usize, into: &mut VecDeque<Message<T>>) -> Found {
        let mut inside = self.inside();
        if inside.end == Some(End::Evicted) {
            return Found::End(End::Evicted);
        }
        if inside.missed > 0 {
            return Found::Missed(mem::take(&mut inside.missed));
        }
        let count = limit.min(inside.messages.len());
        if count == 0 {
            return inside.end.map_or(Found::Nothing, Found::End);
        }
        into.extend(inside.messages.drain(..count));
        Found::Messages { calls: mem::take(&mut inside.calls) }
    }

    pub(crate) fn len(&self) -> usize {
        self.inside().messages.len()
    }

    /// Notes whom to wake, unless [`take`](Self::take) would find something. Whether it did.
    pub(crate) fn sleep(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let mut inside = self.inside();
        let dry = inside.messages.is_empty() && inside.missed == 0 && inside.end.is_none();
        let unused = if dry { inside.waker.replace(waker) } else { Some(waker) };
        drop(inside);
        drop_quietly(unused);
        dry
    }

    /// The subscriber waits no more.
    pub(crate) fn wake(&self) {
        let waker = self.inside().waker.take();
        drop_quietly(waker);
    }

    fn inside(&self) -> MutexGuard<'_, Inside<T>> {
        self.inside.lock().expect("nothing panics under this mutex")
    }
}

fn finish<T>(mut inside: MutexGuard<'_, Inside<T>>, end: End) {
    inside.end = Some(end);
    let lost = match end {
        End::Closed => VecDeque::new(),
        End::Evicted => mem::take(&mut inside.messages),
    };
    let waker = inside.waker.take();
    drop(inside);
    drop(lost);
    wake_quietly(waker);
}
