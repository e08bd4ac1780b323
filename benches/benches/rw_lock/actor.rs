//! The message-passing structure as it is usually written: a thread that owns the data, and channels.

use std::thread;

use crossbeam_channel::{Receiver, RecvError, Sender, bounded, select};

use crate::contender::{Client, Contender};
use crate::work::{Pair, Stay};

/// How many requests may be under way before senders wait.
const INBOX: usize = 256;

/// A plain value, which needs no allocation; a closure would.
struct Request {
    writes: bool,
    stay: Stay,
    answer: Sender<Pair>,
}

impl Request {
    fn serve(self, pair: &mut Pair) {
        if self.writes {
            pair.change(self.stay);
        }
        let seen = if self.writes { *pair } else { pair.look(self.stay) };
        self.answer.send(seen).expect("the client waits for it");
    }
}

/// Go's stateful goroutine: a channel of reads, a channel of writes, and a channel for the answer that is
/// made for each request and goes along with it.
pub(crate) struct TwoChannels {
    ends: Option<[Sender<Request>; 2]>,
    owner: Option<thread::JoinHandle<()>>,
}

impl Contender for TwoChannels {
    type Client<'a> = &'a Self;

    fn new() -> Self {
        let ((read, reads), (write, writes)) = (bounded(INBOX), bounded(INBOX));
        let owner = thread::spawn(move || serve_two(&reads, &writes));
        Self { ends: Some([read, write]), owner: Some(owner) }
    }

    fn client(&self) -> &Self {
        self
    }
}

fn serve_two(reads: &Receiver<Request>, writes: &Receiver<Request>) {
    let mut pair = Pair::default();
    loop {
        let request: Result<Request, RecvError> = select! {
            recv(reads) -> request => request,
            recv(writes) -> request => request,
        };
        let Ok(request) = request else { return };
        request.serve(&mut pair);
    }
}

impl TwoChannels {
    fn ask(&self, writes: bool, stay: Stay) -> Pair {
        let (answer, answers) = bounded(1);
        let [read, write] = self.ends.as_ref().expect("it is open");
        let inbox = if writes { write } else { read };
        inbox.send(Request { writes, stay, answer }).expect("the owner is there");
        answers.recv().expect("the owner answers")
    }
}

/// A channel of requests, and one of answers that each client keeps.
pub(crate) struct OneChannel {
    inbox: Option<Sender<Request>>,
    owner: Option<thread::JoinHandle<()>>,
}

pub(crate) struct Asker<'a> {
    inbox: &'a Sender<Request>,
    answer: Sender<Pair>,
    answers: Receiver<Pair>,
}

impl Contender for OneChannel {
    type Client<'a> = Asker<'a>;

    fn new() -> Self {
        let (inbox, requests) = bounded::<Request>(INBOX);
        let owner = thread::spawn(move || {
            let mut pair = Pair::default();
            requests.iter().for_each(|request| request.serve(&mut pair));
        });
        Self { inbox: Some(inbox), owner: Some(owner) }
    }

    fn client(&self) -> Asker<'_> {
        let (answer, answers) = bounded(1);
        Asker { inbox: self.inbox.as_ref().expect("it is open"), answer, answers }
    }
}

impl Asker<'_> {
    fn ask(&self, writes: bool, stay: Stay) -> Pair {
        let request = Request { writes, stay, answer: self.answer.clone() };
        self.inbox.send(request).expect("the owner is there");
        self.answers.recv().expect("the owner answers")
    }
}

/// Every client waits for the owner, whatever it asks for. Without its channels the owner goes home.
macro_rules! asks {
    ($client:ty, $actor:ty, $inbox:ident) => {
        impl Client for $client {
            fn read(&mut self, stay: Stay) -> Pair {
                self.ask(false, stay)
            }

            fn write(&mut self, stay: Stay) {
                self.ask(true, stay);
            }

            fn attempt_read(&mut self, _: Stay) -> Option<Pair> {
                None
            }

            fn attempt_write(&mut self, _: Stay) -> bool {
                false
            }
        }

        impl Drop for $actor {
            fn drop(&mut self) {
                self.$inbox.take();
                if let Some(owner) = self.owner.take() {
                    owner.join().expect("the owner does not panic");
                }
            }
        }
    };
}

asks!(&TwoChannels, TwoChannels, ends);
asks!(Asker<'_>, OneChannel, inbox);
