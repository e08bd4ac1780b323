//! A model of the answer slot: what the channel variant uses of tokio's, built from primitives that
//! the checker can look into. `models.rs` holds it against the real one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use shuttle::sync::{Arc, Mutex};

struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    sender_gone: bool,
    receiver_gone: bool,
}

pub(crate) struct Sender<T>(Arc<Mutex<Slot<T>>>);
pub(crate) struct Receiver<T>(Arc<Mutex<Slot<T>>>);

/// The sender dropped without an answer.
#[derive(Debug)]
pub(crate) struct Dropped;

pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Slot { value: None, waker: None, sender_gone: false, receiver_gone: false };
    let slot = Arc::new(Mutex::new(slot));
    (Sender(Arc::clone(&slot)), Receiver(slot))
}

impl<T> Sender<T> {
    pub(crate) fn send(self, value: T) -> Result<(), T> {
        let mut slot = self.0.lock().expect("no panic");
        if slot.receiver_gone {
            return Err(value);
        }
        slot.value = Some(value);
        Ok(()) // the drop of self wakes
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.lock().expect("no panic").receiver_gone
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut slot = self.0.lock().expect("no panic");
            slot.sender_gone = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, Dropped>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.0.lock().expect("no panic");
        if let Some(value) = slot.value.take() {
            return Poll::Ready(Ok(value));
        }
        if slot.sender_gone {
            return Poll::Ready(Err(Dropped));
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let value = {
            let mut slot = self.0.lock().expect("no panic");
            slot.receiver_gone = true;
            slot.value.take()
        };
        drop(value); // unlocked: a value may do anything when it drops
    }
}
