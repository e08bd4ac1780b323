//! The threads of a run: made while the pipeline is built, started together, joined together.

use super::control::dispose;
use super::sync::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that have not started, from the source on.
#[derive(Default)]
pub(crate) struct Threads {
    jobs: Vec<(&'static str, Job)>,
}

/// Threads that run.
#[must_use]
pub(crate) struct Running {
    handles: Vec<thread::JoinHandle<()>>,
}

impl Threads {
    pub(crate) fn add(&mut self, name: &'static str, job: impl FnOnce() + Send + 'static) {
        self.jobs.push((name, Box::new(job)));
    }

    /// Starts the last stage first. If the system has no thread for one, what is before it drops
    /// its ends here, what is behind it sees the end of its input, and nothing is left behind.
    pub(crate) fn start(self) -> Running {
        let mut running = Running { handles: Vec::with_capacity(self.jobs.len()) };
        let mut jobs = self.jobs;
        while let Some((name, job)) = jobs.pop() {
            match thread::Builder::new().name(name.into()).spawn(job) {
                Ok(handle) => running.handles.push(handle),
                Err(error) => {
                    dispose(jobs);
                    running.join();
                    panic!("no thread for stage `{name}`: {error}");
                }
            }
        }
        running
    }
}

impl Running {
    /// Waits for all of them. What panics in a stage is caught there.
    pub(crate) fn join(self) {
        for handle in self.handles {
            handle.join().expect("a stage catches its panics");
        }
    }
}
