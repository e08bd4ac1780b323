//! What all variants share: the workers' loop, the way into the queue, and what a job does instead
//! of waiting.

use std::rc::Rc;
use std::time::Instant;

use super::bell::{Bell, is_over, look};
use super::empties::{Empties, Load};
use super::handle::Handle;
use super::job::{Job, Panics, Run, Task, Work};
use super::place::{self, Place};
use super::queue::{Aborted, Next, Queue, Refused, Why};
use super::sync::{Arc, Mutex, MutexGuard, thread};

/// A pool as its workers and its callers see it.
pub(crate) struct Team<Q> {
    pub(crate) queue: Q,
    pub(crate) capacity: usize,
    pub(crate) workers: usize,
    /// Panics caught so far, of any kind.
    panics: Panics,
    /// For `execute`: the box of a task goes to its handle.
    empties: Empties,
    /// For each worker, the job on another worker that it sleeps for, so that a circle is seen by
    /// the one who would close it.
    waits: Mutex<Vec<Option<Arc<dyn Run>>>>,
}

/// How long a caller waits for room.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    Zero,
    /// Without an end, it is endless.
    Until(Option<Instant>),
}

impl<Q: Queue> Team<Q> {
    pub(crate) fn new(workers: usize, capacity: usize) -> Arc<Self> {
        assert!(workers > 0, "a pool needs a worker; ask for 1 or more");
        assert!(capacity > 0, "a queue needs room for a job; ask for 1 or more");
        Arc::new(Self {
            queue: Q::new(workers, capacity),
            capacity,
            workers,
            panics: Panics::default(),
            empties: Empties::new(capacity),
            waits: Mutex::new(vec![None; workers]),
        })
    }

    /// Starts worker `worker`.
    pub(crate) fn hire(self: &Arc<Self>, worker: usize) -> thread::JoinHandle<()> {
        let team = Arc::clone(self);
        thread::Builder::new()
            .name(format!("worker-{worker}"))
            .spawn(move || Member::new(team, worker).work())
            .expect("a thread for a worker of the pool")
    }

    pub(crate) fn submit<F, T>(&self, work: F, patience: Patience) -> Result<Handle<T>, (F, Why)>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let task = Task::new(self.id(), work);
        match self.put(Job::Task(Arc::clone(&task) as Arc<dyn Run>), patience) {
            Ok(()) => Ok(Handle::new(task)),
            Err(refused) => Err((task.give_back(), refused.why)),
        }
    }

    #[inline]
    pub(crate) fn execute<F>(&self, work: F, patience: Patience) -> Result<(), (F, Why)>
    where
        F: FnOnce() + Send + 'static,
    {
        self.put(Job::Plain(self.empties.pack(work)), patience)
            .map_err(|refused| (refused.job.into_work(), refused.why))
    }

    #[inline]
    fn put(&self, job: Job, patience: Patience) -> Result<(), Refused> {
        match patience {
            Patience::Zero => self.queue.try_push(job),
            Patience::Until(deadline) => match place::worker_of(self.id()) {
                None => self.queue.push(job, deadline),
                Some(worker) => self.put_from_inside(worker, job),
            },
        }
    }

    // ANCHOR: inside
    /// From inside a job nobody waits for room: it would wait for workers, and it is one. It makes
    /// room, by running the next queued job right here.
    fn put_from_inside(&self, worker: usize, mut job: Job) -> Result<(), Refused> {
        loop {
            match self.queue.try_push(job) {
                Err(Refused { job: back, why: Why::Full }) if place::may_go_deeper() => job = back,
                decided => return decided,
            }
            if let Some(next) = self.queue.pop(worker) {
                drop(self.run(next, worker));
            }
        }
    }
    // ANCHOR_END: inside

    /// Runs a job here; the box it was in, if it was in one.
    #[inline]
    fn run(&self, job: Job, worker: usize) -> Option<Box<dyn Work>> {
        job.run(Place { pool: self.id(), worker }, &self.panics)
    }

    pub(crate) fn panics(&self) -> usize {
        self.panics.count()
    }

    /// Whether this thread runs a job of this pool.
    pub(crate) fn is_inside(&self) -> bool {
        place::worker_of(self.id()).is_some()
    }

    pub(crate) fn abort(&self) -> Aborted {
        self.queue.close();
        let mut dropped = 0;
        for job in self.queue.drain() {
            dropped += usize::from(job.abort(&self.panics));
        }
        Aborted { dropped }
    }

    fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn waits(&self) -> MutexGuard<'_, Vec<Option<Arc<dyn Run>>>> {
        self.waits.lock().expect("nothing panics under this mutex")
    }
}

