//! A node that writes down what its wire tells it, and its place on the network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use raft::NodeId;
use raft::message::{Answer, Ballot, Reply, Request, VoteRequest};
use raft::node::{Answerer, Network};
use raft::transport::{Bound, Link, Local, Options, Tcp, Wire};

use crate::running::cluster::LIMIT;
use crate::running::news::{News, lock};

pub(crate) const CLUSTER: u64 = 7;

#[derive(Default)]
pub(crate) struct Board {
    pub(crate) news: News,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    served: Vec<(NodeId, Request)>,
    /// The epoch of a link that came up, or none of one that went down.
    links: VecDeque<(NodeId, Option<u64>)>,
    last_epoch: u64,
    /// Who asks waits for an answer.
    holds: bool,
    held: Vec<Answerer>,
}

impl Local for Board {
    /// Says yes in the asker's term, to all that are not held.
    fn serve(&self, from: NodeId, request: Request, answer: Answerer) {
        let mut seen = lock(&self.seen);
        let reply = Reply { term: request.term(), answer: Answer::Yes };
        seen.served.push((from, request));
        if seen.holds {
            seen.held.push(answer);
            drop(seen);
        } else {
            drop(seen);
            answer.answer(reply);
        }
        self.news.tell();
    }

    fn link_up(&self, peer: NodeId, epoch: u64) {
        let mut seen = lock(&self.seen);
        assert!(epoch > seen.last_epoch, "{epoch} after {}", seen.last_epoch);
        seen.last_epoch = epoch;
        seen.links.push_back((peer, Some(epoch)));
        drop(seen);
        self.news.tell();
    }

    fn link_down(&self, peer: NodeId) {
        lock(&self.seen).links.push_back((peer, None));
        self.news.tell();
    }
}

impl Board {
    pub(crate) fn hold(&self) {
        lock(&self.seen).holds = true;
    }

    /// Answers nobody that waits, and holds nobody any more: some questions are still on their way.
    pub(crate) fn drop_held(&self) {
        let mut seen = lock(&self.seen);
        seen.holds = false;
        let held = std::mem::take(&mut seen.held);
        drop(seen);
        drop(held);
    }

    pub(crate) fn served(&self) -> usize {
        lock(&self.seen).served.len()
    }

    pub(crate) fn last_served(&self) -> Option<(NodeId, Request)> {
        lock(&self.seen).served.last().cloned()
    }

    /// Waits for the next word of a link.
    pub(crate) fn link(&self) -> (NodeId, Option<u64>) {
        let next = || lock(&self.seen).links.pop_front();
        self.news.until(LIMIT, next).expect("a link comes or goes")
    }
}

/// A board with its wire.
pub(crate) struct Place {
    pub(crate) board: Arc<Board>,
    pub(crate) tcp: Tcp,
}

/// Disk number 10 times the name.
pub(crate) fn options(node: NodeId) -> Options {
    let mut options = Options::new(CLUSTER, node, node * 10);
    options.retry = Duration::from_millis(50);
    options.info = format!("node {node} is here");
    options
}

impl Place {
    pub(crate) fn new(options: Options) -> Self {
        Self::at(options, "127.0.0.1:0")
    }

    pub(crate) fn at(options: Options, address: &str) -> Self {
        let board = Arc::new(Board::default());
        let tcp = Bound::new(options, address).expect("the address is free").serve(&board);
        Self { board, tcp }
    }

    pub(crate) fn address(&self) -> String {
        self.tcp.local_addr().to_string()
    }

    pub(crate) fn wire(&self) -> &Arc<Wire> {
        self.tcp.wire()
    }

    /// Dials another, and waits until the link is up; gives its epoch.
    pub(crate) fn join(&self, peer: NodeId, other: &Self) -> u64 {
        self.wire().connect(peer, other.address());
        let (up, epoch) = self.board.link();
        assert_eq!(up, peer);
        epoch.expect("it comes up first")
    }

    /// Asks, and gives the place where the answer comes: `None` if none will.
    pub(crate) fn ask(&self, to: NodeId, request: Request) -> Said {
        let said = Said(Arc::new(Mutex::new(Poll::Pending)));
        let (place, board) = (Arc::clone(&said.0), Arc::downgrade(&self.board));
        let answer = Answerer::new(move |reply| {
            *lock(&place) = Poll::Ready(reply);
            let _ = board.upgrade().map(|board| board.news.tell());
        });
        self.wire().ask(to, request, answer);
        said
    }

    /// Asks until there is an answer: a link that is up may go down again.
    pub(crate) fn is_answered_by(&self, to: NodeId) {
        let answered = || self.ask(to, vote(1)).wait(&self.board.news).map(drop);
        let answered = self.board.news.until(LIMIT, answered);
        assert!(answered.is_some(), "{:?}", self.wire().peers());
    }

    /// Waits until the link is down for such a reason.
    pub(crate) fn is_refused_by(&self, peer: NodeId, reason: &str) {
        let why = || match &self.wire().peers()[&peer].1 {
            Link::Down { why } => why.contains(reason).then_some(()),
            Link::Up { .. } => None,
        };
        let refused = self.board.news.until(LIMIT, why);
        assert!(refused.is_some(), "not for '{reason}': {:?}", self.wire().peers());
    }
}

/// What became of a question.
#[derive(Clone)]
pub(crate) struct Said(Arc<Mutex<Poll<Option<Reply>>>>);

impl Said {
    pub(crate) fn now(&self) -> Poll<Option<Reply>> {
        *lock(&self.0)
    }

    pub(crate) fn wait(&self, news: &News) -> Option<Reply> {
        let said = || match self.now() {
            Poll::Ready(reply) => Some(reply),
            Poll::Pending => None,
        };
        news.until(LIMIT, said).expect("it is answered, or never will be")
    }
}

pub(crate) fn vote(term: u64) -> Request {
    Request::Vote(VoteRequest { term, last: raft::Position::default(), ballot: Ballot::Real })
}
