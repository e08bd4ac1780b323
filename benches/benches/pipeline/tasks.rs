//! Rows of tasks: the same numbers, queues and checks, between tasks of a tokio runtime.

use std::sync::{Arc, Mutex};

use benches::Contender as Entry;
use tokio::runtime::{Builder, Runtime};

use crate::heat::{CAPACITY, HEAT, Heat, Numbers, Sink, Tally, limit_of};

/// A row of tasks: numbers go in at one end and come out at the other.
pub(crate) trait TaskRow {
    /// As a row of threads does it; runs inside a runtime.
    fn run(
        hops: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        sink: impl FnMut(u64) + Send + 'static,
    ) -> impl Future<Output = ()> + Send;
}

/// A bounded queue between two tasks.
pub(crate) trait TaskQueue: 'static {
    type Sender: Send + 'static;
    type Receiver: Send + 'static;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
    fn send(sender: &mut Self::Sender, number: u64) -> impl Future<Output = ()> + Send;
    /// Nothing when the queue is empty and the other end is gone.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
}

/// People make a row of tasks from any queue in the same way.
impl<Q: TaskQueue> TaskRow for Q {
    async fn run(
        hops: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let (mut give, mut take) = Q::bounded(capacity);
        tokio::spawn(async move {
            for number in source {
                Q::send(&mut give, number).await;
            }
        });
        for _ in 1..hops {
            let (mut give, taken) = Q::bounded(capacity);
            let mut from = std::mem::replace(&mut take, taken);
            let step = step.clone();
            tokio::spawn(async move {
                while let Some(number) = Q::receive(&mut from).await {
                    Q::send(&mut give, step(number)).await;
                }
            });
        }
        let last = tokio::spawn(async move {
            while let Some(number) = Q::receive(&mut take).await {
                sink(number);
            }
        });
        last.await.expect("no task panics");
    }
}

/// Numbers cross `hops` queues in a row of tasks on `threads` threads.
pub(crate) fn tasks<'a, R: TaskRow>(name: &'static str, hops: usize, threads: usize) -> Entry<'a> {
    let run = move |runtime: &Runtime, limit| -> Heat {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let sink = Sink::new(&tally, hops as u64 - 1);
        let numbers = Numbers::new(limit, &tally);
        runtime.block_on(R::run(hops, CAPACITY, numbers, |n| n + 1, sink.into_closure()));
        let heat = tally.lock().unwrap().take();
        heat.expect("the last number arrived")
    };
    let rehearse = move || {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let collect = move |number| sink.lock().unwrap().push(number);
        runtime(threads).block_on(R::run(hops, CAPACITY, 0..100_000, |n| n + 1, collect));
        let last = hops as u64 - 1;
        assert!(seen.lock().unwrap().iter().copied().eq(last..100_000 + last), "each, in order");
        run(&runtime(threads), HEAT);
        None
    };
    let time = move |numbers| run(&runtime(threads), limit_of(numbers)).time_of(numbers);
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

fn runtime(threads: usize) -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(threads).build();
    runtime.expect("a runtime without a driver")
}
