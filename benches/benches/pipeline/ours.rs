//! The recipe's variants.

use std::convert::Infallible;
use std::future::ready;
use std::iter;

use futures_util::stream;
use pipeline::{channel, lock, spsc, tasks};

use crate::contender::{ARRAY, Arrays, Crew, Row, array};
use crate::tasks::TaskRow;

pub(crate) struct Channel;
pub(crate) struct Lock;
pub(crate) struct Spsc;

macro_rules! row {
    ($name:ident, $variant:ident) => {
        impl Row for $name {
            fn run(
                hops: usize,
                capacity: usize,
                source: impl Iterator<Item = u64> + Send + 'static,
                step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
                mut sink: impl FnMut(u64) + Send + 'static,
            ) {
                let numbers = source.map(Ok::<_, Infallible>);
                let mut flow = $variant::Pipeline::new(capacity).source(numbers);
                for _ in 1..hops {
                    let step = step.clone();
                    flow = flow.stage("step", 1, move |number| Ok(step(number)));
                }
                let run = flow.sink("sink", |number| {
                    sink(number);
                    Ok(())
                });
                run.run().expect("nothing fails");
            }
        }
    };
}

row!(Channel, channel);
row!(Lock, lock);
row!(Spsc, spsc);

/// Callers put 64 numbers into each item.
macro_rules! arrays {
    ($name:ident, $variant:ident) => {
        impl Row for Arrays<$name> {
            fn run(
                _: usize,
                capacity: usize,
                mut source: impl Iterator<Item = u64> + Send + 'static,
                _: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
                mut sink: impl FnMut(u64) + Send + 'static,
            ) {
                let arrays = iter::from_fn(move || array(&mut source).map(Ok::<_, Infallible>));
                let flow = $variant::Pipeline::new(capacity / ARRAY).source(arrays);
                let run = flow.sink("sink", |array: [u64; ARRAY]| {
                    array.into_iter().for_each(&mut sink);
                    Ok(())
                });
                run.run().expect("nothing fails");
            }
        }
    };
}

arrays!(Channel, channel);
arrays!(Lock, lock);
arrays!(Spsc, spsc);

/// Results as they finish.
macro_rules! crew {
    ($name:ty, $variant:ident, $stage:ident) => {
        impl Crew for $name {
            fn run(
                workers: usize,
                capacity: usize,
                source: impl Iterator<Item = u64> + Send + 'static,
                work: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
                mut sink: impl FnMut(u64) + Send + 'static,
            ) {
                let flow = $variant::Pipeline::new(capacity)
                    .source(source.map(Ok::<_, Infallible>))
                    .$stage("work", workers, move |number| Ok(work(number)));
                let run = flow.sink("sink", |number| {
                    sink(number);
                    Ok(())
                });
                run.run().expect("nothing fails");
            }
        }
    };
}

crew!(Channel, channel, stage);
crew!(Lock, lock, stage);

/// A variant whose stage keeps the order.
pub(crate) struct Ordered<P>(P);

crew!(Ordered<Channel>, channel, stage_ordered);
crew!(Ordered<Lock>, lock, stage_ordered);

/// The form for tasks.
pub(crate) struct Tasks;

impl TaskRow for Tasks {
    async fn run(
        hops: usize,
        capacity: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let numbers = stream::iter(source.map(Ok::<_, Infallible>));
        let mut flow = tasks::Pipeline::new(capacity).source(numbers);
        for _ in 1..hops {
            let step = step.clone();
            flow = flow.stage("step", 1, move |number| ready(Ok(step(number))));
        }
        let run = flow.sink("sink", move |number| {
            sink(number);
            ready(Ok(()))
        });
        run.run().await.expect("nothing fails");
    }
}
