//! The ladder of the message-passing structure: a clerk thread owns the count, callers write to its
//! inbox and wait for an answer. Inbox and answer are the same small [`Mailbox`], and the levers
//! are those of the other ladder, so that the two can be read side by side.
//!
//! | rung     | `COUNT` | `BATCH` | `SPIN` | what the lever saves                                   |
//! |----------|---------|---------|--------|--------------------------------------------------------|
//! | naive    | no      | 1       | 0      |                                                        |
//! | sleepers | yes     | 1       | 0      | the system call of a notify that nobody waits for      |
//! | batch    | yes     | 8       | 0      | seven of eight conversations, for 8 permits            |
//! | spin     | yes     | 8       | 200    | falling asleep for an answer that comes at once        |

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use benches::Mailbox;

use crate::contender::Contender;

pub(crate) type Naive = ChannelLadder<false, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 1, 0>;
pub(crate) type Batch = ChannelLadder<true, 8, 0>;
pub(crate) type Spin = ChannelLadder<true, 8, 200>;

/// What callers tell the clerk. Every number of permits is `BATCH`.
enum Letter<const COUNT: bool, const SPIN: u32> {
    Ask(Arc<Mailbox<(), COUNT, SPIN>>),
    GiveBack,
    GoHome,
}

pub(crate) struct ChannelLadder<const COUNT: bool, const BATCH: usize, const SPIN: u32> {
    inbox: Arc<Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>>,
    clerk: Option<thread::JoinHandle<()>>,
}

/// `BATCH` permits.
pub(crate) struct Permits<'a, const COUNT: bool, const BATCH: usize, const SPIN: u32>(
    &'a ChannelLadder<COUNT, BATCH, SPIN>,
);

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Contender
    for ChannelLadder<COUNT, BATCH, SPIN>
{
    type Permit<'a> = Permits<'a, COUNT, BATCH, SPIN>;
    const BATCH: u64 = BATCH as u64;

    fn new(permits: usize) -> Self {
        let inbox = Arc::new(Mailbox::default());
        let clerk = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || serve::<COUNT, BATCH, SPIN>(&inbox, permits * BATCH)
        });
        Self { inbox, clerk: Some(clerk) }
    }

    /// There is no permit without a conversation: every caller waits for the clerk.
    fn attempt(&self) -> Option<Self::Permit<'_>> {
        None
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        let answer = Arc::new(Mailbox::default());
        self.inbox.send(Letter::Ask(Arc::clone(&answer)));
        answer.receive();
        Permits(self)
    }
}

/// The clerk: the only one who knows the count, so it needs no lock around it.
fn serve<const COUNT: bool, const BATCH: usize, const SPIN: u32>(
    inbox: &Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>,
    mut free: usize,
) {
    let mut line = VecDeque::new();
    loop {
        match inbox.receive() {
            Letter::Ask(answer) => line.push_back(answer),
            Letter::GiveBack => free += BATCH,
            Letter::GoHome => return,
        }
        while free >= BATCH
            && let Some(next) = line.pop_front()
        {
            free -= BATCH;
            next.send(());
        }
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Drop
    for Permits<'_, COUNT, BATCH, SPIN>
{
    fn drop(&mut self) {
        self.0.inbox.send(Letter::GiveBack);
    }
}

impl<const COUNT: bool, const BATCH: usize, const SPIN: u32> Drop
    for ChannelLadder<COUNT, BATCH, SPIN>
{
    fn drop(&mut self) {
        self.inbox.send(Letter::GoHome);
        if let Some(clerk) = self.clerk.take() {
            clerk.join().expect("the clerk does not panic");
        }
    }
}
