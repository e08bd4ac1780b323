//! The pipeline on tokio tasks: between two stages lies a bounded channel of batches.
//!
//! A stage owns the item it works on, the batch it fills and the batch it empties. The end of the
//! source travels down the channels. An error, and the drop of the run or of the outlet, abort
//! every task at its next await.
//!
//! Take along: `tasks.rs`, `task_hop.rs`, `task_order.rs`, `task_stage.rs`, `control.rs`, `error.rs`,
//! `hop.rs`, `sync.rs`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::Stream;
use tokio::task::JoinSet;

use super::control::{Control, dispose};
use super::error::{Stopped, Summary};
use super::task_hop::{Input, Output, hop};
use super::task_order::{Intake, Order};
use super::task_stage::{Post, run_ordered, run_sink, run_source, run_stage};

/// The beginning of a pipeline of tasks.
#[derive(Debug)]
pub struct Pipeline {
    capacity: usize,
}

/// A pipeline in the making, out of which `T` would come. Nothing runs yet.
#[must_use = "a pipeline does nothing until `sink(..).run()` or `outlet()`"]
pub struct Flow<T, E> {
    open: Open<E>,
    /// How many ends the last stage gives into.
    givers: usize,
    /// Makes the tasks of the last stage, once it is known what they give into.
    connect: Connect<T>,
}

/// A pipeline with both its ends.
#[must_use = "a pipeline does nothing until `run().await`"]
pub struct Ready<E> {
    open: Open<E>,
}

/// The results of a pipeline, one by one. If the run stops, the last thing it yields is the cause.
#[must_use = "dropping the outlet aborts the run"]
pub struct Outlet<T, E> {
    input: Input<T>,
    control: Arc<Control<E>>,
    tasks: JoinSet<()>,
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
type Connect<T> = Box<dyn FnOnce(Vec<Output<T>>, &mut Vec<Task>) + Send>;

/// What does not depend on what comes out.
struct Open<E> {
    capacity: usize,
    control: Arc<Control<E>>,
    tasks: Vec<Task>,
}

impl Pipeline {
    /// A pipeline with at most `capacity` items between each two stages, besides those that the
    /// workers have in hand.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero: nothing could ever get from one stage to the next.
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a capacity of 0 lets nothing through; take 1 or more");
        Self { capacity }
    }

    /// Where the items come from; the first error stops the run. For an iterator:
    /// `futures_util::stream::iter`.
    pub fn source<T, E, S>(self, items: S) -> Flow<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        S: Stream<Item = Result<T, E>> + Send + 'static,
    {
        let control = Arc::new(Control::new());
        let post = Post::new(&control, "source");
        let connect: Connect<T> = Box::new(move |mut outputs, tasks| {
            let (output, log) = (outputs.pop().expect("a source has one end"), post.log());
            tasks.push(Box::pin(post.watch(run_source(items, output, log))));
        });
        let open = Open { capacity: self.capacity, control, tasks: Vec::new() };
        Flow { open, givers: 1, connect }
    }
}

