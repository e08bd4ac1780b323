//! The floor: what no fan-out can beat, because it does less than one must.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::contender::{Compute, Gather, Said, plain};
use crate::cores::cores;

/// Each item in a box of its own, polled in a circle until it is done. Nobody is woken, so this
/// burns a core as soon as an item waits for something real.
pub(crate) struct TwoPolls;

impl Gather for TwoPolls {
    type Said = Vec<Said>;

    async fn gather<W, F>(items: u64, _limit: usize, work: W) -> Vec<Said>
    where
        W: Fn(u64) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Said> + Send + 'static,
    {
        let mut running: Vec<_> = (0..items).map(work).map(Box::pin).collect();
        let mut said: Vec<Option<Said>> = (0..items).map(|_| None).collect();
        let mut left = running.len();
        while left > 0 {
            for (work, said) in running.iter_mut().zip(&mut said).filter(|it| it.1.is_none()) {
                *said = poll(work.as_mut());
                left -= usize::from(said.is_some());
            }
        }
        said.into_iter().flatten().collect()
    }

    fn values(said: Vec<Said>) -> Vec<u64> {
        plain(said)
    }
}

fn poll<F: Future>(work: Pin<&mut F>) -> Option<F::Output> {
    match work.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// One core's share of the work, as if the other cores did theirs for nothing.
pub(crate) struct Share;

impl Compute for Share {
    type Said = Vec<u64>;

    fn compute(inputs: &[u64], work: impl Fn(u64) -> u64 + Send + Sync) -> Vec<u64> {
        inputs[..inputs.len().div_ceil(cores())].iter().map(|input| work(*input)).collect()
    }

    /// Of the share alone.
    fn values(said: Vec<u64>) -> Vec<u64> {
        said
    }
}
