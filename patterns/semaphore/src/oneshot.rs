//! The answer slot of the channel variant: one value, awaited by its receiver. A test puts a model
//! in its place, because a model checker cannot look into the real one.

pub(crate) use tokio::sync::oneshot::{Receiver, Sender, channel};
