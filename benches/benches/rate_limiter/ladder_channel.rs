//! The ladder of the message-passing structure: a clerk thread owns the bucket, callers write to its
//! inbox and wait for an answer. Inbox and answer are the same small [`Mailbox`].
//!
//! | rung     | `COUNT` | `LEASED` | `SPIN` | what the lever saves                                 |
//! |----------|---------|----------|--------|------------------------------------------------------|
//! | naive    | no      | 1        | 0      |                                                      |
//! | sleepers | yes     | 1        | 0      | the system call of a notify that nobody waits for    |
//! | spin     | yes     | 1        | 200    | falling asleep for an answer that comes at once      |
//! | lease    | yes     | 30       | 200    | 29 of 30 conversations                               |

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use benches::Mailbox;

use crate::contender::{Check, HOUR, INTERVAL};
use crate::ladder_bucket::{Bucket as _, LEASE, Slots, take_some};

pub(crate) type Naive = ChannelLadder<false, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 1, 0>;
pub(crate) type Spin = ChannelLadder<true, 1, 200>;
pub(crate) type Lease = ChannelLadder<true, LEASE, 200>;

/// What callers tell the clerk. An answer is how many calls may pass.
enum Letter<const COUNT: bool, const SPIN: u32> {
    Ask(Arc<Mailbox<u64, COUNT, SPIN>>),
    GoHome,
}

pub(crate) struct ChannelLadder<const COUNT: bool, const LEASED: u64, const SPIN: u32> {
    inbox: Arc<Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>>,
    clerk: Option<thread::JoinHandle<()>>,
    /// Given out by the clerk, and for whoever comes next.
    leased: AtomicU64,
}

impl<const COUNT: bool, const LEASED: u64, const SPIN: u32> ChannelLadder<COUNT, LEASED, SPIN> {
    fn new(interval: Duration, burst: u64) -> Self {
        let inbox = Arc::new(Mailbox::default());
        let clerk = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || serve::<COUNT, LEASED, SPIN>(&inbox, Slots::new(interval, burst))
        });
        Self { inbox, clerk: Some(clerk), leased: AtomicU64::new(0) }
    }
}

impl<const COUNT: bool, const LEASED: u64, const SPIN: u32> Check
    for ChannelLadder<COUNT, LEASED, SPIN>
{
    fn generous(burst: u64) -> Self {
        Self::new(INTERVAL, burst)
    }

    fn one_an_hour() -> Self {
        Self::new(HOUR, 1)
    }

    fn check(&self) -> bool {
        let one_less = |leased: u64| leased.checked_sub(1);
        if LEASED > 1 && self.leased.fetch_update(Relaxed, Relaxed, one_less).is_ok() {
            return true;
        }
        let answer = Arc::new(Mailbox::default());
        self.inbox.send(Letter::Ask(Arc::clone(&answer)));
        let taken = answer.receive();
        if taken > 1 {
            self.leased.fetch_add(taken - 1, Relaxed);
        }
        taken > 0
    }
}

/// The clerk: the only one who knows the bucket, so it needs no lock around it.
fn serve<const COUNT: bool, const LEASED: u64, const SPIN: u32>(
    inbox: &Mailbox<Letter<COUNT, SPIN>, COUNT, SPIN>,
    mut bucket: Slots,
) {
    while let Letter::Ask(answer) = inbox.receive() {
        answer.send(take_some::<_, LEASED>(&mut bucket, Instant::now()));
    }
}

impl<const COUNT: bool, const LEASED: u64, const SPIN: u32> Drop
    for ChannelLadder<COUNT, LEASED, SPIN>
{
    fn drop(&mut self) {
        self.inbox.send(Letter::GoHome);
        if let Some(clerk) = self.clerk.take() {
            clerk.join().expect("the clerk does not panic");
        }
    }
}
