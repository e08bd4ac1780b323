//! A semaphore that passes messages: a clerk on a thread of its own keeps the permits and the line,
//! callers send it requests and wait for an answer.
//!
//! The clerk owns all state, so there is nothing to lock. A grant travels as permits that go home
//! by themselves: if its receiver is gone, it is given back, and that is the whole of cancel
//! safety. The clerk's thread ends when the last handle, permit and request are gone.
//!
//! Take along: `channel.rs`, `clerk.rs`, `oneshot.rs`, `park.rs`, `permit.rs`, `surface.rs`,
//! `sync.rs`, `error.rs`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::clerk::{Clerk, Grant, Message, Status, receive};
use super::error::{AcquireError, AcquireTimeoutError, AddPermitsError, TryAcquireError};
use super::oneshot;
use super::park::{block_on, block_on_for};
use super::permit::{Held, Source};
use super::surface::{acquire_methods, check_size};
use super::sync::{Arc, INBOX, SyncSender, sync_channel, thread};

/// At most as many permits out as there are; first come, first served.
///
/// Every call is a message, and a call that needs an answer waits for the clerk, though never for
/// permits unless it says so. Wakers run and drop on the clerk's thread. One that calls the
/// semaphore right there, or drops its permits, may make the clerk wait for itself; one that panics
/// ends the clerk, and later calls panic. The wakers of the usual executors only schedule a task.
pub struct Semaphore {
    /// Bounded: a sender waits if the clerk is [`INBOX`] messages behind. The clerk itself never
    /// waits for anything but this inbox, so that wait is short.
    inbox: SyncSender<Message>,
    /// Permits in circulation never exceed this.
    max: usize,
}

/// Permits that give themselves back to the semaphore they borrow.
pub type Permit<'a> = Held<&'a Semaphore>;
/// Permits that keep their semaphore alive.
pub type OwnedPermit = Held<Arc<Semaphore>>;

impl Semaphore {
    /// The most permits one semaphore can hold: as many as the other variants.
    pub const MAX_PERMITS: usize = usize::MAX >> 6;

    /// A semaphore of `permits` permits, and room for no more.
    ///
    /// # Panics
    ///
    /// If `permits` is above [`Self::MAX_PERMITS`], or the system has no thread for the clerk.
    pub fn new(permits: usize) -> Self {
        Self::with_max(permits, permits)
    }

    /// A semaphore of `permits` permits with room for `max`.
    ///
    /// # Panics
    ///
    /// If `permits` is above `max`, `max` above [`Self::MAX_PERMITS`], or the system has no thread
    /// for the clerk.
    pub fn with_max(permits: usize, max: usize) -> Self {
        check_size(permits, max, Self::MAX_PERMITS);
        let (inbox, messages) = sync_channel(INBOX);
        let clerk = Clerk::new(messages, permits, max);
        thread::Builder::new()
            .name("semaphore".into())
            .spawn(|| clerk.run())
            .expect("a thread for the semaphore's clerk");
        Self { inbox, max }
    }

    acquire_methods!();

    /// Puts `n` more permits into circulation.
    ///
    /// # Errors
    ///
    /// If there would be more than the maximum; then none is added.
    pub fn add_permits(&self, n: usize) -> Result<(), AddPermitsError> {
        self.ask(|answer| Message::Add { n, answer }).expect("the clerk always answers this")
    }

    /// Refuses every acquire from now on and sends all who wait away. Permits that are out stay
    /// valid. Closing twice is closing once.
    pub fn close(&self) {
        self.tell(Message::Close);
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.status().closed
    }

    /// Permits that are free at this moment; out of date as soon as it is known.
    pub fn available(&self) -> usize {
        self.status().free
    }

    /// The most permits that may be in circulation.
    pub fn max(&self) -> usize {
        self.max
    }

    fn take(&self, n: usize) -> Wait<'_> {
        Wait { semaphore: self, n, answer: None }
    }

    fn take_blocking(&self, n: usize) -> Result<(), AcquireError> {
        block_on(self.take(n))
    }

    fn take_now(&self, n: usize) -> Result<bool, AcquireError> {
        self.check(n)?;
        self.ask(|answer| Message::Try { n, answer }).ok_or(AcquireError::Closed)
    }

    /// A request that can never be met need not be sent.
    fn check(&self, n: usize) -> Result<(), AcquireError> {
        if n > self.max && !self.is_closed() {
            return Err(AcquireError::Never { asked: n, max: self.max });
        }
        Ok(())
    }

    fn status(&self) -> Status {
        self.ask(|answer| Message::Status { answer }).expect("the clerk always answers this")
    }

    /// Sends a question and waits for its answer; `None` if the clerk gave none. Also tasks wait
    /// here, as they would for a mutex, so the slot is std's: an async one may want them to yield.
    fn ask<T>(&self, question: impl FnOnce(SyncSender<T>) -> Message) -> Option<T> {
        let (sender, answer) = sync_channel(1);
        self.tell(question(sender));
        receive(&answer)
    }

    fn tell(&self, message: Message) {
        self.inbox.send(message).expect("the clerk stays as long as there are senders");
    }
}

/// The wait for permits. Ready means they are the caller's; dropped before, they go home.
struct Wait<'a> {
    semaphore: &'a Semaphore,
    n: usize,
    /// Where the grant will arrive, from the first poll to the end of the wait.
    answer: Option<oneshot::Receiver<Grant>>,
}

impl Future for Wait<'_> {
    type Output = Result<(), AcquireError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { semaphore, n, answer } = &mut *self;
        if answer.is_none() {
            semaphore.check(*n)?;
            let (sender, receiver) = oneshot::channel();
            let home = semaphore.inbox.clone();
            semaphore.tell(Message::Ask { n: *n, home, answer: sender });
            *answer = Some(receiver);
        }
        let receiver = answer.as_mut().expect("set above");
        let Poll::Ready(grant) = Pin::new(receiver).poll(context) else { return Poll::Pending };
        *answer = None;
        match grant {
            Ok(grant) => {
                grant.keep();
                Poll::Ready(Ok(()))
            }
            Err(_) => Poll::Ready(Err(AcquireError::Closed)),
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            // First the slot, so that the clerk sees it closed. A grant in it goes home.
            drop(answer);
            // The clerk looks for closed slots at every message, so if the inbox is full
            // this one is not needed.
            let _ = self.semaphore.inbox.try_send(Message::Left);
        }
    }
}

impl Source for Semaphore {
    fn give_back(&self, n: usize) {
        // No panic here: a permit may drop while one unwinds. This fails only if the clerk died, and
        // then nobody misses the permits.
        let _ = self.inbox.send(Message::GiveBack(n));
    }

    fn retire(&self, n: usize) {
        self.tell(Message::Retire(n));
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { free, closed } = self.status();
        f.debug_struct("Semaphore")
            .field("available", &free)
            .field("max", &self.max)
            .field("closed", &closed)
            .finish_non_exhaustive()
    }
}
