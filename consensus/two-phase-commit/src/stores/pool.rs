//! Connections that wait for the next who needs one.

use std::fmt;

use parking_lot::Mutex;

use super::session::{Fault, Session};

/// As many as are used at once; the rest is closed when it comes back.
pub(super) struct Pool<S> {
    connect: Box<dyn Fn() -> Result<S, Fault> + Send + Sync>,
    idle: Mutex<Vec<S>>,
}

/// How many wait at most.
const MOST_IDLE: usize = 16;

impl<S: Session> Pool<S> {
    pub(super) fn new(connect: impl Fn() -> Result<S, Fault> + Send + Sync + 'static) -> Self {
        Self { connect: Box::new(connect), idle: Mutex::new(Vec::new()) }
    }

    /// Works on a connection, and returns it with the result. One that waited may have broken meanwhile: then
    /// the work is done again on a new one. So it must be such that twice is once.
    pub(super) fn on<T>(
        &self,
        work: impl Fn(&mut S) -> Result<T, Fault>,
    ) -> Result<(S, Result<T, Fault>), Fault> {
        let idle = self.idle.lock().pop();
        if let Some(mut session) = idle {
            match work(&mut session) {
                // The others have waited as long.
                Err(fault) if fault.is_broken() => self.idle.lock().clear(),
                result => return Ok((session, result)),
            }
        }
        let mut session = (self.connect)()?;
        let result = work(&mut session);
        Ok((session, result))
    }

    /// As [`on`](Self::on), and puts the connection back.
    pub(super) fn with<T>(&self, work: impl Fn(&mut S) -> Result<T, Fault>) -> Result<T, Fault> {
        let (session, result) = self.on(work)?;
        if !matches!(&result, Err(fault) if fault.is_broken()) {
            self.put(session);
        }
        result
    }

    /// It is good for others.
    pub(super) fn put(&self, session: S) {
        let mut idle = self.idle.lock();
        if idle.len() < MOST_IDLE {
            idle.push(session);
        }
    }
}

impl<S> fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("idle", &self.idle.lock().len()).finish_non_exhaustive()
    }
}
