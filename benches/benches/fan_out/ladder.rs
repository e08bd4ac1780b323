//! What both ladders climb with, so that their rungs mean the same.
//!
//! | rung     | `ONCE` | `BATCH` | `LOOKS` | what the lever saves                                      |
//! |----------|--------|---------|---------|-----------------------------------------------------------|
//! | naive    | no     | 1       | 0       |                                                           |
//! | sleepers | yes    | 1       | 0       | the wake-ups of a caller who is awake or has nothing to do |
//! | batch    | yes    | 64      | 0       | 63 of 64 spawns and hand-overs                            |
//! | spin     | yes    | 64      | 100     | falling asleep for results that come at once              |

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use crate::contender::Said;

/// A piece of work's number, and what it said.
pub(crate) type Letter = (u64, Said);

/// Runs a batch side by side in one task: whenever it is woken it polls whatever is not done.
pub(crate) async fn together<F: Future<Output = Said>>(first: u64, batch: Vec<F>) -> Vec<Letter> {
    let mut said = Vec::with_capacity(batch.len());
    let mut running: Vec<Pin<Box<F>>> = Vec::with_capacity(batch.len());
    running.extend(batch.into_iter().map(Box::pin));
    let mut numbers: Vec<u64> = (first..first + running.len() as u64).collect();
    poll_fn(|context| {
        let mut at = 0;
        while at < running.len() {
            if let Poll::Ready(value) = running[at].as_mut().poll(context) {
                drop(running.swap_remove(at));
                said.push((numbers.swap_remove(at), value));
            } else {
                at += 1;
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    said
}

/// Spawns `items` pieces of work, `batch` to a task; each task hands over what its batch said.
pub(crate) fn spawn_batches<W, F, H>(items: u64, batch: u64, work: W, hand_over: H)
where
    W: Fn(u64) -> F,
    F: Future<Output = Said> + Send + 'static,
    H: Fn(&mut dyn Iterator<Item = Letter>) + Clone + Send + Sync + 'static,
{
    for first in (0..items).step_by(batch as usize) {
        let hand_over = hand_over.clone();
        if batch == 1 {
            let alone = work(first);
            tokio::spawn(async move { hand_over(&mut std::iter::once((first, alone.await))) });
        } else {
            let several = (first..items.min(first + batch)).map(&work).collect();
            tokio::spawn(async move { hand_over(&mut together(first, several).await.into_iter()) });
        }
    }
}
