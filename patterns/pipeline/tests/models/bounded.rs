//! A model of crossbeam's bounded channel: what the channel variant uses of it, built from
//! primitives that the checker can look into. `models.rs` holds it against the real one.

use std::collections::VecDeque;

use shuttle::sync::{Arc, Condvar, Mutex};

#[derive(Debug)]
struct Channel<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    senders: usize,
    receivers: usize,
}

#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Channel<T>>);
#[derive(Debug)]
pub(crate) struct Receiver<T>(Arc<Channel<T>>);

pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = Mutex::new(State { items: VecDeque::new(), senders: 1, receivers: 1 });
    let channel = Arc::new(Channel { state, changed: Condvar::new(), capacity });
    (Sender(Arc::clone(&channel)), Receiver(channel))
}

impl<T> Sender<T> {
    /// Waits for room; the value comes back if no receiver is left.
    pub(crate) fn send(&self, value: T) -> Result<(), T> {
        let mut state = self.0.state.lock().expect("no panic");
        while state.receivers > 0 && state.items.len() == self.0.capacity {
            state = self.0.changed.wait(state).expect("no panic");
        }
        if state.receivers == 0 {
            return Err(value);
        }
        state.items.push_back(value);
        self.0.changed.notify_all();
        Ok(())
    }
}

impl<T> Receiver<T> {
    pub(crate) fn recv(&self) -> Result<T, ()> {
        let mut state = self.0.state.lock().expect("no panic");
        while state.senders > 0 && state.items.is_empty() {
            state = self.0.changed.wait(state).expect("no panic");
        }
        let item = state.items.pop_front();
        self.0.changed.notify_all();
        item.ok_or(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.state.lock().expect("no panic").senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.0.state.lock().expect("no panic").receivers += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.state.lock().expect("no panic").senders -= 1;
        self.0.changed.notify_all();
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.state.lock().expect("no panic").receivers -= 1;
        self.0.changed.notify_all();
    }
}
