//! The inbox of a ladder's owner, and the place for its answers. Slow on purpose at its lowest rung.

use std::collections::VecDeque;
use std::hint;
use std::sync::{Condvar, Mutex};

/// A queue with one reader and no bound of its own: whoever writes knows that there is room, most
/// often because it waits for an answer before it writes again.
///
/// With `COUNT` a sender notifies only a reader who sleeps; who reads looks `SPIN` times before it
/// sleeps.
#[derive(Debug)]
pub struct Mailbox<T, const COUNT: bool, const SPIN: u32> {
    state: Mutex<Letters<T>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct Letters<T> {
    queue: VecDeque<T>,
    asleep: bool,
}

impl<T, const COUNT: bool, const SPIN: u32> Default for Mailbox<T, COUNT, SPIN> {
    fn default() -> Self {
        let letters = Letters { queue: VecDeque::with_capacity(1), asleep: false };
        Self { state: Mutex::new(letters), arrived: Condvar::new() }
    }
}

impl<T, const COUNT: bool, const SPIN: u32> Mailbox<T, COUNT, SPIN> {
    /// Puts a letter in; never waits.
    ///
    /// # Panics
    ///
    /// When somebody panicked over the box.
    pub fn send(&self, letter: T) {
        let mut letters = self.state.lock().unwrap();
        letters.queue.push_back(letter);
        let asleep = letters.asleep;
        drop(letters);
        // std's notify makes a system call whether anybody sleeps or not.
        if !COUNT || asleep {
            self.arrived.notify_one();
        }
    }

    /// Waits for the next letter.
    ///
    /// # Panics
    ///
    /// When somebody panicked over the box.
    pub fn receive(&self) -> T {
        for _ in 0..SPIN {
            if let Some(letter) = self.state.try_lock().ok().and_then(|mut l| l.queue.pop_front()) {
                return letter;
            }
            hint::spin_loop();
        }
        let mut letters = self.state.lock().unwrap();
        loop {
            if let Some(letter) = letters.queue.pop_front() {
                return letter;
            }
            letters.asleep = true;
            letters = self.arrived.wait(letters).unwrap();
            letters.asleep = false;
        }
    }
}
