//! The ladder of the message-passing structure: workers that share a channel of jobs, and the
//! levers of the other ladder, so that the two can be read side by side.
//!
//! | rung     | channel              | `BATCH` | `SPIN` | what the lever saves                     |
//! |----------|----------------------|---------|--------|------------------------------------------|
//! | naive    | std's, under a mutex | 1       | 0      |                                          |
//! | sleepers | crossbeam's          | 1       | 0      | waking the next in line for each job     |
//! | batch    | crossbeam's          | 8       | 0      | seven of eight messages                  |
//! | spin     | crossbeam's          | 8       | 200    | falling asleep when the next comes soon  |
//!
//! In the naive one, the textbook's, one worker sleeps in `recv` with the mutex in its hand, and
//! the others sleep before the mutex: each job that arrives wakes one, and then the next to wait.
//! Channels count their sleepers, and wake only them.

use std::array;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::{hint, thread};

use crossbeam_channel as crossbeam;

use crate::contender::{CAPACITY, Contender, Job};
use crate::peers::replies_by_one_shot;

pub(crate) type Naive = ChannelLadder<Shared<1>, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<Many<1>, 1, 0>;
pub(crate) type Batch = ChannelLadder<Many<8>, 8, 0>;
pub(crate) type Spin = ChannelLadder<Many<8>, 8, 200>;

/// One message. A place is empty only in the last one, which `flush` sends.
type Jobs<const BATCH: usize> = [Option<Job>; BATCH];

/// A channel with several receivers.
pub(crate) trait Channel<const BATCH: usize>: Send + 'static {
    type Sender: Sync;
    type Receiver: Clone + Send + 'static;
    fn new() -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, jobs: Jobs<BATCH>);
    fn receive(receiver: &Self::Receiver) -> Option<Jobs<BATCH>>;
    fn attempt(receiver: &Self::Receiver) -> Option<Jobs<BATCH>>;
    fn is_full(sender: &Self::Sender) -> bool;
}

/// std's channel has one receiver; a mutex lets several hold it.
pub(crate) struct Shared<const BATCH: usize>;

impl<const BATCH: usize> Channel<BATCH> for Shared<BATCH> {
    type Sender = mpsc::SyncSender<Jobs<BATCH>>;
    type Receiver = Arc<Mutex<mpsc::Receiver<Jobs<BATCH>>>>;

    fn new() -> (Self::Sender, Self::Receiver) {
        let (sender, receiver) = mpsc::sync_channel(CAPACITY / BATCH);
        (sender, Arc::new(Mutex::new(receiver)))
    }

    fn send(sender: &Self::Sender, jobs: Jobs<BATCH>) {
        sender.send(jobs).expect("the workers are there");
    }

    fn receive(receiver: &Self::Receiver) -> Option<Jobs<BATCH>> {
        receiver.lock().unwrap().recv().ok()
    }

    fn attempt(receiver: &Self::Receiver) -> Option<Jobs<BATCH>> {
        receiver.try_lock().ok()?.try_recv().ok()
    }

    /// It does not tell.
    fn is_full(_: &Self::Sender) -> bool {
        false
    }
}

/// crossbeam's channel has several receivers by itself.
pub(crate) struct Many<const BATCH: usize>;

impl<const BATCH: usize> Channel<BATCH> for Many<BATCH> {
    type Sender = crossbeam::Sender<Jobs<BATCH>>;
    type Receiver = crossbeam::Receiver<Jobs<BATCH>>;

    fn new() -> (Self::Sender, Self::Receiver) {
        crossbeam::bounded(CAPACITY / BATCH)
    }

    fn send(sender: &Self::Sender, jobs: Jobs<BATCH>) {
        sender.send(jobs).expect("the workers are there");
    }

    fn receive(receiver: &Self::Receiver) -> Option<Jobs<BATCH>> {
        receiver.recv().ok()
    }

    fn attempt(receiver: &Self::Receiver) -> Option<Jobs<BATCH>> {
        receiver.try_recv().ok()
    }

    fn is_full(sender: &Self::Sender) -> bool {
        sender.is_full()
    }
}

pub(crate) struct ChannelLadder<C: Channel<BATCH>, const BATCH: usize, const SPIN: u32> {
    /// `None` once it is being dropped.
    sender: Option<C::Sender>,
    /// What waits for its batch to fill. Nobody but the one thread that submits wants the lock.
    held_back: Mutex<Vec<Job>>,
    workers: Vec<thread::JoinHandle<()>>,
}

impl<C: Channel<BATCH>, const BATCH: usize, const SPIN: u32> Contender
    for ChannelLadder<C, BATCH, SPIN>
{
    fn new(workers: usize) -> Self {
        let (sender, receiver) = C::new();
        let start = |_| {
            let receiver = receiver.clone();
            thread::spawn(move || run::<C, BATCH, SPIN>(&receiver))
        };
        let workers = (0..workers).map(start).collect();
        Self { sender: Some(sender), held_back: Mutex::new(Vec::with_capacity(BATCH)), workers }
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let job: Job = Box::new(job);
        if BATCH == 1 {
            let mut only = Some(job);
            C::send(self.sender(), array::from_fn(|_| only.take()));
            return;
        }
        let mut held_back = self.held_back.lock().unwrap();
        held_back.push(job);
        if held_back.len() == BATCH {
            let mut jobs = held_back.drain(..);
            C::send(self.sender(), array::from_fn(|_| jobs.next()));
        }
    }

    fn is_full(&self) -> bool {
        C::is_full(self.sender())
    }

    fn flush(&self) {
        let mut held_back = self.held_back.lock().unwrap();
        let mut jobs = held_back.drain(..);
        if jobs.len() > 0 {
            C::send(self.sender(), array::from_fn(|_| jobs.next()));
        }
    }
}

impl<C: Channel<BATCH>, const BATCH: usize, const SPIN: u32> ChannelLadder<C, BATCH, SPIN> {
    fn sender(&self) -> &C::Sender {
        self.sender.as_ref().expect("not dropped yet")
    }
}

fn run<C: Channel<BATCH>, const BATCH: usize, const SPIN: u32>(receiver: &C::Receiver) {
    while let Some(jobs) = next::<C, BATCH, SPIN>(receiver) {
        for job in jobs.into_iter().flatten() {
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }
}

fn next<C: Channel<BATCH>, const BATCH: usize, const SPIN: u32>(
    receiver: &C::Receiver,
) -> Option<Jobs<BATCH>> {
    for _ in 0..SPIN {
        if let Some(jobs) = C::attempt(receiver) {
            return Some(jobs);
        }
        hint::spin_loop();
    }
    C::receive(receiver)
}

impl<C: Channel<BATCH>, const BATCH: usize, const SPIN: u32> Drop
    for ChannelLadder<C, BATCH, SPIN>
{
    fn drop(&mut self) {
        self.sender = None;
        self.workers.drain(..).for_each(|worker| worker.join().expect("no worker panics"));
    }
}

replies_by_one_shot!(Sleepers);
