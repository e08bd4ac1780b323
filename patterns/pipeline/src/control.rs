//! What all threads of one run share: whether to go on, what stopped it, and who did how much.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::{Cause, Stopped, Summary};
use super::sync::{AtomicBool, Mutex, Ordering};

/// One run.
pub(crate) struct Control<E> {
    /// Set once, with or without a cause: from then on every stage throws away what it gets, until
    /// nothing comes. A hint, read for each item, so relaxed; the cause is behind the mutex, and
    /// is read after all threads have been joined.
    stopped: AtomicBool,
    books: Mutex<Books<E>>,
}

struct Books<E> {
    /// The first stays; later ones are consequences, or too late.
    cause: Option<Stopped<E>>,
    done: Vec<(&'static str, u64)>,
}

impl<E> Control<E> {
    pub(crate) fn new() -> Self {
        let books = Mutex::new(Books { cause: None, done: Vec::new() });
        Self { stopped: AtomicBool::new(false), books }
    }

    /// Takes a stage into the summary, and says under which number.
    pub(crate) fn enlist(&self, stage: &'static str) -> usize {
        let done = &mut self.books.lock().expect("no panic under this lock").done;
        done.push((stage, 0));
        done.len() - 1
    }

    /// The stages so far.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let books = self.books.lock().expect("no panic under this lock");
        books.done.iter().map(|(stage, _)| *stage).collect()
    }

    pub(crate) fn add_done(&self, stage: usize, items: u64) {
        self.books.lock().expect("no panic under this lock").done[stage].1 += items;
    }

    #[inline]
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Stops the run without blaming anybody: nobody wants the results.
    pub(crate) fn leave(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    #[cold]
    pub(crate) fn stop(&self, stage: &'static str, position: u64, cause: Cause<E>) {
        self.leave();
        let mut books = self.books.lock().expect("no panic under this lock");
        if books.cause.is_none() {
            books.cause = Some(Stopped { stage, position, cause });
            return;
        }
        drop(books);
        dispose(cause);
    }

    /// How it ended, once every thread has.
    pub(crate) fn outcome(&self) -> Result<Summary, Stopped<E>> {
        let mut books = self.books.lock().expect("no panic under this lock");
        match books.cause.take() {
            Some(stopped) => Err(stopped),
            None => Ok(Summary { stages: mem::take(&mut books.done) }),
        }
    }
}

/// Drops what nobody wants any more. A panic in its `Drop` has nobody to go to: the run is over
/// and has its cause.
pub(crate) fn dispose<T>(unwanted: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(unwanted))) {
        mem::forget(panic);
    }
}
