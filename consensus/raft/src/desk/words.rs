//! What is said when no lock is held.

use crate::message::Reply;
use crate::node::Answerer;

/// What is to be said when no lock is held.
pub(crate) struct Words {
    pub(super) replies: Vec<(Answerer, Reply)>,
    calls: Vec<Box<dyn FnOnce() + Send>>,
}

impl Words {
    pub(crate) fn new() -> Self {
        Self { replies: Vec::new(), calls: Vec::new() }
    }

    pub(crate) fn say(&mut self, call: impl FnOnce() + Send + 'static) {
        self.calls.push(Box::new(call));
    }

    /// Says it all. No lock may be held: whoever is called may call back.
    pub(crate) fn out(self) {
        for (answer, reply) in self.replies {
            answer.answer(reply);
        }
        for call in self.calls {
            call();
        }
    }
}
