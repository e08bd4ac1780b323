//! Peers that compute: a loop, rayon, and threads made for the occasion.

use std::sync::LazyLock;
use std::thread;

use rayon::prelude::*;

use crate::contender::Compute;

/// How many cores there are. To ask the system takes longer than most of what is timed here.
pub(crate) fn cores() -> usize {
    static CORES: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
    *CORES
}

macro_rules! peer {
    ($(#[$about:meta])* $name:ident, |$inputs:ident, $work:ident| $body:expr) => {
        $(#[$about])*
        pub(crate) struct $name;

        impl Compute for $name {
            type Said = Vec<u64>;

            fn compute($inputs: &[u64], $work: impl Fn(u64) -> u64 + Send + Sync) -> Vec<u64> {
                $body
            }

            fn values(said: Vec<u64>) -> Vec<u64> {
                said
            }
        }
    };
}

peer! {
    /// One after the other.
    Loop, |inputs, work| inputs.iter().map(|input| work(*input)).collect()
}

peer! {
    /// rayon, left to itself.
    Rayon, |inputs, work| inputs.par_iter().map(|input| work(*input)).collect()
}

peer! {
    /// A thread for each core, made and joined.
    Threads, |inputs, work| {
        let part = inputs.len().div_ceil(cores()).max(1);
        let crunch = |part: &[u64]| part.iter().map(|input| work(*input)).collect::<Vec<_>>();
        thread::scope(|scope| {
            let parts = inputs.chunks(part).map(|part| scope.spawn(move || crunch(part)));
            let running: Vec<_> = parts.collect();
            running.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        })
    }
}
