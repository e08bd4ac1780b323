//! What the machine does: commands, and queries between them.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::Duration;

use crate::log::{Entry, Payload};
use crate::node::{Bytes, Machine, ProposeError, ReadError};
use crate::types::Index;

/// Gives a caller what became of its command.
pub(crate) type Done<A> = Box<dyn FnOnce(Result<A, ProposeError>) + Send>;

/// Reads, and gives its caller what was read if the second argument still says yes after it.
pub(crate) type Query<M> = Box<dyn FnOnce(Result<&M, ReadError>, &dyn Fn() -> bool) + Send>;

/// What the machine has to do next.
pub(crate) struct Job<M: Machine> {
    pub(super) install: Option<Bytes>,
    pub(super) first: Index,
    pub(super) entries: Vec<Entry>,
    /// The machine is as far as this when it has done it.
    pub(super) upto: Index,
    pub(super) done: VecDeque<(Index, Done<M::Answer>)>,
    pub(super) queries: Vec<(Option<Duration>, Query<M>)>,
}

/// What was read, or the panic of who read it.
pub(crate) type Told<R> = Result<thread::Result<R>, ReadError>;

/// A query that hands what it read to `tell`. A panic of `read` is the reader's own: the machine is only
/// looked at.
pub(crate) fn query<M: Machine, R>(
    read: impl FnOnce(&M) -> R + Send + 'static,
    tell: impl FnOnce(Told<R>) + Send + 'static,
) -> Query<M> {
    let read = |machine: &M| panic::catch_unwind(AssertUnwindSafe(|| read(machine)));
    Box::new(|machine, is_sure| match machine.map(read) {
        Ok(Ok(_)) if !is_sure() => tell(Err(ReadError::Lost)),
        told => tell(told),
    })
}

/// Gives it to the reader, whose panic goes on there. Nothing was told by a node that stopped.
pub(crate) fn what_was_read<R>(told: Option<Told<R>>) -> Result<R, ReadError> {
    match told.unwrap_or(Err(ReadError::Lost))? {
        Ok(value) => Ok(value),
        Err(panic) => panic::resume_unwind(panic),
    }
}

impl<M: Machine> Job<M> {
    /// Does it, and says up to which entry the machine is.
    pub(crate) fn run(self, machine: &mut M, now: &dyn Fn() -> Duration) -> Index {
        let Self { install, first, entries, upto, mut done, queries } = self;
        if let Some(bytes) = install {
            machine.restore(&bytes);
        }
        for (index, entry) in (first..).zip(&entries) {
            let Payload::Command(command) = &entry.payload else { continue };
            let answer = machine.apply(index, command);
            if let Some((_, done)) = done.pop_front_if(|(of, _)| *of == index) {
                done(Ok(answer));
            }
        }
        for (until, query) in queries {
            query(Ok(machine), &|| until.is_none_or(|until| now() < until));
        }
        upto
    }
}
