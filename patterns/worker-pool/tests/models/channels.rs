//! A model of the channel: what the channel variant uses of crossbeam's, built from primitives that
//! the checker can look into. `models.rs` holds it against the real one. Time-outs never fire.

use std::collections::VecDeque;
use std::mem;

use shuttle::sync::{Arc, Mutex, MutexGuard};
use shuttle::thread::{self, Thread};

struct State<T> {
    values: VecDeque<T>,
    capacity: usize,
    senders: usize,
    /// Threads to wake at the next change. They look again, so one too many does no harm.
    asleep: Vec<Thread>,
}

pub(crate) struct Sender<T>(Arc<Mutex<State<T>>>);
pub(crate) struct Receiver<T>(Arc<Mutex<State<T>>>);

#[derive(Debug, PartialEq)]
pub(crate) enum TrySendError<T> {
    Full(T),
    #[expect(dead_code, reason = "the receiver is there as long as the pool")]
    Disconnected(T),
}

#[derive(Debug, PartialEq)]
pub(crate) enum TryRecvError {
    Empty,
    Disconnected,
}

pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State { values: VecDeque::new(), capacity, senders: 1, asleep: Vec::new() };
    let state = Arc::new(Mutex::new(state));
    (Sender(Arc::clone(&state)), Receiver(state))
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().expect("no panic")
}

/// Ends a change.
fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let asleep = mem::take(&mut state.asleep);
    drop(state);
    for thread in asleep {
        thread.unpark();
    }
}

/// Tries, or is woken when it is worth another try.
fn try_or_register<T, R>(
    state: &Mutex<State<T>>,
    attempt: impl FnOnce(&mut State<T>) -> Option<R>,
) -> Option<R> {
    let mut state = lock(state);
    let Some(result) = attempt(&mut state) else {
        state.asleep.push(thread::current());
        return None;
    };
    wake(state);
    Some(result)
}

/// A value, or that there will be none; `None` if there is none now.
fn receive_now<T>(state: &mut State<T>) -> Option<Result<T, TryRecvError>> {
    match state.values.pop_front() {
        Some(value) => Some(Ok(value)),
        None if state.senders == 0 => Some(Err(TryRecvError::Disconnected)),
        None => None,
    }
}

impl<T> Sender<T> {
    /// The receivers of the variants live as long as the pool, so nothing is ever disconnected.
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = lock(&self.0);
        if state.values.len() == state.capacity {
            return Err(TrySendError::Full(value));
        }
        state.values.push_back(value);
        wake(state);
        Ok(())
    }

    pub(crate) fn is_full(&self) -> bool {
        let state = lock(&self.0);
        state.values.len() == state.capacity
    }
}

impl<T> Receiver<T> {
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = lock(&self.0);
        let received = receive_now(&mut state).unwrap_or(Err(TryRecvError::Empty));
        wake(state);
        received
    }

    pub(crate) fn recv(&self) -> Result<T, TryRecvError> {
        loop {
            if let Some(received) = try_or_register(&self.0, receive_now) {
                return received;
            }
            thread::park();
        }
    }

    pub(crate) fn recv_deadline(&self, _: std::time::Instant) -> Result<T, TryRecvError> {
        self.recv()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).values.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        lock(&self.0).senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.senders -= 1;
        wake(state);
    }
}

/// In the place of `src/select.rs`.
pub(crate) mod select {
    use std::time::Instant;

    use super::{Receiver, Sender, receive_now, thread, try_or_register};

    pub(crate) enum Unsent<T> {
        Closed(T),
        #[expect(dead_code, reason = "time-outs never fire")]
        TimedOut(T),
    }

    pub(crate) enum Received<T> {
        Value(T),
        Rung,
        #[expect(dead_code, reason = "time-outs never fire")]
        TimedOut,
        Ended,
    }

    pub(crate) fn send<T>(
        values: &Sender<T>,
        value: T,
        closing: &Receiver<()>,
        deadline: Option<Instant>,
    ) -> Result<(), Unsent<T>> {
        assert!(deadline.is_none(), "time-outs never fire");
        let mut value = Some(value);
        loop {
            let sent = try_or_register(&values.0, |state| {
                if state.values.len() < state.capacity {
                    state.values.extend(value.take());
                }
                value.is_none().then_some(())
            });
            if sent.is_some() {
                return Ok(());
            }
            if try_or_register(&closing.0, receive_now).is_some() {
                return Err(Unsent::Closed(value.take().expect("not sent")));
            }
            thread::park();
        }
    }

    pub(crate) fn receive<T>(
        values: &Receiver<T>,
        bell: &Receiver<()>,
        deadline: Option<Instant>,
    ) -> Received<T> {
        assert!(deadline.is_none(), "time-outs never fire");
        loop {
            match try_or_register(&values.0, receive_now) {
                Some(Ok(value)) => return Received::Value(value),
                Some(Err(_)) => return Received::Ended,
                None => {}
            }
            if try_or_register(&bell.0, receive_now).is_some() {
                return Received::Rung;
            }
            thread::park();
        }
    }
}
