//! The recipe's variants.

use std::convert::Infallible;

use fan_out::{Outcome, channel, cpu, joined, lock};

use crate::contender::{Compute, Gather, Said};
use crate::cores::cores;
use crate::work::TIME_LIMIT;

/// A variant, with no time limit for an item or with one.
macro_rules! contender {
    ($variant:ident, $timed:ident) => {
        contender!(for $variant::FanOut, |limit| $variant::FanOut::new(limit));

        /// The same with a time limit for each item.
        pub(crate) struct $timed;

        contender!(for $timed, |limit| $variant::FanOut::with_timeout(limit, TIME_LIMIT));
    };
    (for $contender:ty, |$limit:ident| $fan_out:expr) => {
        impl Gather for $contender {
            type Said = Vec<Outcome<u64, Infallible>>;

            async fn gather<W, F>(items: u64, $limit: usize, work: W) -> Self::Said
            where
                W: Fn(u64) -> F + Clone + Send + Sync + 'static,
                F: Future<Output = Said> + Send + 'static,
            {
                $fan_out.run(0..items, work).all().await
            }

            fn values(said: Self::Said) -> Vec<u64> {
                values(said)
            }
        }
    };
}

contender!(joined, JoinedTimeout);
contender!(channel, ChannelTimeout);
contender!(lock, LockTimeout);

impl Compute for cpu::FanOut {
    type Said = Vec<Outcome<u64, Infallible>>;

    fn compute(inputs: &[u64], work: impl Fn(u64) -> u64 + Send + Sync) -> Self::Said {
        cpu::FanOut::new(cores()).all(inputs.iter().copied(), |input| Ok(work(input)))
    }

    fn values(said: Self::Said) -> Vec<u64> {
        values(said)
    }
}

fn values(said: Vec<Outcome<u64, Infallible>>) -> Vec<u64> {
    said.into_iter().map(|outcome| outcome.expect("nothing goes wrong")).collect()
}
