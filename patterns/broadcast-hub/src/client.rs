//! A subscriber of a hub with a desk: the owner's end of a mailbox.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::desk::{Address, Ask};
use super::error::{RecvError, RecvTimeoutError, TryRecvError};
use super::mailbox::{End, Found, Mailbox, Message};
use super::park::{block_on, block_on_for};
use super::room::Joined;
use super::surface::receive_methods;
use super::sync::Arc;

/// Gets every message that is published while it is there. Leaves when it drops.
#[must_use = "a subscriber that is dropped leaves"]
pub struct Subscriber<T> {
    desk: Address<T>,
    client: u64,
    mailbox: Arc<Mailbox<T>>,
    /// Taken from the mailbox, and about to be cloned for the caller. Not empty between calls only
    /// if that panicked.
    held: VecDeque<Message<T>>,
    /// How many messages are behind it.
    passed: u64,
}

impl<T: Clone + Send + Sync + 'static> Subscriber<T> {
    receive_methods!();

    /// The next message, if there is one. Never waits for one. The message is cloned under no lock;
    /// if that panics, it stays the next.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::NotNow`] if everything was read, else as for [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        if self.held.is_empty() {
            self.take(1)?;
        }
        Ok(self.next().expect("taken above"))
    }

    /// Appends the messages there are to `buffer`, `limit` at most, and returns how many. Never
    /// waits for one.
    ///
    /// # Errors
    ///
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        limit: usize,
    ) -> Result<usize, TryRecvError> {
        if self.held.is_empty() && limit > 0 {
            self.take(limit)?;
        }
        let count = limit.min(self.held.len());
        buffer.reserve(count);
        for _ in 0..count {
            buffer.extend(self.next());
        }
        Ok(count)
    }

    fn next(&mut self) -> Option<T> {
        let message = self.held.front()?.get().cloned();
        self.held.pop_front();
        self.passed += 1;
        message
    }
}

impl<T> Subscriber<T> {
    pub(crate) fn new(desk: Address<T>, joined: Joined<T>) -> Self {
        let Joined { client, mailbox, passed } = joined;
        Self { desk, client, mailbox, held: VecDeque::new(), passed }
    }

    /// The number of the last message it got, or was told it misses; at first, that of the message
    /// before the one it begins with. To come back later: [`Start::After`](crate::Start::After).
    pub fn last_seq(&self) -> u64 {
        self.passed
    }

    /// How many messages it could get now.
    pub fn len(&self) -> usize {
        self.held.len() + self.mailbox.len()
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes messages out of the mailbox, and says so if the desk wants to know.
    fn take(&mut self, limit: usize) -> Result<(), TryRecvError> {
        match self.mailbox.take(limit, &mut self.held) {
            Found::Messages { calls: false } => {}
            Found::Messages { calls: true } => {
                self.desk.tell(Ask::MadeRoom { client: self.client });
            }
            Found::Missed(missed) => {
                self.passed += missed;
                return Err(TryRecvError::Lagged(missed));
            }
            Found::Nothing => return Err(TryRecvError::NotNow),
            Found::End(End::Evicted) => return Err(TryRecvError::Evicted),
            Found::End(End::Closed) => return Err(TryRecvError::Closed),
        }
        Ok(())
    }

    fn ready(&mut self) -> Ready<'_, T> {
        Ready { mailbox: &self.mailbox, sleeps: false }
    }
}

impl<T> fmt::Debug for Subscriber<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("last_seq", &self.last_seq())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<T> Drop for Subscriber<T> {
    fn drop(&mut self) {
        self.desk.tell(Ask::Leave { client: self.client });
    }
}

/// Ready when there is something to receive, or to be told.
struct Ready<'a, T> {
    mailbox: &'a Mailbox<T>,
    /// Whether its waker is in the mailbox, for all it knows.
    sleeps: bool,
}

impl<T> Future for Ready<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.sleeps = self.mailbox.sleep(context.waker());
        if self.sleeps { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<T> Drop for Ready<'_, T> {
    fn drop(&mut self) {
        if self.sleeps {
            self.mailbox.wake();
        }
    }
}
