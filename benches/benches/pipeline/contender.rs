//! What every contender can do. The bodies know nothing else about them.

use std::thread;

/// A row of threads: numbers go in at one end and come out at the other.
pub(crate) trait Row {
    /// Sends what `source` yields over `hops` queues of `capacity` numbers each, through `step`
    /// wherever two queues meet, into `sink`. Returns when every thread has ended.
    fn run(
        hops: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        sink: impl FnMut(u64) + Send + 'static,
    );
}

/// Between a source and a sink several threads do the same work.
pub(crate) trait Crew {
    /// Sends what `source` yields to `workers` threads, and what they make of it into `sink`.
    fn run(
        workers: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        work: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        sink: impl FnMut(u64) + Send + 'static,
    );
}

/// A bounded queue between two threads. What is dropped at one end is noticed at the other.
pub(crate) trait Queue: 'static {
    type Sender<T: Send + 'static>: Send + 'static;
    type Receiver<T: Send + 'static>: Send + 'static;

    fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>);

    fn send<T: Send + 'static>(sender: &Self::Sender<T>, item: T);

    /// Nothing when the queue is empty and the other end is gone.
    fn receive<T: Send + 'static>(receiver: &Self::Receiver<T>) -> Option<T>;
}

/// People make a row of threads from any queue in the same way.
impl<Q: Queue> Row for Q {
    fn run(
        hops: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        thread::scope(|scope| {
            let (give, mut take) = Q::bounded(capacity);
            scope.spawn(move || source.for_each(|number| Q::send(&give, number)));
            for _ in 1..hops {
                let (give, taken) = Q::bounded(capacity);
                let from = std::mem::replace(&mut take, taken);
                let step = step.clone();
                scope.spawn(move || {
                    while let Some(number) = Q::receive(&from) {
                        Q::send(&give, step(number));
                    }
                });
            }
            while let Some(number) = Q::receive(&take) {
                sink(number);
            }
        });
    }
}

/// The same queue, whose callers put 64 numbers into each item.
pub(crate) struct Arrays<Q>(Q);

/// How many numbers a caller puts into one item.
pub(crate) const ARRAY: usize = 64;

impl<Q: Queue> Row for Arrays<Q> {
    fn run(
        hops: usize,
        capacity: usize,
        mut source: impl Iterator<Item = u64> + Send + 'static,
        _: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        assert_eq!(hops, 1, "arrays are compared over one hop");
        thread::scope(|scope| {
            let (give, take) = Q::bounded(capacity / ARRAY);
            scope.spawn(move || {
                while let Some(array) = array(&mut source) {
                    Q::send(&give, array);
                }
            });
            while let Some(array) = Q::receive::<[u64; ARRAY]>(&take) {
                array.into_iter().for_each(&mut sink);
            }
        });
    }
}

/// The next numbers, if there are any more. The source must yield whole arrays.
#[inline]
pub(crate) fn array(source: &mut impl Iterator<Item = u64>) -> Option<[u64; ARRAY]> {
    let mut array = [source.next()?; ARRAY];
    for slot in &mut array[1..] {
        *slot = source.next().expect("whole arrays");
    }
    Some(array)
}
