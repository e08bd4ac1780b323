//! A model of the channel: what the channel variant uses of crossbeam's, built from primitives that
//! the checker can look into. `against.rs` holds it against the real one.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::time::Duration;

use shuttle::sync::{Arc, Mutex, MutexGuard};
use shuttle::thread::{self, Thread};

use super::clock::Instant;

struct State<T> {
    values: VecDeque<T>,
    capacity: usize,
    has_sender: bool,
    has_receiver: bool,
    /// Threads to wake at the next change. They look again, so one too many does no harm.
    asleep: Vec<Thread>,
}

pub(crate) struct Sender<T>(Arc<Mutex<State<T>>>);
pub(crate) struct Receiver<T>(Arc<Mutex<State<T>>>);

#[derive(Debug, PartialEq)]
pub(crate) enum TrySendError<T> {
    Full(T),
    Disconnected(T),
}

#[derive(Debug, PartialEq)]
pub(crate) enum RecvTimeoutError {
    Timeout,
    Disconnected,
}

/// There is no value, or the other side is gone.
#[derive(Debug, PartialEq)]
pub(crate) struct Nothing;

pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (values, asleep) = (VecDeque::new(), Vec::new());
    let state = State { values, capacity, has_sender: true, has_receiver: true, asleep };
    let state = Arc::new(Mutex::new(state));
    (Sender(Arc::clone(&state)), Receiver(state))
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Ends a change.
fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let asleep = mem::take(&mut state.asleep);
    drop(state);
    asleep.iter().for_each(Thread::unpark);
}

impl<T> Sender<T> {
    pub(crate) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = lock(&self.0);
        if !state.has_receiver {
            return Err(TrySendError::Disconnected(value));
        }
        if state.values.len() == state.capacity {
            return Err(TrySendError::Full(value));
        }
        state.values.push_back(value);
        wake(state);
        Ok(())
    }

    /// Waits while it is full.
    pub(crate) fn send(&self, value: T) -> Result<(), Nothing> {
        loop {
            let mut state = lock(&self.0);
            if !state.has_receiver {
                return Err(Nothing);
            }
            if state.values.len() < state.capacity {
                state.values.push_back(value);
                wake(state);
                return Ok(());
            }
            state.asleep.push(thread::current());
            drop(state);
            thread::park();
        }
    }
}

impl<T> Receiver<T> {
    pub(crate) fn try_recv(&self) -> Result<T, Nothing> {
        let mut state = lock(&self.0);
        let value = state.values.pop_front().ok_or(Nothing);
        wake(state);
        value
    }

    pub(crate) fn recv(&self) -> Result<T, Nothing> {
        self.receive(None).map_err(|_| Nothing)
    }

    pub(crate) fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.receive(Instant::now().checked_add(timeout))
    }

    fn receive(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        loop {
            let mut state = lock(&self.0);
            if let Some(value) = state.values.pop_front() {
                wake(state);
                return Ok(value);
            }
            if !state.has_sender {
                return Err(RecvTimeoutError::Disconnected);
            }
            state.asleep.push(thread::current());
            drop(state);
            if deadline.is_some_and(Instant::is_due_or_wakes) {
                return Err(RecvTimeoutError::Timeout);
            }
            thread::park();
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.has_sender = false;
        wake(state);
    }
}

/// What is in the channel stays there until the sender goes too. The real one drops it sooner, but
/// its documents do not promise that.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.has_receiver = false;
        wake(state);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}
