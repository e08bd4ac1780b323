//! What callers see of a pool, written once, so that the variants cannot drift apart. A variant
//! brings its queue.

/// Defines the methods of a `Pool` of `team` and `threads`, and its traits.
macro_rules! pool_methods {
    () => {
        impl Pool {
            /// So many jobs may run in place on one worker, one inside the other.
            pub const DEPTH: usize = DEPTH;

            /// A pool of `workers` threads behind a queue of `capacity` jobs.
            ///
            /// # Panics
            ///
            /// If either is 0, or the system has no thread for a worker.
            pub fn new(workers: usize, capacity: usize) -> Self {
                let team = Team::new(workers, capacity);
                // Whole before the first worker is hired: if the system refuses one, the others
                // are sent home by the drop.
                let pool = Self { team, threads: Mutex::new(Vec::with_capacity(workers)) };
                for worker in 0..workers {
                    let thread = pool.team.hire(worker);
                    pool.threads().push(thread);
                }
                pool
            }

            /// Hands a job over, and waits for room in the queue. Inside a job of this pool it runs
            /// the next queued job in place instead of waiting.
            ///
            /// # Errors
            ///
            /// [`SubmitError::Closed`] once closed; [`SubmitError::Full`] inside a job, if too many
            /// run in place already. The job comes back with either.
            pub fn submit<F, T>(&self, job: F) -> Result<Handle<T>, SubmitError<F>>
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                self.team.submit(job, Patience::Until(None)).map_err(|(job, why)| match why {
                    Why::Closed => SubmitError::Closed(job),
                    Why::Full | Why::TimedOut => SubmitError::Full(job),
                })
            }

            /// Like [`submit`](Self::submit), but waits for room for `limit` at most. Inside a job
            /// the limit is not looked at: there it does not wait.
            ///
            /// # Errors
            ///
            /// As for [`submit`](Self::submit), and [`SubmitTimeoutError::TimedOut`].
            pub fn submit_timeout<F, T>(
                &self,
                job: F,
                limit: Duration,
            ) -> Result<Handle<T>, SubmitTimeoutError<F>>
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                let patience = Patience::Until(deadline(limit));
                self.team.submit(job, patience).map_err(|(job, why)| match why {
                    Why::Closed => SubmitTimeoutError::Closed(job),
                    Why::TimedOut => SubmitTimeoutError::TimedOut(job),
                    Why::Full => SubmitTimeoutError::Full(job),
                })
            }

            /// Hands a job over if there is room now. Never waits, and runs nothing in place.
            ///
            /// # Errors
            ///
            /// [`TrySubmitError::Full`] or [`TrySubmitError::Closed`], with the job.
            pub fn try_submit<F, T>(&self, job: F) -> Result<Handle<T>, TrySubmitError<F>>
            where
                F: FnOnce() -> T + Send + 'static,
                T: Send + 'static,
            {
                self.team.submit(job, Patience::Zero).map_err(|(job, why)| match why {
                    Why::Closed => TrySubmitError::Closed(job),
                    Why::Full | Why::TimedOut => TrySubmitError::Full(job),
                })
            }

            /// Like [`submit`](Self::submit), for a job whose result nobody wants.
            ///
            /// # Errors
            ///
            /// As for [`submit`](Self::submit).
            #[inline]
            pub fn execute<F>(&self, job: F) -> Result<(), SubmitError<F>>
            where
                F: FnOnce() + Send + 'static,
            {
                self.team.execute(job, Patience::Until(None)).map_err(|(job, why)| match why {
                    Why::Closed => SubmitError::Closed(job),
                    Why::Full | Why::TimedOut => SubmitError::Full(job),
                })
            }

            /// Like [`try_submit`](Self::try_submit), for a job whose result nobody wants.
            ///
            /// # Errors
            ///
            /// As for [`try_submit`](Self::try_submit).
            #[inline]
            pub fn try_execute<F>(&self, job: F) -> Result<(), TrySubmitError<F>>
            where
                F: FnOnce() + Send + 'static,
            {
                self.team.execute(job, Patience::Zero).map_err(|(job, why)| match why {
                    Why::Closed => TrySubmitError::Closed(job),
                    Why::Full | Why::TimedOut => TrySubmitError::Full(job),
                })
            }

            /// Refuses new jobs, also those of running jobs, and wakes all who wait for room. What
            /// is queued still runs. Closing twice is closing once.
            pub fn close(&self) {
                self.team.queue.close();
            }

            /// Closes, lets everything that is queued run, and waits for the workers to end.
            ///
            /// # Errors
            ///
            /// [`ShutdownError::WouldDeadlock`] inside a job of this pool; the pool is closed then,
            /// and drains.
            pub fn shutdown(&self) -> Result<(), ShutdownError> {
                self.close();
                if self.team.is_inside() {
                    return Err(ShutdownError::WouldDeadlock);
                }
                // Under the mutex, so that a second caller waits as well.
                for thread in self.threads().drain(..) {
                    let _ = thread.join(); // a worker does not panic
                }
                Ok(())
            }

            /// Closes, and drops what has not started; handles of such jobs say so. Running jobs
            /// go on, and it does not wait for them: [`shutdown`](Self::shutdown) does.
            pub fn abort(&self) -> Aborted {
                self.team.abort()
            }

            /// Jobs in the queue at this moment. One that a waiting job ran out of turn counts
            /// until a worker comes by.
            pub fn len(&self) -> usize {
                self.team.queue.len()
            }

            /// Whether no job is in the queue at this moment.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The most jobs that may be in the queue.
            pub fn capacity(&self) -> usize {
                self.team.capacity
            }

            /// How many workers there are.
            pub fn workers(&self) -> usize {
                self.team.workers
            }

            /// Whether the pool refuses new jobs.
            pub fn is_closed(&self) -> bool {
                self.team.queue.is_closed()
            }

            /// Panics caught so far: of jobs, and of their results and captures as they dropped.
            pub fn panics(&self) -> usize {
                self.team.panics()
            }

            fn threads(&self) -> MutexGuard<'_, Vec<thread::JoinHandle<()>>> {
                self.threads.lock().expect("nothing panics under this mutex")
            }
        }

        impl fmt::Debug for Pool {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Pool")
                    .field("workers", &self.workers())
                    .field("capacity", &self.capacity())
                    .field("queued", &self.len())
                    .field("closed", &self.is_closed())
                    .finish_non_exhaustive()
            }
        }

        /// Shuts down. Dropped inside one of its own jobs, it does not wait for the workers: they
        /// run what is queued and end by themselves.
        impl Drop for Pool {
            fn drop(&mut self) {
                let _ = self.shutdown();
            }
        }
    };
}

pub(crate) use pool_methods;
