//! The ways to acquire, written once for every variant and for one key of many: a task waits with
//! an alarm, a thread parks. Both ask at the same desk, in the same words.

use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::alarm::Alarm;
use super::clock::{Clock, Schedule};
use super::desk::{Answer, Request};
use super::error::{AcquireError, AcquireTimeoutError, TryAcquireError};
use super::park::{Step, block_on};

/// It was closed.
pub(crate) struct Closed;

/// How to reach a desk.
pub(crate) trait Serve {
    /// Where the time comes from.
    type Clock: Clock;

    fn schedule(&self) -> &Schedule<Self::Clock>;

    /// Hands a request to the desk. `now` was read before.
    fn ask(&self, now: u64, request: Request) -> Result<Answer, Closed>;

    fn is_closed(&self) -> bool;

    /// The request of which there are most. Reads the clock only if it must.
    fn take_now(&self, n: u64) -> Result<Answer, Closed> {
        self.ask(self.schedule().now(), Request::Try { n })
    }
}

#[inline]
pub(crate) fn try_acquire<S: Serve>(desk: &S, n: u64) -> Result<(), TryAcquireError> {
    if is_odd(desk, n) {
        return Ok(odd(desk, n)?);
    }
    match desk.take_now(n) {
        Ok(Answer::NotBefore(slot)) => not_before(desk, slot),
        Ok(_) => Ok(()),
        Err(Closed) => Err(TryAcquireError::Closed),
    }
}

#[cold]
fn not_before<S: Serve>(desk: &S, slot: u64) -> Result<(), TryAcquireError> {
    Err(TryAcquireError::NotNow { at: desk.schedule().instant(slot) })
}

/// Whether it is no matter for a desk: none, or more than there can be.
#[inline]
fn is_odd<S: Serve>(desk: &S, n: u64) -> bool {
    n.wrapping_sub(1) >= desk.schedule().quota.burst()
}

#[cold]
fn odd<S: Serve>(desk: &S, asked: u64) -> Result<(), AcquireError> {
    if desk.is_closed() {
        return Err(AcquireError::Closed);
    }
    let burst = desk.schedule().quota.burst();
    if asked > burst { Err(AcquireError::Never { asked, burst }) } else { Ok(()) }
}

pub(crate) async fn acquire<S: Serve>(desk: &S, n: u64) -> Result<(), AcquireError> {
    if is_odd(desk, n) {
        return odd(desk, n);
    }
    if matches!(desk.take_now(n)?, Answer::Taken) {
        return Ok(());
    }
    let mut wait = Wait { desk, n, by: u64::MAX, place: None };
    let mut alarm = Alarm::default();
    poll_fn(|context| {
        loop {
            match wait.look(context.waker())? {
                Look::Taken => return Poll::Ready(Ok(())),
                Look::InLine(Some(left)) if alarm.poll(left, context).is_ready() => {}
                Look::InLine(_) => return Poll::Pending,
                Look::TooLate => unreachable!("it waits as long as it takes"),
            }
        }
    })
    .await
}

pub(crate) fn acquire_blocking<S: Serve>(desk: &S, n: u64) -> Result<(), AcquireError> {
    acquire_by(desk, n, u64::MAX).map_err(|error| match error {
        AcquireTimeoutError::Closed => AcquireError::Closed,
        AcquireTimeoutError::Never { asked, burst } => AcquireError::Never { asked, burst },
        AcquireTimeoutError::TimedOut => unreachable!("it waits as long as it takes"),
    })
}

pub(crate) fn acquire_timeout<S: Serve>(
    desk: &S,
    n: u64,
    limit: Duration,
) -> Result<(), AcquireTimeoutError> {
    acquire_by(desk, n, desk.schedule().after(limit))
}

fn acquire_by<S: Serve>(desk: &S, n: u64, by: u64) -> Result<(), AcquireTimeoutError> {
    if is_odd(desk, n) {
        return Ok(odd(desk, n)?);
    }
    if matches!(desk.take_now(n).map_err(AcquireError::from)?, Answer::Taken) {
        return Ok(());
    }
    let mut wait = Wait { desk, n, by, place: None };
    block_on(|waker| {
        // Read before the look: a turn that comes as the time is up still counts.
        let left = wait.left();
        match wait.look(waker) {
            Ok(Look::Taken) => Step::Done(Ok(())),
            Ok(Look::TooLate) => Step::Done(Err(AcquireTimeoutError::TimedOut)),
            Err(closed) => Step::Done(Err(closed.into())),
            Ok(Look::InLine(_)) if left == Some(Duration::ZERO) => {
                Step::Done(Err(AcquireTimeoutError::TimedOut))
            }
            Ok(Look::InLine(turn)) => Step::Sleep(left.into_iter().chain(turn).min()),
        }
    })
}

impl From<Closed> for AcquireError {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

/// A caller who waits. Dropped before it has taken, it leaves the line.
struct Wait<'a, S: Serve> {
    desk: &'a S,
    n: u64,
    /// It will not wait longer than this.
    by: u64,
    /// Its place in the line, while it has one.
    place: Option<u64>,
}

/// How it stands.
enum Look {
    Taken,
    /// In line; if it is first, how long until its turn.
    InLine(Option<Duration>),
    /// It would take longer than it has.
    TooLate,
}

impl<S: Serve> Wait<'_, S> {
    fn look(&mut self, waker: &Waker) -> Result<Look, AcquireError> {
        let now = self.desk.schedule().now();
        let waker = waker.clone();
        let request = match self.place {
            None => Request::Join { n: self.n, by: self.by, waker },
            Some(id) => Request::Look { id, waker },
        };
        // Closed or served, it has no place any more.
        self.place = None;
        Ok(match self.desk.ask(now, request)? {
            Answer::Taken => Look::Taken,
            Answer::NotBefore(_) => Look::TooLate,
            Answer::InLine { id, turn } => {
                self.place = Some(id);
                Look::InLine(turn.map(|turn| self.desk.schedule().between(now, turn)))
            }
        })
    }

    /// How long it would still wait.
    fn left(&self) -> Option<Duration> {
        let schedule = self.desk.schedule();
        (self.by < u64::MAX).then(|| schedule.between(schedule.now(), self.by))
    }
}

impl<S: Serve> Drop for Wait<'_, S> {
    fn drop(&mut self) {
        if let Some(id) = self.place {
            // If it is closed, nobody stands in line.
            let _ = self.desk.ask(0, Request::Leave { id });
        }
    }
}
