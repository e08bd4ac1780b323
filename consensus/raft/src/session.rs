//! Exactly once: what clients were answered already (section 8; dissertation, 6.3).
//!
//! A client that hears nothing asks again, and its first request may have been done. So the state
//! machine remembers answers by the name that the client gave the request. The memory is part of the
//! state machine: it follows from the log alone and goes into its snapshots, or a node that starts
//! from one would do again what others did once.

use std::collections::{BTreeMap, VecDeque};

/// Answers to the latest requests, each under the name that its client gave it: a session and a
/// number, or a random key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sessions<K, R, A> {
    /// No more are remembered.
    most: usize,
    answers: BTreeMap<K, (R, A)>,
    /// The names, in the order in which the requests were done. What is forgotten follows from the
    /// log, never from a clock: else two nodes would remember different things.
    order: VecDeque<K>,
}

/// The name was given to another request. The client is wrong; its request is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this name was given to another request; give each request a name of its own")]
pub struct Reused;

impl<K: Ord + Clone, R: PartialEq, A> Sessions<K, R, A> {
    /// A memory for so many answers. A request that is repeated later than that is done again.
    ///
    /// # Panics
    ///
    /// When `most` is 0: it would remember nothing.
    pub fn new(most: usize) -> Self {
        assert!(most > 0, "a memory for 0 answers remembers nothing; give at least 1");
        Self { most, answers: BTreeMap::new(), order: VecDeque::new() }
    }

    /// Does a request, unless it was done; gives the answer of the first time.
    ///
    /// # Errors
    ///
    /// When the name belongs to another request.
    pub fn once(&mut self, name: &K, request: R, act: impl FnOnce(&R) -> A) -> Result<&A, Reused> {
        let is_new = match self.answers.get(name) {
            Some((done, _)) if *done != request => return Err(Reused),
            known => known.is_none(),
        };
        if is_new {
            let answer = act(&request);
            self.remember(name.clone(), request, answer);
        }
        Ok(&self.answers[name].1)
    }

    /// Puts back what [`answers`](Self::answers) gave, in the same order.
    pub fn remember(&mut self, name: K, request: R, answer: A) {
        if self.order.len() == self.most {
            let oldest = self.order.pop_front().expect("there is room for one at least");
            self.answers.remove(&oldest);
        }
        self.order.push_back(name.clone());
        self.answers.insert(name, (request, answer));
    }

    /// All that is remembered, oldest first: for a snapshot.
    pub fn answers(&self) -> impl Iterator<Item = (&K, &R, &A)> {
        self.order.iter().map(|name| {
            let (request, answer) = &self.answers[name];
            (name, request, answer)
        })
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}
