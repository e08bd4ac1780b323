//! Both variants under one name, so that each promise is written once.
//!
//! The tests of the ring include this file too; what differs is in `subject`.

use std::time::Duration;

use super::subject::{self, Config, DeliverError, Message, NodeId, Panicked, Stored, Token};

pub(crate) trait Surface: Send + Sync + Sized + 'static {
    fn start(
        config: Config,
        stored: Stored,
        send: impl FnMut(NodeId, Message) + Send + 'static,
        save: impl FnMut(Stored) + Send + 'static,
    ) -> Self;
    fn deliver(&self, from: NodeId, message: Message) -> Result<(), DeliverError>;
    fn leader(&self) -> Option<Token>;
    fn wait_change(&self, known: Option<Token>, timeout: Duration) -> Option<Token>;
    fn elect(&self);
    fn outbid(&self, epoch: u64);
    fn shutdown(self) -> Result<(), Panicked>;
}

macro_rules! surface {
    ($variant:ident) => {
        impl Surface for subject::$variant::Node {
            fn start(
                config: Config,
                stored: Stored,
                send: impl FnMut(NodeId, Message) + Send + 'static,
                save: impl FnMut(Stored) + Send + 'static,
            ) -> Self {
                Self::start(config, stored, send, save)
            }
            fn deliver(&self, from: NodeId, message: Message) -> Result<(), DeliverError> {
                self.deliver(from, message)
            }
            fn leader(&self) -> Option<Token> {
                self.leader()
            }
            fn wait_change(&self, known: Option<Token>, timeout: Duration) -> Option<Token> {
                self.wait_change(known, timeout)
            }
            fn elect(&self) {
                self.elect();
            }
            fn outbid(&self, epoch: u64) {
                self.outbid(epoch);
            }
            fn shutdown(self) -> Result<(), Panicked> {
                self.shutdown()
            }
        }
    };
}
surface!(channel);
surface!(lock);
