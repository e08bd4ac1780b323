//! The ladder of the message-passing structure: an owner thread has the data, clients write to its
//! inbox and wait for an answer. Inbox and answer are the same small [`Mailbox`], and the levers are
//! those of the other ladder, so that the two can be read side by side.
//!
//! | rung     | `COUNT` | `SPIN` | what the lever saves                                       |
//! |----------|---------|--------|------------------------------------------------------------|
//! | naive    | no      | 0      |                                                            |
//! | sleepers | yes     | 0      | the system call of a notify that nobody waits for          |
//! | spin     | yes     | 200    | falling asleep for a letter that comes at once             |
//! | slots    |         |        | the queues: a slot for each client, our `channel`          |
//! | batch    |         |        | seven of eight messages: `channel`, 8 operations in each   |

use std::sync::Arc;
use std::thread;

use benches::Mailbox;

use crate::contender::{Client, Contender};
use crate::work::{Pair, Stay};

pub(crate) type Naive = ChannelLadder<false, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 0>;
pub(crate) type Spin = ChannelLadder<true, 200>;

/// What clients tell the owner.
enum Letter<const COUNT: bool, const SPIN: u32> {
    Ask { writes: bool, stay: Stay, answer: Arc<Mailbox<Pair, COUNT, SPIN>> },
    GoHome,
}

pub(crate) struct ChannelLadder<const COUNT: bool, const SPIN: u32> {
    inbox: Arc<Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>>,
    owner: Option<thread::JoinHandle<()>>,
}

pub(crate) struct Asker<'a, const COUNT: bool, const SPIN: u32> {
    inbox: &'a Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>,
    answers: Arc<Mailbox<Pair, COUNT, SPIN>>,
}

impl<const COUNT: bool, const SPIN: u32> Contender for ChannelLadder<COUNT, SPIN> {
    type Client<'a> = Asker<'a, COUNT, SPIN>;

    fn new() -> Self {
        let inbox = Arc::new(Mailbox::default());
        let theirs = Arc::clone(&inbox);
        let owner = thread::spawn(move || serve(&theirs));
        Self { inbox, owner: Some(owner) }
    }

    fn client(&self) -> Self::Client<'_> {
        Asker { inbox: &self.inbox, answers: Arc::new(Mailbox::default()) }
    }
}

/// The owner: the only one who touches the data, so it needs no lock around it.
fn serve<const COUNT: bool, const SPIN: u32>(inbox: &Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>) {
    let mut pair = Pair::default();
    while let Letter::Ask { writes, stay, answer } = inbox.receive() {
        if writes {
            pair.change(stay);
        }
        answer.send(if writes { pair } else { pair.look(stay) });
    }
}

impl<const COUNT: bool, const SPIN: u32> Asker<'_, COUNT, SPIN> {
    fn ask(&self, writes: bool, stay: Stay) -> Pair {
        self.inbox.send(Letter::Ask { writes, stay, answer: Arc::clone(&self.answers) });
        self.answers.receive()
    }
}

impl<const COUNT: bool, const SPIN: u32> Client for Asker<'_, COUNT, SPIN> {
    fn read(&mut self, stay: Stay) -> Pair {
        self.ask(false, stay)
    }

    fn write(&mut self, stay: Stay) {
        self.ask(true, stay);
    }

    /// There is no reading without a conversation: every client waits for the owner.
    fn attempt_read(&mut self, _: Stay) -> Option<Pair> {
        None
    }

    fn attempt_write(&mut self, _: Stay) -> bool {
        false
    }
}

impl<const COUNT: bool, const SPIN: u32> Drop for ChannelLadder<COUNT, SPIN> {
    fn drop(&mut self) {
        self.inbox.send(Letter::GoHome);
        if let Some(owner) = self.owner.take() {
            owner.join().expect("the owner does not panic");
        }
    }
}
