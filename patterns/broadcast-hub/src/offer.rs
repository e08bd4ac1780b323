//! A message on its way to the desk, and the answer on its way back. The message waits here, not in
//! the desk's inbox, so a publisher that gives up takes it back without asking.

use std::mem;
use std::task::{Poll, Waker};

use super::quiet::{drop_quietly, wake_quietly};
use super::sync::{Mutex, MutexGuard};

pub(crate) struct Offer<T> {
    stage: Mutex<Stage<T>>,
}

/// ```text
/// Open --take--> Taken --publish--> Answered(Ok(number))    --fetched--> Over
///   |---------------refuse--------> Answered(Err(message))  --fetched--> Over
///   `--withdraw--> Over
/// ```
enum Stage<T> {
    Open(T, Option<Waker>),
    /// The desk has the message, and publishes it without waiting for anybody.
    Taken(Option<Waker>),
    Answered(Result<u64, Refused<T>>),
    Over,
}

/// A message that was not published, and why.
pub(crate) enum Refused<T> {
    Full(T),
    Closed(T),
}

impl<T> Refused<T> {
    /// The message.
    pub(crate) fn into_inner(self) -> T {
        let (Self::Full(value) | Self::Closed(value)) = self;
        value
    }
}

/// What became of a message that its publisher wanted back.
pub(crate) enum Withdrawn<T> {
    /// Here it is.
    Back(T),
    /// It was too late for that.
    Answered(Result<u64, Refused<T>>),
    /// It is too late for that, and the answer will be there in a moment.
    Coming,
}

impl<T> Offer<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { stage: Mutex::new(Stage::Open(value, None)) }
    }

    // For the publisher.

    /// The answer, or whom to wake for it.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Result<u64, Refused<T>>> {
        let waker = waker.clone();
        let mut stage = self.stage();
        let (answer, unused) = match &mut *stage {
            Stage::Open(_, noted) | Stage::Taken(noted) => (Poll::Pending, noted.replace(waker)),
            Stage::Over => unreachable!("not polled after it was ready"),
            answered @ Stage::Answered(_) => match mem::replace(answered, Stage::Over) {
                Stage::Answered(answer) => (Poll::Ready(answer), Some(waker)),
                _ => unreachable!("matched above"),
            },
        };
        drop(stage);
        drop_quietly(unused);
        answer
    }

    /// Takes the message back if there is still time.
    pub(crate) fn withdraw(&self) -> Withdrawn<T> {
        let mut stage = self.stage();
        let (withdrawn, waker) = match mem::replace(&mut *stage, Stage::Over) {
            Stage::Open(value, waker) => (Withdrawn::Back(value), waker),
            Stage::Answered(answer) => (Withdrawn::Answered(answer), None),
            Stage::Taken(waker) => {
                *stage = Stage::Taken(None);
                (Withdrawn::Coming, waker)
            }
            Stage::Over => unreachable!("withdrawn once"),
        };
        drop(stage);
        drop_quietly(waker);
        withdrawn
    }

    // For the desk.

    /// Whether the publisher still offers it.
    pub(crate) fn is_open(&self) -> bool {
        matches!(*self.stage(), Stage::Open(..))
    }

    /// The message, to be published; `None` if it was withdrawn.
    pub(crate) fn take(&self) -> Option<T> {
        let mut stage = self.stage();
        match mem::replace(&mut *stage, Stage::Over) {
            Stage::Open(value, waker) => {
                *stage = Stage::Taken(waker);
                Some(value)
            }
            Stage::Over => None,
            Stage::Taken(_) | Stage::Answered(_) => unreachable!("the desk answers once"),
        }
    }

    /// It is published.
    pub(crate) fn publish(&self, number: u64) {
        let mut stage = self.stage();
        let Stage::Taken(waker) = mem::replace(&mut *stage, Stage::Answered(Ok(number))) else {
            unreachable!("taken first");
        };
        drop(stage);
        wake_quietly(waker);
    }

    /// It is not; the publisher gets it back.
    pub(crate) fn refuse(&self, why: impl FnOnce(T) -> Refused<T>) {
        let mut stage = self.stage();
        let waker = match mem::replace(&mut *stage, Stage::Over) {
            Stage::Open(value, waker) => {
                *stage = Stage::Answered(Err(why(value)));
                waker
            }
            _ => None, // withdrawn
        };
        drop(stage);
        wake_quietly(waker);
    }

    fn stage(&self) -> MutexGuard<'_, Stage<T>> {
        self.stage.lock().expect("nothing panics under this mutex")
    }
}
