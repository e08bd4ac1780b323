//! How a stage of several tasks keeps the order: as `order.rs`, for tasks.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use super::control::dispose;
use super::hop::Item;
use super::task_hop::{Input, Output};

/// Where the tasks of an ordered stage get their items, each with its ticket.
pub(crate) struct Intake<T> {
    end: tokio::sync::Mutex<(Input<T>, u64)>,
}

impl<T> Intake<T> {
    pub(crate) fn new(input: Input<T>) -> Self {
        Self { end: tokio::sync::Mutex::new((input, 0)) }
    }

    pub(crate) async fn take(&self) -> Option<(u64, Item<T>)> {
        let mut end = self.end.lock().await;
        let item = end.0.take().await?;
        end.1 += 1;
        Some((end.1 - 1, item))
    }
}

/// Where they leave their results. The next ticket always finds room.
pub(crate) struct Order<U> {
    line: Mutex<Line<U>>,
    moved: Notify,
    /// The way out, for the one who is `leading`.
    output: tokio::sync::Mutex<Output<U>>,
    window: u64,
}

struct Line<U> {
    next: u64,
    parked: VecDeque<Option<Item<U>>>,
    leading: bool,
}

impl<U> Order<U> {
    pub(crate) fn new(window: usize, output: Output<U>) -> Self {
        Self {
            line: Mutex::new(Line { next: 0, parked: VecDeque::new(), leading: false }),
            moved: Notify::new(),
            output: tokio::sync::Mutex::new(output),
            window: window as u64,
        }
    }

    /// Waits for a place, and hands on what is next. A task that is aborted here ends the run.
    pub(crate) async fn put(&self, ticket: u64, result: Item<U>) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable(); // from here on no move is missed
            if ticket - self.line().next < self.window {
                break;
            }
            moved.await;
        }
        let lead = {
            let mut line = self.line();
            line.park(ticket, result);
            !mem::replace(&mut line.leading, true)
        };
        if lead {
            self.lead().await;
        }
    }

    async fn lead(&self) {
        let mut output = self.output.lock().await;
        while let Some(result) = self.leave() {
            self.moved.notify_waiters();
            if output.put(result) && !output.flush().await {
                return; // still leading, so nobody else tries; the run is over
            }
        }
        output.flush().await; // a task that becomes the leader meanwhile waits for the output
    }

    /// The next result; without one, the lead is given up in the same step.
    fn leave(&self) -> Option<Item<U>> {
        let mut line = self.line();
        if !matches!(line.parked.front(), Some(Some(_))) {
            line.leading = false;
            return None;
        }
        line.next += 1;
        line.parked.pop_front()?
    }

    fn line(&self) -> MutexGuard<'_, Line<U>> {
        self.line.lock().expect("no panic under this lock")
    }
}

impl<U> Line<U> {
    fn park(&mut self, ticket: u64, result: Item<U>) {
        let place = (ticket - self.next) as usize;
        while self.parked.len() <= place {
            self.parked.push_back(None);
        }
        self.parked[place] = Some(result);
    }
}

impl<U> Drop for Line<U> {
    fn drop(&mut self) {
        self.parked.drain(..).for_each(dispose); // one by one, as in a batch
    }
}
