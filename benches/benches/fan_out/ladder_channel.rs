//! The ladder of the message-passing structure: a mailbox that tasks write to and the caller reads.
//! The levers are those of [`crate::ladder`].

use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::contender::{Gather, Said, plain};
use crate::ladder::{Letter, spawn_batches};
use crate::slots::Slots;
use crate::work::turn;

pub(crate) type Naive = ChannelLadder<false, 1, 0>;
pub(crate) type Sleepers = ChannelLadder<true, 1, 0>;
pub(crate) type Batch = ChannelLadder<true, 64, 0>;
pub(crate) type Spin = ChannelLadder<true, 64, 100>;

pub(crate) struct ChannelLadder<const ONCE: bool, const BATCH: u64, const LOOKS: u32>;

/// A queue with one reader. Every item sends once, so the number of items bounds it.
#[derive(Default)]
struct Mailbox {
    letters: Vec<Letter>,
    /// Of the reader, if it sleeps; with all levers off whether it sleeps or not.
    reader: Option<Waker>,
}

impl<const ONCE: bool, const BATCH: u64, const LOOKS: u32> ChannelLadder<ONCE, BATCH, LOOKS> {
    /// Sends results and wakes the reader.
    fn send(mailbox: &Mutex<Mailbox>, letters: &mut dyn Iterator<Item = Letter>) {
        let mut mailbox = mailbox.lock().unwrap();
        mailbox.letters.extend(letters);
        let reader = if ONCE { mailbox.reader.take() } else { mailbox.reader.clone() };
        drop(mailbox);
        reader.into_iter().for_each(Waker::wake);
    }

    /// All letters that are there; with all levers off one of them.
    async fn receive(mailbox: &Mutex<Mailbox>) -> Vec<Letter> {
        for _ in 0..LOOKS {
            if !mailbox.lock().unwrap().letters.is_empty() {
                break;
            }
            turn().await;
        }
        poll_fn(|context| {
            let mut mailbox = mailbox.lock().unwrap();
            if mailbox.letters.is_empty() {
                mailbox.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(if ONCE {
                mem::take(&mut mailbox.letters)
            } else {
                mailbox.letters.pop().into_iter().collect()
            })
        })
        .await
    }
}

impl<const ONCE: bool, const BATCH: u64, const LOOKS: u32> Gather
    for ChannelLadder<ONCE, BATCH, LOOKS>
{
    type Said = Vec<Said>;

    async fn gather<W, F>(items: u64, _limit: usize, work: W) -> Vec<Said>
    where
        W: Fn(u64) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Said> + Send + 'static,
    {
        let mailbox = Arc::new(Mutex::new(Mailbox::default()));
        let shared = Arc::clone(&mailbox);
        spawn_batches(items, BATCH, work, move |letters| Self::send(&shared, letters));
        let mut slots = Slots::new(items);
        let mut left = items as usize;
        while left > 0 {
            let letters = Self::receive(&mailbox).await;
            left -= letters.len();
            for (item, said) in letters {
                slots.fill(item, said);
            }
        }
        slots.all()
    }

    fn values(said: Vec<Said>) -> Vec<u64> {
        plain(said)
    }
}
