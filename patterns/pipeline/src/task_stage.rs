//! What the tasks of a run do. When the run is stopped they are aborted, so nobody here looks
//! whether it is.

use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::future::{FutureExt, join};
use futures_util::stream::{Stream, StreamExt};

use super::control::Control;
use super::error::Cause;
use super::hop::Item;
use super::task_hop::{Input, Output};
use super::task_order::{Intake, Order};

/// Where a task reports: the run, and its stage there.
pub(crate) struct Post<E> {
    control: Arc<Control<E>>,
    stage: &'static str,
    number: usize,
    log: Arc<Log>,
}

/// What one task has done so far. Only the task writes it, and it is read by the task's own `watch`,
/// so relaxed.
#[derive(Default)]
#[repr(align(128))] // the tasks of two stages run side by side, and must not share a cache line
pub(crate) struct Log {
    /// The item in hand, or the last one.
    position: AtomicU64,
    done: AtomicU64,
}

/// How a task ends.
pub(crate) type End<E> = Result<(), Cause<E>>;

impl<E> Post<E> {
    pub(crate) fn new(control: &Arc<Control<E>>, stage: &'static str) -> Self {
        let (control, number) = (Arc::clone(control), control.enlist(stage));
        Self { control, stage, number, log: Arc::default() }
    }

    /// The same stage, for one more task.
    pub(crate) fn another(&self) -> Self {
        Self { control: Arc::clone(&self.control), log: Arc::default(), ..*self }
    }

    pub(crate) fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log)
    }

    /// Runs the life of a task. An error or a panic in it stops the run.
    pub(crate) async fn watch(self, life: impl Future<Output = End<E>>) {
        let end = AssertUnwindSafe(life).catch_unwind().await;
        let end = end.unwrap_or_else(|panic| Err(Cause::Panicked(panic.into())));
        if let Err(cause) = end {
            self.control.stop(self.stage, self.log.position.load(Ordering::Relaxed), cause);
        }
        self.control.add_done(self.number, self.log.done.load(Ordering::Relaxed));
    }
}

impl Log {
    fn begin(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }

    fn finish(&self) {
        let done = self.done.load(Ordering::Relaxed);
        self.done.store(done + 1, Ordering::Relaxed);
    }
}

pub(crate) async fn run_source<T, E, S>(items: S, mut output: Output<T>, log: Arc<Log>) -> End<E>
where
    S: Stream<Item = Result<T, E>>,
{
    let mut items = pin!(items);
    let mut position = 0;
    loop {
        log.begin(position);
        let item = match Look(items.next()).await {
            Poll::Ready(item) => item,
            Poll::Pending => both(&mut output, items.next()).await,
        };
        let Some(item) = item else { break };
        let value = item.map_err(Cause::Failed)?;
        log.finish();
        if output.put(Item { position, value }) && !output.flush().await {
            return Ok(()); // whoever ended first has the cause
        }
        position += 1;
    }
    output.flush().await;
    Ok(())
}

pub(crate) async fn run_stage<T, U, E, F, R>(
    mut input: Input<T>,
    mut output: Output<U>,
    work: Arc<F>,
    log: Arc<Log>,
) -> End<E>
where
    F: Fn(T) -> R,
    R: Future<Output = Result<U, E>>,
{
    loop {
        let mut next = input.in_hand();
        if next.is_none() {
            next = input.take_now();
        }
        if next.is_none() {
            output.flush().await;
            next = input.take().await;
        }
        let Some(Item { position, value }) = next else { return Ok(()) };
        log.begin(position);
        let mut theirs = pin!(work(value));
        let value = match Look(theirs.as_mut()).await {
            Poll::Ready(value) => value,
            Poll::Pending => both(&mut output, theirs).await,
        };
        let value = value.map_err(Cause::Failed)?;
        log.finish();
        if output.put(Item { position, value }) && !output.flush().await {
            return Ok(()); // whoever ended first has the cause
        }
    }
}

pub(crate) async fn run_ordered<T, U, E, F, R>(
    intake: Arc<Intake<T>>,
    order: Arc<Order<U>>,
    work: Arc<F>,
    log: Arc<Log>,
) -> End<E>
where
    F: Fn(T) -> R,
    R: Future<Output = Result<U, E>>,
{
    while let Some((ticket, Item { position, value })) = intake.take().await {
        log.begin(position);
        let value = work(value).await.map_err(Cause::Failed)?;
        log.finish();
        order.put(ticket, Item { position, value }).await;
    }
    Ok(())
}

pub(crate) async fn run_sink<T, E, F, R>(mut input: Input<T>, mut sink: F, log: Arc<Log>) -> End<E>
where
    F: FnMut(T) -> R,
    R: Future<Output = Result<(), E>>,
{
    loop {
        let mut next = input.in_hand();
        if next.is_none() {
            next = input.take().await;
        }
        let Some(Item { position, value }) = next else { return Ok(()) };
        log.begin(position);
        sink(value).await.map_err(Cause::Failed)?;
        log.finish();
    }
}

/// Polls once.
struct Look<R>(R);

impl<R: Future + Unpin> Future for Look<R> {
    type Output = Poll<R::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(self.0.poll_unpin(context))
    }
}

/// Waits for `theirs`, which takes a while, and hands the open batch over. Both go on together:
/// what the caller's future holds, the stages that make room may need.
async fn both<T, R: Future>(output: &mut Output<T>, theirs: R) -> R::Output {
    join(output.flush(), theirs).await.1
}
