//! The textbook versions on trial. They compile, they pass a quick look, and they are wrong.

use std::collections::VecDeque;

use interleave::note;
use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

// ANCHOR: requeue
/// A worker that fails puts the job back into the channel that it reads from.
pub(crate) fn retrying_worker(
    jobs: &Mutex<Receiver<Job>>,
    queue: &SyncSender<Job>,
    results: &SyncSender<u32>,
) {
    while let Ok(mut job) = { jobs.lock().unwrap().recv() } {
        if job.fails > 0 {
            job.fails -= 1;
            queue.send(job).unwrap(); // waits for room that only a worker can make
        } else {
            results.send(job.id).unwrap();
        }
    }
}
// ANCHOR_END: requeue

pub(crate) struct Job {
    pub(crate) id: u32,
    pub(crate) fails: u32,
}

// ANCHOR: buffers
/// All jobs are sent before the first result is read.
pub(crate) fn process_all(jobs: u32, buffer: usize) -> usize {
    let (queue, queued) = sync_channel::<u32>(buffer);
    let (done, results) = sync_channel::<u32>(buffer);
    let worker = thread::spawn(move || {
        for job in queued {
            done.send(job).unwrap();
        }
    });
    for job in 0..jobs {
        queue.send(job).unwrap();
    }
    drop(queue);
    let collected = results.iter().count();
    worker.join().unwrap();
    collected
}
// ANCHOR_END: buffers

/// A channel that anybody may close, as in Go.
pub(crate) struct Closable<T> {
    name: &'static str,
    state: Mutex<(VecDeque<T>, bool)>,
    changed: Condvar,
}

impl<T> Closable<T> {
    pub(crate) fn new(name: &'static str) -> Arc<Self> {
        let state = Mutex::new((VecDeque::new(), false));
        Arc::new(Self { name, state, changed: Condvar::new() })
    }

    pub(crate) fn send(&self, value: T) {
        let mut state = self.state.lock().unwrap();
        assert!(!state.1, "send on a closed channel");
        state.0.push_back(value);
        self.changed.notify_all();
    }

    pub(crate) fn receive(&self) -> Option<T> {
        let mut state = self.state.lock().unwrap();
        while state.0.is_empty() && !state.1 {
            state = self.changed.wait(state).unwrap();
        }
        state.0.pop_front()
    }

    pub(crate) fn close(&self) {
        self.state.lock().unwrap().1 = true;
        note!("closes {}", self.name);
        self.changed.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        let closed = self.state.lock().unwrap().1;
        note!("sees {} {}", self.name, if closed { "closed" } else { "open" });
        closed
    }
}

// ANCHOR: stop
/// Fetches until it is told to stop, and hands over to the workers.
pub(crate) fn fetcher(stop: &Closable<()>, messages: &Closable<u32>, most: u32) {
    for message in 0..most {
        if stop.is_closed() {
            return;
        }
        messages.send(message);
    }
}

/// Closes the channel of messages, whoever may be sending.
pub(crate) fn stop(stop: &Closable<()>, messages: &Closable<u32>) {
    stop.close();
    messages.close();
}
// ANCHOR_END: stop
