//! A network that is the test itself.

use std::collections::VecDeque;
use std::sync::Mutex;

use raft::message::{Answer, Reply, Request};
use raft::node::{Answerer, Network};
use raft::{NodeId, Term};

use crate::running::cluster::LIMIT;
use crate::running::news::{News, lock};

/// Requests wait here until the test answers them.
#[derive(Default)]
pub(crate) struct Hand {
    asked: Mutex<VecDeque<(NodeId, Request, Answerer)>>,
    pub(crate) news: News,
}

impl Network for Hand {
    fn ask(&self, to: NodeId, request: Request, answer: Answerer) {
        lock(&self.asked).push_back((to, request, answer));
        self.news.tell();
    }
}

impl Hand {
    /// The next request to a peer for its vote in this term.
    pub(crate) fn vote(&self, from: NodeId, term: Term) -> Answerer {
        self.next(from, |request| matches!(request, Request::Vote(vote) if vote.term == term)).1
    }

    /// The next request of such a kind to a peer.
    pub(crate) fn next(&self, to: NodeId, is_it: impl Fn(&Request) -> bool) -> (Request, Answerer) {
        let take = || {
            let mut asked = lock(&self.asked);
            let wanted = |it: &(NodeId, Request, Answerer)| it.0 == to && is_it(&it.1);
            let place = asked.iter().position(wanted)?;
            asked.remove(place)
        };
        let (_, request, answer) = self.news.until(LIMIT, take).expect("it asks");
        (request, answer)
    }

    /// Says yes to all that a peer was asked to put into its log.
    pub(crate) fn answer_appends(&self, from: NodeId, term: Term) {
        let is_one =
            |it: &(NodeId, Request, Answerer)| it.0 == from && matches!(it.1, Request::Append(_));
        loop {
            let mut asked = lock(&self.asked);
            let Some(place) = asked.iter().position(is_one) else { return };
            let taken = asked.remove(place);
            drop(asked);
            let (_, _, answerer) = taken.expect("it is there");
            answerer.answer(Reply { term, answer: Answer::Yes });
        }
    }
}
