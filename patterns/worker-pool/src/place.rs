//! Where a thread stands: in no job, or in a job of a pool, as which worker and how deep.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::crew::Crew;
use super::sync::{DEPTH as MOST, thread_local};

/// A worker of a pool. Pools are told apart by their address: one that is gone has no jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pool: usize,
    pub(crate) worker: usize,
}

thread_local! {
    /// Set for the life of a worker's thread.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
    /// How many jobs are on this thread's stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What a waiting job calls to run others meanwhile.
    static CREW: RefCell<Option<Rc<dyn Crew>>> = const { RefCell::new(None) };
}

/// This thread is a worker from now on.
pub(crate) fn settle(place: Place, crew: Rc<dyn Crew>) {
    PLACE.with(|here| here.set(Some(place)));
    CREW.with(|here| here.replace(Some(crew)));
}

/// This thread has no job to run any more. It keeps its place: thread-locals of jobs drop later,
/// and one of them may hold the pool.
pub(crate) fn leave() {
    let crew = CREW.with(|here| here.replace(None));
    drop(crew);
}

/// The worker whose job runs here, if any.
#[inline]
pub(crate) fn here() -> Option<Place> {
    PLACE.with(Cell::get)
}

/// The worker of this pool whose job runs here, if any.
#[inline]
pub(crate) fn worker_of(pool: usize) -> Option<usize> {
    here().filter(|place| place.pool == pool).map(|place| place.worker)
}

/// The crew this thread belongs to.
pub(crate) fn crew() -> Option<Rc<dyn Crew>> {
    CREW.try_with(|crew| crew.borrow().clone()).ok().flatten()
}

/// Whether one more job may run in place, on top of those that are on this stack.
pub(crate) fn may_go_deeper() -> bool {
    DEPTH.with(Cell::get) <= MOST
}

/// One job deeper; dropped, it is out again, however the job ended.
pub(crate) struct Deeper(());

impl Deeper {
    pub(crate) fn enter() -> Self {
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        Self(())
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}
