//! Models of what the checker lacks: as much of the channels, the scope and the time-out as the
//! variants use, built from primitives that the checker can look into.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A time-out that never fires.
pub(crate) struct Timeout<F>(#[allow(dead_code)] F);

pub(crate) fn timeout<F>(_: Duration, future: F) -> Timeout<F> {
    Timeout(future)
}

impl<F> Future for Timeout<F> {
    type Output = Result<(), ()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}

impl<F> Drop for Timeout<F> {
    fn drop(&mut self) {} // as the real one has something to do here
}

/// Threads that end before the call does, by the signature of rayon.
pub(crate) fn in_place_scope<'env, T>(
    body: impl for<'scope> FnOnce(Scope<'scope, 'env>) -> T,
) -> T {
    shuttle::thread::scope(|scope| body(Scope(scope)))
}

#[derive(Clone, Copy)]
pub(crate) struct Scope<'scope, 'env>(&'scope shuttle::thread::Scope<'scope, 'env>);

impl<'scope> Scope<'scope, '_> {
    /// The body gets the scope, as rayon's does.
    pub(crate) fn spawn(self, body: impl FnOnce(Self) + Send + 'scope) {
        self.0.spawn(move || body(self));
    }
}

/// The bounded queue of items.
pub(crate) mod queue {
    use std::collections::VecDeque;

    use shuttle::sync::{Arc, Mutex};

    pub(crate) struct Sender<T>(Arc<Mutex<VecDeque<T>>>, usize);
    pub(crate) struct Receiver<T>(Arc<Mutex<VecDeque<T>>>);

    pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        let items = Arc::new(Mutex::new(VecDeque::new()));
        (Sender(Arc::clone(&items), capacity), Receiver(items))
    }

    impl<T> Sender<T> {
        pub(crate) fn try_send(&self, item: T) -> Result<(), T> {
            let mut items = self.0.lock().expect("no panic");
            if items.len() == self.1 {
                return Err(item);
            }
            items.push_back(item);
            Ok(())
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn try_recv(&self) -> Result<T, ()> {
            self.0.lock().expect("no panic").pop_front().ok_or(())
        }
    }
}

/// The channel of outcomes.
pub(crate) mod mpsc {
    use std::collections::VecDeque;
    use std::task::{Context, Poll, Waker};

    use shuttle::sync::{Arc, Mutex};

    struct State<T> {
        items: VecDeque<T>,
        capacity: usize,
        senders: usize,
        receiver_gone: bool,
        waker: Option<Waker>,
    }

    pub(crate) struct Sender<T>(Arc<Mutex<State<T>>>);
    pub(crate) struct Receiver<T>(Arc<Mutex<State<T>>>);

    pub(crate) fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        let items = VecDeque::new();
        let state = State { items, capacity, senders: 1, receiver_gone: false, waker: None };
        let state = Arc::new(Mutex::new(state));
        (Sender(Arc::clone(&state)), Receiver(state))
    }

    impl<T> Sender<T> {
        pub(crate) fn try_send(&self, item: T) -> Result<(), T> {
            let mut state = self.0.lock().expect("no panic");
            if state.receiver_gone || state.items.len() == state.capacity {
                return Err(item);
            }
            state.items.push_back(item);
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
            Ok(())
        }
    }

    impl<T> Clone for Sender<T> {
        fn clone(&self) -> Self {
            self.0.lock().expect("no panic").senders += 1;
            Self(Arc::clone(&self.0))
        }
    }

    impl<T> Drop for Sender<T> {
        fn drop(&mut self) {
            let mut state = self.0.lock().expect("no panic");
            state.senders -= 1;
            let waker = if state.senders == 0 { state.waker.take() } else { None };
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
            let mut state = self.0.lock().expect("no panic");
            if let Some(item) = state.items.pop_front() {
                return Poll::Ready(Some(item));
            }
            if state.senders == 0 {
                return Poll::Ready(None);
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        }

        pub(crate) fn try_recv(&mut self) -> Result<T, ()> {
            self.0.lock().expect("no panic").items.pop_front().ok_or(())
        }
    }

    impl<T> Drop for Receiver<T> {
        fn drop(&mut self) {
            let mut state = self.0.lock().expect("no panic");
            state.receiver_gone = true;
            let items = std::mem::take(&mut state.items);
            drop(state);
            drop(items);
        }
    }
}