/// How a wait for a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    TimedOut,
    WouldDeadlock,
}

/// What a waiting job asks of the worker that runs it.
pub(crate) trait Crew {
    fn help_until_done(&self, target: &Arc<dyn Run>, deadline: Option<Instant>) -> End;
}

/// A worker.
struct Member<Q: Queue> {
    team: Arc<Team<Q>>,
    place: Place,
    /// Rung when there is a job, and when one that it waits for is done.
    bell: Arc<Q::Bell>,
}

impl<Q: Queue> Member<Q> {
    fn new(team: Arc<Team<Q>>, worker: usize) -> Rc<Self> {
        let place = Place { pool: team.id(), worker };
        let bell = team.queue.bell();
        Rc::new(Self { team, place, bell })
    }

    fn work(self: Rc<Self>) {
        place::settle(self.place, Rc::clone(&self) as Rc<dyn Crew>);
        let mut load = Load::new();
        loop {
            match self.team.queue.next(self.place.worker, &self.bell, None) {
                Next::Job(job) => {
                    load.add(self.team.run(job, self.place.worker), &self.team.empties);
                }
                Next::Rung => {} // for a wait that is over
                Next::Ended => break,
            }
        }
        place::leave();
    }

    /// Sleeps until the target is done or there is something else to do.
    fn rest(&self, target: &Arc<dyn Run>, deadline: Option<Instant>) -> Result<(), End> {
        let Team { queue, .. } = &*self.team;
        if !target.ring_when_done(Arc::clone(&self.bell) as Arc<_>) {
            return Ok(());
        }
        if self.closes_a_circle(target) {
            return Err(End::WouldDeadlock);
        }
        let next = if place::may_go_deeper() {
            queue.next(self.place.worker, &self.bell, deadline)
        } else {
            Next::Ended
        };
        if matches!(next, Next::Ended) {
            queue.listen(&self.bell, deadline);
        }
        let target = self.team.waits()[self.place.worker].take();
        drop(target);
        if let Next::Job(job) = next {
            drop(self.team.run(job, self.place.worker));
        }
        Ok(())
    }

    /// Notes what this worker sleeps for, unless that sleeps for this worker.
    fn closes_a_circle(&self, target: &Arc<dyn Run>) -> bool {
        let mut waits = self.team.waits();
        let mut next = target.runs_at();
        while let Some(Place { pool, worker }) = next
            && pool == self.place.pool
        {
            if worker == self.place.worker {
                return true;
            }
            next = waits[worker].as_ref().and_then(|target| target.runs_at());
        }
        waits[self.place.worker] = Some(Arc::clone(target));
        false
    }
}

impl<Q: Queue> Crew for Member<Q> {
    fn help_until_done(&self, target: &Arc<dyn Run>, deadline: Option<Instant>) -> End {
        while !target.is_done() {
            if target.may_start(self.place.pool) {
                if !place::may_go_deeper() {
                    return End::WouldDeadlock;
                }
                drop(self.team.run(Job::Task(Arc::clone(target)), self.place.worker));
            } else if is_over(deadline) {
                return End::TimedOut;
            } else if let Err(end) = self.rest(target, deadline) {
                return end;
            }
        }
        End::Done
    }
}

/// Waits on a thread that is no worker, and so has no part in any circle.
pub(crate) fn wait_outside(target: &dyn Run, deadline: Option<Instant>) -> End {
    if look(|| target.is_done()) {
        return End::Done;
    }
    let bell = Bell::mine();
    while target.ring_when_done(Arc::clone(&bell) as Arc<_>) {
        if !bell.wait(deadline) && !target.is_done() {
            return End::TimedOut;
        }
    }
    End::Done
}