impl<T: Send + 'static, E: Send + 'static> Flow<T, E> {
    /// Adds a stage of `workers` tasks that all run `work`. One worker keeps the order; of several,
    /// each result goes on as soon as it is there.
    ///
    /// # Panics
    ///
    /// If `workers` is zero.
    pub fn stage<U, F, R>(self, name: &'static str, workers: usize, work: F) -> Flow<U, E>
    where
        U: Send + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<U, E>> + Send + 'static,
    {
        check_workers(name, workers);
        let (open, inputs) = self.connect(workers);
        let (post, work) = (Post::new(&open.control, name), Arc::new(work));
        let connect: Connect<U> = Box::new(move |outputs, tasks| {
            for (input, output) in inputs.into_iter().zip(outputs) {
                let (post, work) = (post.another(), Arc::clone(&work));
                let log = post.log();
                tasks.push(Box::pin(post.watch(run_stage(input, output, work, log))));
            }
        });
        Flow { open, givers: workers, connect }
    }

    /// Adds a stage of `workers` tasks whose results leave in the order in which the items came in.
    /// While one item is stuck, at most `workers` + `capacity` others pile up behind it.
    ///
    /// # Panics
    ///
    /// If `workers` is zero.
    pub fn stage_ordered<U, F, R>(self, name: &'static str, workers: usize, work: F) -> Flow<U, E>
    where
        U: Send + 'static,
        F: Fn(T) -> R + Send + Sync + 'static,
        R: Future<Output = Result<U, E>> + Send + 'static,
    {
        check_workers(name, workers);
        if workers == 1 {
            return self.stage(name, 1, work); // alone it cannot help keeping the order
        }
        let capacity = self.open.capacity;
        let (open, mut inputs) = self.connect(1);
        let intake = Arc::new(Intake::new(inputs.pop().expect("one end was asked for")));
        let (post, work) = (Post::new(&open.control, name), Arc::new(work));
        let connect: Connect<U> = Box::new(move |mut outputs, tasks| {
            let output = outputs.pop().expect("an ordered stage has one end");
            let order = Arc::new(Order::new(capacity, output));
            for _ in 0..workers {
                let (intake, order) = (Arc::clone(&intake), Arc::clone(&order));
                let (post, work) = (post.another(), Arc::clone(&work));
                let log = post.log();
                tasks.push(Box::pin(post.watch(run_ordered(intake, order, work, log))));
            }
        });
        Flow { open, givers: 1, connect }
    }

    /// Ends the pipeline in `sink`, which runs on a task of its own.
    pub fn sink<F, R>(self, name: &'static str, sink: F) -> Ready<E>
    where
        F: FnMut(T) -> R + Send + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
    {
        let (mut open, mut inputs) = self.connect(1);
        let input = inputs.pop().expect("one end was asked for");
        let post = Post::new(&open.control, name);
        let log = post.log();
        open.tasks.push(Box::pin(post.watch(run_sink(input, sink, log))));
        Ready { open }
    }

    /// Starts the stages and hands out their results. Dropping the outlet aborts every task.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn outlet(self) -> Outlet<T, E> {
        let (open, mut inputs) = self.connect(1);
        let input = inputs.pop().expect("one end was asked for");
        Outlet { input, control: open.control, tasks: open.tasks.into_iter().collect() }
    }

    /// Gives the last stage its output: a hop to `takers` tasks, whose ends come back.
    fn connect(self, takers: usize) -> (Open<E>, Vec<Input<T>>) {
        let Self { mut open, givers, connect } = self;
        let (outputs, inputs) = hop(open.capacity, givers, takers);
        connect(outputs, &mut open.tasks);
        (open, inputs)
    }
}

impl<E> Ready<E> {
    /// Runs the pipeline to its end, and returns when every task has ended.
    ///
    /// # Errors
    ///
    /// [`Stopped`]: the first error or panic of any stage. Then some items went all the way, and
    /// those that were on their way have been dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future aborts every task at its next await. What was on its way is lost.
    pub async fn run(self) -> Result<Summary, Stopped<E>> {
        finish(self.open.tasks.into_iter().collect(), &self.open.control).await
    }
}

impl<T, E> Outlet<T, E> {
    /// The next result; `None` after the last one, or after the cause.
    ///
    /// # Errors
    ///
    /// [`Stopped`], once, if the run was stopped.
    ///
    /// # Cancel safety
    ///
    /// Safe: a result that was not returned is returned by the next call.
    pub async fn next(&mut self) -> Option<Result<T, Stopped<E>>> {
        match self.input.take().await {
            Some(item) if !self.control.is_stopped() => Some(Ok(item.value)),
            last => {
                dispose(last);
                finish(std::mem::take(&mut self.tasks), &self.control).await.err().map(Err)
            }
        }
    }
}

/// Waits for all tasks, and aborts them once the run is stopped.
async fn finish<E>(mut tasks: JoinSet<()>, control: &Control<E>) -> Result<Summary, Stopped<E>> {
    while let Some(end) = tasks.join_next().await {
        dispose(end); // a stage catches its panics; what is left is the drop of an aborted one
        if control.is_stopped() {
            tasks.abort_all();
        }
    }
    control.outcome()
}

impl<T, E> fmt::Debug for Flow<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("capacity", &self.open.capacity)
            .field("stages", &self.open.control.names())
            .finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for Ready<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages = self.open.control.names();
        f.debug_struct("Ready").field("stages", &stages).finish_non_exhaustive()
    }
}

impl<T, E> fmt::Debug for Outlet<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

fn check_workers(name: &str, workers: usize) {
    assert!(workers > 0, "stage `{name}` has 0 workers and would do nothing; give it 1 or more");
}
