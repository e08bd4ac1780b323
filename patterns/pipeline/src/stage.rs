//! What the threads of a run do. Whatever belongs to the caller (the source, the work, the items,
//! their `Drop`) may panic, so each thread runs in a `watch`, which makes a panic the cause.
//!
//! After a stop a thread does not leave: it throws away what comes until nothing does. So whoever
//! waits for room gets it, and no item is left in a queue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::control::{Control, dispose};
use super::error::Cause;
use super::hop::{Give, Item, Take};
use super::order::{Intake, Order};
use super::sync::Arc;

/// Where a thread reports: the run, and its stage there.
pub(crate) struct Post<E> {
    control: Arc<Control<E>>,
    stage: &'static str,
    number: usize,
}

/// What a thread has done so far.
#[derive(Default)]
struct Log {
    /// The item in hand, or the last one.
    position: u64,
    done: u64,
}

impl<E> Post<E> {
    pub(crate) fn new(control: &Arc<Control<E>>, stage: &'static str) -> Self {
        Self { control: Arc::clone(control), stage, number: control.enlist(stage) }
    }

    pub(crate) fn control(&self) -> &Control<E> {
        &self.control
    }

    /// Runs the life of a thread, the drop of all it owns included.
    fn watch(&self, life: impl FnOnce(&mut Log)) {
        let mut log = Log::default();
        let end = catch_unwind(AssertUnwindSafe(|| life(&mut log)));
        if let Err(panic) = end {
            self.control.stop(self.stage, log.position, Cause::Panicked(panic.into()));
        }
        self.control.add_done(self.number, log.done);
    }

    /// Goes through the items until there are no more. A panic of the caller's work stops the run,
    /// and then goes on, to throw away what still comes. Catching it here and not around each item
    /// leaves the way of an item free of calls that the compiler cannot see through.
    fn each(&self, log: &mut Log, mut go_on: impl FnMut(&mut Log), mut after_panic: impl FnMut()) {
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| go_on(log))) {
            self.control.stop(self.stage, log.position, Cause::Panicked(panic.into()));
            after_panic();
        }
    }

    /// Runs `work` on an item, unless the run is stopped; the first failure stops it.
    #[inline]
    fn pass<T, U>(
        &self,
        log: &mut Log,
        item: Item<T>,
        work: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<Item<U>> {
        let Item { position, value } = item;
        log.position = position;
        if self.control.is_stopped() {
            dispose(value);
            return None;
        }
        match work(value) {
            Ok(value) => {
                log.done += 1;
                Some(Item { position, value })
            }
            Err(error) => {
                self.control.stop(self.stage, position, Cause::Failed(error));
                None
            }
        }
    }
}

impl<E> Clone for Post<E> {
    fn clone(&self) -> Self {
        Self { control: Arc::clone(&self.control), ..*self }
    }
}

pub(crate) fn run_source<T, E, I, G>(items: I, mut give: G, post: &Post<E>)
where
    I: IntoIterator<Item = Result<T, E>>,
    G: Give<Item<T>>,
{
    post.watch(move |log| {
        let mut items = items.into_iter();
        let go_on = |log: &mut Log| {
            while !post.control.is_stopped() {
                log.position = log.done;
                match items.next() {
                    Some(Ok(value)) => give.give(Item { position: log.done, value }),
                    None => break,
                    Some(Err(error)) => {
                        let cause = Cause::Failed(error);
                        return post.control.stop(post.stage, log.position, cause);
                    }
                }
                log.done += 1;
            }
        };
        post.each(log, go_on, || ());
    });
}

pub(crate) fn run_stage<T, U, E, F, I, G>(mut take: I, mut give: G, work: Arc<F>, post: &Post<E>)
where
    F: Fn(T) -> Result<U, E>,
    I: Take<Item<T>>,
    G: Give<Item<U>>,
{
    post.watch(move |log| {
        let go_on = |log: &mut Log| {
            while let Some(item) = take.take() {
                if let Some(item) = post.pass(log, item, &*work) {
                    give.give(item);
                }
            }
        };
        post.each(log, go_on, || ());
        drop(work); // here, inside the watch
    });
}

pub(crate) fn run_ordered<T, U, E, F, I, G>(
    intake: Arc<Intake<I>>,
    order: Arc<Order<Item<U>, G>>,
    work: Arc<F>,
    post: &Post<E>,
) where
    F: Fn(T) -> Result<U, E>,
    I: Take<Item<T>>,
    G: Give<Item<U>>,
{
    post.watch(move |log| {
        let go_on = |log: &mut Log| {
            while let Some((ticket, item)) = intake.take() {
                match post.pass(log, item, &*work) {
                    Some(item) => order.put(ticket, item),
                    None => order.give_up(), // this ticket will not come
                }
            }
        };
        post.each(log, go_on, || order.give_up());
        drop((work, intake, order)); // here, inside the watch
    });
}

pub(crate) fn run_sink<T, E, F, I>(mut take: I, mut sink: F, post: &Post<E>)
where
    F: FnMut(T) -> Result<(), E>,
    I: Take<Item<T>>,
{
    post.watch(move |log| {
        let go_on = |log: &mut Log| {
            while let Some(item) = take.take() {
                post.pass(log, item, &mut sink);
            }
        };
        post.each(log, go_on, || ());
        drop(sink); // here, inside the watch
    });
}
