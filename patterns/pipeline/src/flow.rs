//! The builder. A stage knows its input when it is added, and its output when the next one is; so
//! what is not connected yet is kept as a closure that waits for its ends.

use std::fmt;
use std::marker::PhantomData;

use super::control::Control;
use super::error::{Stopped, Summary};
use super::hop::{Hop, Item};
use super::order::{Intake, Order};
use super::outlet::Outlet;
use super::stage::{Post, run_ordered, run_sink, run_source, run_stage};
use super::sync::Arc;
use super::threads::Threads;

/// The beginning of a pipeline.
pub struct Pipeline<H> {
    capacity: usize,
    hop: PhantomData<fn() -> H>,
}

/// A pipeline in the making, out of which `T` would come. Nothing runs yet.
#[must_use = "a pipeline does nothing until `sink(..).run()` or `outlet()`"]
pub struct Flow<H: Hop, T: Send + 'static, E> {
    open: Open<E>,
    last: Last<H, T>,
}

/// What does not depend on what comes out.
struct Open<E> {
    capacity: usize,
    control: Arc<Control<E>>,
    /// Those of the stages up to the one before the last, which are connected.
    threads: Threads,
}

/// The last stage so far, which has no output yet.
struct Last<H: Hop, T: Send + 'static> {
    /// How many ends it gives into.
    givers: usize,
    connect: Connect<H, T>,
}

/// Makes the threads of a stage, once it is known what they give into.
type Connect<H, T> = Box<dyn FnOnce(Vec<<H as Hop>::Give<Item<T>>>, &mut Threads) + Send>;

/// A pipeline with both its ends.
#[must_use = "a pipeline does nothing until `run()`"]
pub struct Ready<H: Hop, T: Send + 'static, E, F> {
    flow: Flow<H, T, E>,
    name: &'static str,
    sink: F,
}

impl<H: Hop> Pipeline<H> {
    /// A pipeline with at most `capacity` items between each two stages, besides those that the
    /// workers have in hand.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero: nothing could ever get from one stage to the next.
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a capacity of 0 lets nothing through; take 1 or more");
        Self { capacity, hop: PhantomData }
    }

    /// Where the items come from. `items` is read on a thread of its own, and its first error
    /// stops the run. A source that blocks in `next` holds up the end of the run until it returns.
    pub fn source<T, E, I>(self, items: I) -> Flow<H, T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        I: IntoIterator<Item = Result<T, E>> + Send + 'static,
    {
        let control = Arc::new(Control::new());
        let post = Post::new(&control, "source");
        let connect: Connect<H, T> = Box::new(move |mut gives, threads| {
            let give = gives.pop().expect("a source has one end");
            threads.add("source", move || run_source(items, give, &post));
        });
        let last = Last { givers: 1, connect };
        Open { capacity: self.capacity, control, threads: Threads::default() }.extend(last)
    }
}

