//! The owner of the value, and the trays in which clients leave their jobs. A client puts a job in the
//! tray of its own cache line; the owner goes round the trays and puts what it finds in two
//! queues, readers and writers.

use std::collections::VecDeque;

use super::job::Job;
use super::sync::{
    Arc, AtomicBool, AtomicUsize, CachePadded, LOOKS, Mutex, MutexGuard, Ordering, SLOTS, pause,
    place, thread,
};

/// Where the owner and its clients meet.
pub(crate) struct Desk<T> {
    trays: [CachePadded<Tray<T>>; SLOTS],
    /// Somebody's closure runs. Written by the owner.
    pub(crate) busy: CachePadded<AtomicBool>,
    /// Jobs in the owner's queues.
    queued: AtomicUsize,
    /// Those of them that were taken back.
    gone: AtomicUsize,
    /// The owner sleeps, or is about to. `SeqCst` here and at `full`: either the owner sees the job
    /// or its client sees that the owner must be woken.
    asleep: AtomicBool,
    /// No jobs will come any more.
    closed: AtomicBool,
}

struct Tray<T> {
    /// There may be something in it. Set after a job is put in, cleared before they are taken out.
    full: AtomicBool,
    jobs: Mutex<Jobs<T>>,
}

struct Jobs<T> {
    readers: VecDeque<Arc<dyn Job<T>>>,
    writers: VecDeque<Arc<dyn Job<T>>>,
}

/// Whom a job is put beside.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Read,
    Write,
}

impl<T> Jobs<T> {
    const fn new() -> Self {
        Self { readers: VecDeque::new(), writers: VecDeque::new() }
    }

    fn of(&mut self, kind: Kind) -> &mut VecDeque<Arc<dyn Job<T>>> {
        match kind {
            Kind::Read => &mut self.readers,
            Kind::Write => &mut self.writers,
        }
    }

    fn len(&self) -> usize {
        self.readers.len() + self.writers.len()
    }
}

impl<T> Desk<T> {
    pub(crate) fn new() -> Self {
        let tray = || Tray { full: AtomicBool::new(false), jobs: Mutex::new(Jobs::new()) };
        Self {
            trays: std::array::from_fn(|_| CachePadded::new(tray())),
            busy: CachePadded::new(AtomicBool::new(false)),
            queued: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
            asleep: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Leaves a job in the tray of this thread: which one that is.
    pub(crate) fn post(&self, kind: Kind, job: Arc<dyn Job<T>>, owner: &thread::Thread) -> usize {
        let place = place();
        let tray = &self.trays[place];
        tray.jobs().of(kind).push_back(job);
        tray.full.store(true, Ordering::SeqCst);
        self.wake(owner);
        place
    }

    /// Removes a job that was taken back. If the owner has it already, it will pass over it.
    pub(crate) fn remove(&self, kind: Kind, job: &Arc<dyn Job<T>>, place: usize) {
        let mut jobs = self.trays[place].jobs();
        let before = jobs.len();
        jobs.of(kind).retain(|other| !Arc::ptr_eq(other, job));
        if jobs.len() == before {
            self.gone.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn close(&self, owner: &thread::Thread) {
        self.closed.store(true, Ordering::SeqCst);
        self.wake(owner);
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    pub(crate) fn waiting(&self) -> usize {
        let posted: usize = self.trays.iter().map(|tray| tray.jobs().len()).sum();
        let queued = self.queued.load(Ordering::Relaxed);
        (posted + queued).saturating_sub(self.gone.load(Ordering::Relaxed))
    }

    fn has_jobs(&self) -> bool {
        self.trays.iter().any(|tray| tray.full.load(Ordering::SeqCst))
    }

    fn wake(&self, owner: &thread::Thread) {
        if self.asleep.load(Ordering::SeqCst) {
            owner.unpark();
        }
    }
}

impl<T> Tray<T> {
    fn jobs(&self) -> MutexGuard<'_, Jobs<T>> {
        self.jobs.lock().expect("nothing panics under this mutex")
    }
}

/// The thread that has the value.
pub(crate) struct Owner<T> {
    desk: Arc<Desk<T>>,
    value: T,
    queues: Jobs<T>,
    /// The last job was a write: readers who wait come before the next.
    wrote: bool,
}

impl<T> Owner<T> {
    pub(crate) fn new(desk: Arc<Desk<T>>, value: T) -> Self {
        Self { desk, value, queues: Jobs::new(), wrote: false }
    }

    /// Serves until the desk is closed, and returns the value.
    pub(crate) fn run(mut self) -> T {
        loop {
            self.gather();
            if self.serve() {
                continue;
            }
            if self.desk.closed.load(Ordering::SeqCst) {
                return self.value;
            }
            self.rest();
        }
    }

    fn gather(&mut self) {
        for tray in &self.desk.trays {
            if tray.full.load(Ordering::Acquire) {
                tray.full.store(false, Ordering::SeqCst);
                let mut jobs = tray.jobs();
                self.queues.readers.append(&mut jobs.readers);
                self.queues.writers.append(&mut jobs.writers);
                self.desk.queued.store(self.queues.len(), Ordering::Relaxed);
            }
        }
    }

    // ANCHOR: serve
    /// Serves the readers who wait, or one writer: in turn, if there are both. Whether there was
    /// anybody.
    fn serve(&mut self) -> bool {
        let (readers, writers) = (self.queues.readers.len(), self.queues.writers.len());
        if readers > 0 && (self.wrote || writers == 0) {
            self.wrote = false;
            for _ in 0..readers {
                self.serve_first(Kind::Read);
            }
        } else if writers > 0 {
            self.wrote |= self.serve_first(Kind::Write);
        }
        readers + writers > 0
    }
    // ANCHOR_END: serve

    /// Whether there was one that was not taken back.
    fn serve_first(&mut self, kind: Kind) -> bool {
        let Some(job) = self.queues.of(kind).pop_front() else { return false };
        self.desk.queued.store(self.queues.len(), Ordering::Relaxed);
        let served = job.serve(&mut self.value, &self.desk.busy);
        if !served {
            self.desk.gone.fetch_sub(1, Ordering::Relaxed);
        }
        served
    }

    /// Looks out for jobs for a while, then sleeps until a client wakes us.
    fn rest(&self) {
        for look in 0..LOOKS {
            if self.desk.has_jobs() {
                return;
            }
            pause(look);
        }
        self.desk.asleep.store(true, Ordering::SeqCst);
        if !self.desk.has_jobs() && !self.desk.closed.load(Ordering::SeqCst) {
            thread::park();
        }
        self.desk.asleep.store(false, Ordering::SeqCst);
    }
}
