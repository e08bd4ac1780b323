//! A model of a bounded channel with the surface of crossbeam's, built from primitives that the checker
//! can look into.
//!
//! A channel without room, whose sender meets its receiver, is here for its end alone: code that waits for
//! the end of all senders needs no more, and nothing can be sent through it.

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
    senders: usize,
    receivers: usize,
    /// Threads to wake at the next change. They look again, so one too many does no harm.
    asleep: Vec<Thread>,
}

/// The end into which values go.
pub struct Sender<T>(Arc<Mutex<State<T>>>);

/// The end from which they come.
pub struct Receiver<T>(Arc<Mutex<State<T>>>);

/// No receiver is left. Gives the value back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why a value was not taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no room now.
    Full(T),
    /// No receiver is left.
    Disconnected(T),
}

/// There is no value, and no sender is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

/// Why no value was received at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none now.
    Empty,
    /// No sender is left.
    Disconnected,
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// The time is up.
    Timeout,
    /// No sender is left.
    Disconnected,
}

/// A channel with room for so many values.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (values, asleep) = (VecDeque::new(), Vec::new());
    let state = State { values, capacity, senders: 1, receivers: 1, asleep };
    let state = Arc::new(Mutex::new(state));
    (Sender(Arc::clone(&state)), Receiver(state))
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl<T> State<T> {
    fn has_room(&self) -> bool {
        assert!(self.capacity > 0, "a model without room hands nothing over; give it room");
        self.values.len() < self.capacity
    }

    /// A value, or that there will be none; or nothing now.
    fn take(&mut self) -> Option<Result<T, RecvError>> {
        let never = (self.senders == 0).then_some(Err(RecvError));
        self.values.pop_front().map(Ok).or(never)
    }
}

/// Ends a change.
fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let asleep = mem::take(&mut state.asleep);
    drop(state);
    asleep.iter().for_each(Thread::unpark);
}

impl<T> Sender<T> {
    /// Does not wait.
    ///
    /// # Errors
    ///
    /// When there is no room, and when no receiver is left.
    ///
    /// # Panics
    ///
    /// When the channel was made without room.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let mut state = lock(&self.0);
        if state.receivers == 0 {
            return Err(TrySendError::Disconnected(value));
        }
        if !state.has_room() {
            return Err(TrySendError::Full(value));
        }
        state.values.push_back(value);
        wake(state);
        Ok(())
    }

    /// Waits while it is full.
    ///
    /// # Errors
    ///
    /// When no receiver is left.
    ///
    /// # Panics
    ///
    /// When the channel was made without room.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        loop {
            let mut state = lock(&self.0);
            if state.receivers == 0 {
                return Err(SendError(value));
            }
            if state.has_room() {
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
    /// Does not wait.
    ///
    /// # Errors
    ///
    /// When there is no value now, and when there will be none.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = lock(&self.0);
        let received = state.take().ok_or(TryRecvError::Empty)?;
        wake(state);
        received.map_err(|_| TryRecvError::Disconnected)
    }

    /// Waits for a value.
    ///
    /// # Errors
    ///
    /// When there is none, and no sender is left.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.receive(None).map_err(|_| RecvError)
    }

    /// Waits for a value until the clock was advanced by so much.
    ///
    /// # Errors
    ///
    /// When no sender is left, and when the time is up.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.receive(Instant::now().checked_add(timeout))
    }

    /// Those that are there, until there are none.
    pub fn try_iter(&self) -> impl Iterator<Item = T> + '_ {
        std::iter::from_fn(|| self.try_recv().ok())
    }

    /// A value, or that there will be none. If there is none now, the caller is unparked for another
    /// look. A model of a select is made of such looks.
    pub fn look_or_wakes(&self) -> Option<Result<T, RecvError>> {
        let mut state = lock(&self.0);
        let received = state.take();
        if received.is_some() {
            wake(state);
        } else {
            state.asleep.push(thread::current());
        }
        received
    }

    fn receive(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        loop {
            if let Some(received) = self.look_or_wakes() {
                return received.map_err(|_| RecvTimeoutError::Disconnected);
            }
            if deadline.is_some_and(Instant::is_due_or_wakes) {
                return Err(RecvTimeoutError::Timeout);
            }
            thread::park();
        }
    }
}

/// Waits for each value, until no sender is left.
#[derive(Debug)]
pub struct IntoIter<T>(Receiver<T>);

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        lock(&self.0).senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        lock(&self.0).receivers += 1;
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

/// What is in the channel stays there until the senders go too. The real one drops it sooner, but its
/// documents do not promise that.
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.receivers -= 1;
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
