//! Queues of other crates between threads.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use ringbuf::HeapRb;
use ringbuf::traits::{Consumer, Producer, Split};

use crate::contender::{Crew, Queue, Row, array};

/// A queue with methods `send` and `recv` that fail when the other end is gone.
macro_rules! queue {
    ($name:ident, $doc:literal, $bounded:path, $sender:ty, $receiver:ty) => {
        #[doc = $doc]
        pub(crate) struct $name;

        impl Queue for $name {
            type Sender<T: Send + 'static> = $sender;
            type Receiver<T: Send + 'static> = $receiver;

            fn bounded<T: Send + 'static>(capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
                $bounded(capacity)
            }

            fn send<T: Send + 'static>(sender: &Self::Sender<T>, item: T) {
                sender.send(item).ok().expect("the receiver is there");
            }

            fn receive<T: Send + 'static>(receiver: &Self::Receiver<T>) -> Option<T> {
                receiver.recv().ok()
            }
        }
    };
}

queue!(Std, "The standard library's.", mpsc::sync_channel, mpsc::SyncSender<T>, mpsc::Receiver<T>);
queue!(
    Crossbeam,
    "crossbeam: many to many.",
    crossbeam_channel::bounded,
    crossbeam_channel::Sender<T>,
    crossbeam_channel::Receiver<T>
);
queue!(Flume, "flume: many to many.", flume::bounded, flume::Sender<T>, flume::Receiver<T>);
queue!(Kanal, "kanal: many to many.", kanal::bounded, kanal::Sender<T>, kanal::Receiver<T>);
queue!(
    Crossfire,
    "crossfire, the form for one sender and one receiver.",
    crossfire::spsc::bounded_blocking,
    crossfire::Tx<crossfire::spsc::Array<T>>,
    crossfire::Rx<crossfire::spsc::Array<T>>
);

/// ringbuf by slices. It has no wait of its own, so both ends spin.
pub(crate) struct Ringbuf;

impl Row for Ringbuf {
    fn run(
        hops: usize,
        capacity: usize,
        mut source: impl Iterator<Item = u64> + Send + 'static,
        _: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        assert_eq!(hops, 1, "slices are compared over one hop");
        let (mut give, mut take) = HeapRb::<u64>::new(capacity).split();
        let over = Arc::new(AtomicBool::new(false));
        let said = Arc::clone(&over);
        thread::scope(|scope| {
            scope.spawn(move || {
                while let Some(array) = array(&mut source) {
                    let mut rest = &array[..];
                    while !rest.is_empty() {
                        let put = give.push_slice(rest);
                        rest = &rest[put..];
                        pause(put);
                    }
                }
                said.store(true, Ordering::Release);
            });
            let mut slice = [0; 64];
            loop {
                let over = over.load(Ordering::Acquire);
                let taken = take.pop_slice(&mut slice);
                slice[..taken].iter().copied().for_each(&mut sink);
                if over && taken == 0 {
                    return;
                }
                pause(taken);
            }
        });
    }
}

fn pause(moved: usize) {
    if moved == 0 {
        hint::spin_loop();
    }
}

/// Workers around crossbeam's channels; results come as they finish.
impl Crew for Crossbeam {
    fn run(
        workers: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        work: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let (give, jobs) = crossbeam_channel::bounded(capacity);
        let (done, results) = crossbeam_channel::bounded(capacity);
        thread::scope(|scope| {
            scope.spawn(move || source.for_each(|number| give.send(number).expect("open")));
            for _ in 0..workers {
                let (jobs, done, work) = (jobs.clone(), done.clone(), work.clone());
                scope.spawn(move || jobs.iter().for_each(|n| done.send(work(n)).expect("open")));
            }
            drop((jobs, done));
            results.iter().for_each(&mut sink);
        });
    }
}

/// The same, and a sink that puts the results in order. What has overtaken waits in a heap that
/// nothing bounds.
pub(crate) struct CrossbeamSorted;

impl Crew for CrossbeamSorted {
    fn run(
        workers: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        work: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let (give, jobs) = crossbeam_channel::bounded(capacity);
        let (done, results) = crossbeam_channel::bounded(capacity);
        thread::scope(|scope| {
            scope
                .spawn(move || (0_u64..).zip(source).for_each(|job| give.send(job).expect("open")));
            for _ in 0..workers {
                let (jobs, done, work) = (jobs.clone(), done.clone(), work.clone());
                scope.spawn(move || {
                    jobs.iter().for_each(|(at, n)| done.send((at, work(n))).expect("open"));
                });
            }
            drop((jobs, done));
            let (mut early, mut next) = (BinaryHeap::new(), 0);
            for result in results {
                early.push(Reverse(result));
                while early.peek().is_some_and(|Reverse((at, _))| *at == next) {
                    let Some(Reverse((_, number))) = early.pop() else { break };
                    sink(number);
                    next += 1;
                }
            }
        });
    }
}
