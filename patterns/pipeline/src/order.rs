//! How a stage of several workers keeps the order: a ticket for each item as it comes in, and a
//! window in which finished ones wait for those before them.

use std::collections::VecDeque;
use std::mem;

use super::control::dispose;
use super::hop::{Give, Take};
use super::sync::{Condvar, Mutex, MutexGuard};

/// Where the workers of an ordered stage get their items.
pub(crate) struct Intake<I> {
    /// The end and the next ticket behind one lock: an item and its ticket are taken in one step,
    /// so tickets are in the order of the input. Whoever waits for an item holds the lock, and
    /// its colleagues wait for the lock instead.
    end: Mutex<(I, u64)>,
}

impl<I> Intake<I> {
    pub(crate) fn new(take: I) -> Self {
        Self { end: Mutex::new((take, 0)) }
    }

    pub(crate) fn take<T>(&self) -> Option<(u64, T)>
    where
        I: Take<T>,
    {
        let mut end = self.end.lock().expect("no panic under this lock");
        let item = end.0.take()?;
        end.1 += 1;
        Some((end.1 - 1, item))
    }
}

// ANCHOR: order
/// Where they leave their results. A worker has its ticket before it asks for a place here, and a
/// place is refused by ticket: the one that is next always finds room, so whoever waits, waits for
/// somebody who does not.
pub(crate) struct Order<U, G> {
    line: Mutex<Line<U>>,
    moved: Condvar,
    /// The way out. Locked only by the one who is `leading`.
    give: Mutex<G>,
    /// How far a ticket may be ahead of the next.
    window: u64,
}

struct Line<U> {
    /// The ticket at the front of `parked`.
    next: u64,
    /// Results by ticket; a gap is one that is still worked on. Never longer than the window.
    parked: VecDeque<Option<U>>,
    /// One worker at a time hands results on, so that none overtakes on the way out.
    leading: bool,
    /// Workers that wait for room, so that nobody is woken in vain.
    waiting: usize,
    /// A ticket will never come: nothing can leave any more.
    given_up: bool,
}

impl<U, G: Give<U>> Order<U, G> {
    pub(crate) fn put(&self, ticket: u64, result: U) {
        let mut line = self.line();
        while ticket - line.next >= self.window && !line.given_up {
            line.waiting += 1;
            line = self.moved.wait(line).expect("no panic under this lock");
            line.waiting -= 1;
        }
        if line.given_up {
            drop(line);
            return dispose(result);
        }
        line.park(ticket, result);
        if !mem::replace(&mut line.leading, true) {
            self.lead(line);
        }
    }

    /// Hands on what is next, and whatever became next meanwhile.
    fn lead<'a>(&'a self, mut line: MutexGuard<'a, Line<U>>) {
        while let Some(result) = line.leave() {
            let wake = line.waiting > 0;
            drop(line);
            if wake {
                self.moved.notify_all(); // only one of them may have room, and we cannot say which
            }
            self.give.lock().expect("no panic under this lock").give(result);
            line = self.line();
        }
        line.leading = false;
    }
    // ANCHOR_END: order

    pub(crate) fn new(window: usize, give: G) -> Self {
        let parked = VecDeque::new();
        let line = Line { next: 0, parked, leading: false, waiting: 0, given_up: false };
        Self {
            line: Mutex::new(line),
            moved: Condvar::new(),
            give: Mutex::new(give),
            window: window as u64,
        }
    }

    /// Sends away all who wait for a place. Called when the run has been stopped.
    pub(crate) fn give_up(&self) {
        let mut line = self.line();
        line.given_up = true;
        let parked = mem::take(&mut line.parked);
        drop(line);
        self.moved.notify_all();
        parked.into_iter().for_each(dispose);
    }

    fn line(&self) -> MutexGuard<'_, Line<U>> {
        self.line.lock().expect("no panic under this lock")
    }
}

impl<U> Line<U> {
    fn park(&mut self, ticket: u64, result: U) {
        let place = (ticket - self.next) as usize;
        while self.parked.len() <= place {
            self.parked.push_back(None);
        }
        self.parked[place] = Some(result);
    }

    fn leave(&mut self) -> Option<U> {
        self.parked.front()?.as_ref()?;
        self.next += 1;
        self.parked.pop_front()?
    }
}
