//! Pools of other crates. None of them bounds its queue: whoever is faster than the workers fills
//! the memory. Where a crate has no handle for a result, it is given tokio's one-shot.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::contender::{Contender, Replies};

/// Waits for the sender in another thread.
pub(crate) fn receive(reply: oneshot::Receiver<u64>) -> u64 {
    reply.blocking_recv().expect("the job answers")
}

/// Has `job` answer through a one-shot.
pub(crate) fn answering(
    job: impl FnOnce() -> u64 + Send + 'static,
) -> (impl FnOnce() + Send + 'static, oneshot::Receiver<u64>) {
    let (reply, receiver) = oneshot::channel();
    (move || _ = reply.send(job()), receiver)
}

/// A pool that is given the one-shot.
macro_rules! replies_by_one_shot {
    ($pool:ty) => {
        impl $crate::contender::Replies for $pool {
            type Handle = tokio::sync::oneshot::Receiver<u64>;

            fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
                let (job, reply) = $crate::peers::answering(job);
                self.execute(job);
                reply
            }

            fn join(&self, reply: Self::Handle) -> u64 {
                $crate::peers::receive(reply)
            }
        }
    };
}
pub(crate) use replies_by_one_shot;

/// A pool that is given a channel for one message instead, whose receiver looks for a moment before
/// it sleeps. That answers sooner when the answer comes at once, and costs more to make.
pub(crate) struct Channels<P>(P);

impl<P: Contender> Contender for Channels<P> {
    fn new(workers: usize) -> Self {
        Self(P::new(workers))
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.0.execute(job);
    }

    fn is_full(&self) -> bool {
        self.0.is_full()
    }
}

impl<P: Contender> Replies for Channels<P> {
    type Handle = crossbeam_channel::Receiver<u64>;

    fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        let (reply, receiver) = crossbeam_channel::bounded(1);
        self.execute(move || _ = reply.send(job()));
        receiver
    }

    fn join(&self, reply: Self::Handle) -> u64 {
        reply.recv().expect("the job answers")
    }
}

/// threadpool: an `mpsc` channel whose receiver the workers share under a mutex.
pub(crate) struct ThreadPool(threadpool::ThreadPool);

impl Contender for ThreadPool {
    fn new(workers: usize) -> Self {
        Self(threadpool::ThreadPool::new(workers))
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.0.execute(job);
    }
}

replies_by_one_shot!(ThreadPool);

/// rayon's `spawn`. What it is made for is `join` and parallel iterators.
pub(crate) struct Rayon(rayon::ThreadPool);

impl Contender for Rayon {
    fn new(workers: usize) -> Self {
        Self(rayon::ThreadPoolBuilder::new().num_threads(workers).build().expect("threads"))
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.0.spawn(job);
    }
}

replies_by_one_shot!(Rayon);

/// `rusty_pool`, with as many core workers as it may have at most.
pub(crate) struct RustyPool(rusty_pool::ThreadPool);

impl Contender for RustyPool {
    fn new(workers: usize) -> Self {
        Self(rusty_pool::ThreadPool::new(workers, workers, Duration::from_mins(1)))
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.0.execute(job);
    }
}

impl Replies for RustyPool {
    type Handle = rusty_pool::JoinHandle<u64>;

    fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        self.0.evaluate(job)
    }

    fn join(&self, handle: Self::Handle) -> u64 {
        handle.await_complete()
    }
}

/// A task for each job. Tasks may wait without a thread, and pay for that here.
pub(crate) struct Tokio(Runtime);

impl Contender for Tokio {
    fn new(workers: usize) -> Self {
        Self(Builder::new_multi_thread().worker_threads(workers).build().expect("threads"))
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        drop(self.0.spawn(async move { job() }));
    }
}

impl Replies for Tokio {
    type Handle = JoinHandle<u64>;

    fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        self.0.spawn(async move { job() })
    }

    fn join(&self, handle: Self::Handle) -> u64 {
        self.0.block_on(handle).expect("no job panics")
    }
}

/// tokio's threads for calls that block.
pub(crate) struct SpawnBlocking(Runtime);

impl Contender for SpawnBlocking {
    fn new(workers: usize) -> Self {
        Self(Builder::new_current_thread().max_blocking_threads(workers).build().expect("threads"))
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        drop(self.0.spawn_blocking(job));
    }
}

impl Replies for SpawnBlocking {
    type Handle = JoinHandle<u64>;

    fn submit(&self, job: impl FnOnce() -> u64 + Send + 'static) -> Self::Handle {
        self.0.spawn_blocking(job)
    }

    fn join(&self, handle: Self::Handle) -> u64 {
        self.0.block_on(handle).expect("no job panics")
    }
}
