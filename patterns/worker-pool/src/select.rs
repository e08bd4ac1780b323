//! Two waits at once, which the channel variant needs twice.

use std::time::Instant;

use crossbeam_channel::{Receiver, Select, SelectTimeoutError, SelectedOperation, Sender};

/// How a wait to send ended, if the value was not sent.
pub(crate) enum Unsent<T> {
    Closed(T),
    TimedOut(T),
}

/// How a wait to receive ended.
pub(crate) enum Received<T> {
    Value(T),
    Rung,
    TimedOut,
    /// No sender is left, and nothing is in the channel.
    Ended,
}

/// Waits for room, but only until `closing` has no sender any more.
pub(crate) fn send<T>(
    values: &Sender<T>,
    value: T,
    closing: &Receiver<()>,
    deadline: Option<Instant>,
) -> Result<(), Unsent<T>> {
    let mut select = Select::new();
    let room = select.send(values);
    select.recv(closing);
    match wait(select, deadline) {
        Err(_) => Err(Unsent::TimedOut(value)),
        Ok(ready) if ready.index() == room => {
            ready.send(values, value).map_err(|back| Unsent::Closed(back.0))
        }
        Ok(ready) => {
            let _ = ready.recv(closing);
            Err(Unsent::Closed(value))
        }
    }
}

/// Waits for a value, or for a ring of the bell.
pub(crate) fn receive<T>(
    values: &Receiver<T>,
    bell: &Receiver<()>,
    deadline: Option<Instant>,
) -> Received<T> {
    let mut select = Select::new();
    let value = select.recv(values);
    select.recv(bell);
    match wait(select, deadline) {
        Err(_) => Received::TimedOut,
        Ok(ready) if ready.index() == value => {
            ready.recv(values).map_or(Received::Ended, Received::Value)
        }
        Ok(ready) => {
            let _ = ready.recv(bell);
            Received::Rung
        }
    }
}

fn wait(
    mut select: Select<'_>,
    deadline: Option<Instant>,
) -> Result<SelectedOperation<'_>, SelectTimeoutError> {
    match deadline {
        None => Ok(select.select()),
        Some(deadline) => select.select_deadline(deadline),
    }
}