impl<H: Hop, T: Send + 'static, E: Send + 'static> Flow<H, T, E> {
    /// Adds a stage of `workers` threads that all run `work`. One worker keeps the order; of
    /// several, each result goes on as soon as it is there.
    ///
    /// # Panics
    ///
    /// If `workers` is zero.
    pub fn stage<U, F>(self, name: &'static str, workers: usize, work: F) -> Flow<H, U, E>
    where
        U: Send + 'static,
        F: Fn(T) -> Result<U, E> + Send + Sync + 'static,
    {
        check_workers(name, workers);
        let (open, takes) = self.connect(workers);
        let (post, work) = (Post::new(&open.control, name), Arc::new(work));
        let connect: Connect<H, U> = Box::new(move |gives, threads| {
            for (take, give) in takes.into_iter().zip(gives) {
                let (post, work) = (post.clone(), Arc::clone(&work));
                threads.add(name, move || run_stage(take, give, work, &post));
            }
        });
        open.extend(Last { givers: workers, connect })
    }

    /// Adds a stage of `workers` threads whose results leave in the order in which the items came
    /// in. While one item is stuck, at most `workers` + `capacity` others pile up behind it.
    ///
    /// # Panics
    ///
    /// If `workers` is zero.
    pub fn stage_ordered<U, F>(self, name: &'static str, workers: usize, work: F) -> Flow<H, U, E>
    where
        U: Send + 'static,
        F: Fn(T) -> Result<U, E> + Send + Sync + 'static,
    {
        check_workers(name, workers);
        if workers == 1 {
            return self.stage(name, 1, work); // alone it cannot help keeping the order
        }
        let capacity = self.open.capacity;
        let (open, mut takes) = self.connect(1);
        let intake = Arc::new(Intake::new(takes.pop().expect("one end was asked for")));
        let (post, work) = (Post::new(&open.control, name), Arc::new(work));
        let connect: Connect<H, U> = Box::new(move |mut gives, threads| {
            let order = Order::new(capacity, gives.pop().expect("an ordered stage has one end"));
            let order = Arc::new(order);
            for _ in 0..workers {
                let (intake, order) = (Arc::clone(&intake), Arc::clone(&order));
                let (post, work) = (post.clone(), Arc::clone(&work));
                threads.add(name, move || run_ordered(intake, order, work, &post));
            }
        });
        open.extend(Last { givers: 1, connect })
    }

    /// Ends the pipeline in `sink`, which runs on the thread that calls [`Ready::run`].
    pub fn sink<F>(self, name: &'static str, sink: F) -> Ready<H, T, E, F>
    where
        F: FnMut(T) -> Result<(), E>,
    {
        Ready { flow: self, name, sink }
    }

    /// Starts the stages and hands out their results. Dropping the outlet stops the source and
    /// joins every thread.
    ///
    /// # Panics
    ///
    /// If the system has no more threads.
    pub fn outlet(self) -> Outlet<H, T, E> {
        let (open, mut takes) = self.connect(1);
        let take = takes.pop().expect("one end was asked for");
        let post = Post::new(&open.control, "outlet");
        Outlet::new(take, post, open.threads.start())
    }

    /// Gives the last stage its output: a hop to `takers` workers, whose ends come back.
    fn connect(self, takers: usize) -> (Open<E>, Vec<H::Take<Item<T>>>) {
        let Self { mut open, last } = self;
        let (gives, takes) = H::ends(open.capacity, last.givers, takers);
        (last.connect)(gives, &mut open.threads);
        (open, takes)
    }
}

impl<E> Open<E> {
    fn extend<H: Hop, T: Send + 'static>(self, last: Last<H, T>) -> Flow<H, T, E> {
        Flow { open: self, last }
    }
}

impl<H: Hop, T: Send + 'static, E: Send + 'static, F: FnMut(T) -> Result<(), E>> Ready<H, T, E, F> {
    /// Runs the pipeline to its end, and returns when every thread has been joined.
    ///
    /// # Errors
    ///
    /// [`Stopped`]: the first error or panic of any stage. Then some items went all the way, and
    /// those that were on their way have been dropped.
    ///
    /// # Panics
    ///
    /// If the system has no more threads.
    pub fn run(self) -> Result<Summary, Stopped<E>> {
        let Self { flow, name, sink } = self;
        let (open, mut takes) = flow.connect(1);
        let take = takes.pop().expect("one end was asked for");
        let post = Post::new(&open.control, name);
        let running = open.threads.start();
        run_sink(take, sink, &post);
        running.join();
        open.control.outcome()
    }
}

impl<H> fmt::Debug for Pipeline<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("capacity", &self.capacity).finish()
    }
}

impl<H: Hop, T: Send + 'static, E> fmt::Debug for Flow<H, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("capacity", &self.open.capacity)
            .field("stages", &self.open.control.names())
            .finish_non_exhaustive()
    }
}

impl<H: Hop, T: Send + 'static, E, F> fmt::Debug for Ready<H, T, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flow, name, .. } = self;
        f.debug_struct("Ready").field("flow", flow).field("sink", name).finish_non_exhaustive()
    }
}

fn check_workers(name: &str, workers: usize) {
    assert!(workers > 0, "stage `{name}` has 0 workers and would do nothing; give it 1 or more");
}
