//! What lies between two stages of tasks: a bounded channel of batches.
//!
//! A task fills a batch as long as it runs, and hands it over before it yields. So batches cost no
//! time: while a task holds an open one, it is on its way to the next item. Threads cannot have
//! this, because nobody sees when the caller's code blocks.

use std::mem;
use std::sync::Arc;
use std::vec;

use tokio::sync::{Mutex, mpsc};

use super::control::dispose;
use super::hop::Item;

/// The largest batch. More gains little.
const MOST: usize = 64;

/// Items on their way together. An abort may drop it anywhere, and each item is the caller's: one
/// that panics as it drops must not meet another that does.
struct Batch<T> {
    items: Vec<Item<T>>,
}

/// A batch that is being worked off.
struct Hand<T> {
    items: vec::IntoIter<Item<T>>,
}

/// The end that is filled.
pub(crate) struct Output<T> {
    sender: mpsc::Sender<Batch<T>>,
    open: Batch<T>,
    most: usize,
}

/// The end that is emptied.
pub(crate) struct Input<T> {
    receiver: Receiver<T>,
    hand: Hand<T>,
}

enum Receiver<T> {
    Own(mpsc::Receiver<Batch<T>>),
    Shared(Arc<Mutex<mpsc::Receiver<Batch<T>>>>),
}

/// A hop of at most `capacity` items: those in open batches, in the channel and in the hand of the
/// taker together. Where several take, a batch is one item, or it would wait in the hand of one
/// while another is idle.
pub(crate) fn hop<T>(
    capacity: usize,
    givers: usize,
    takers: usize,
) -> (Vec<Output<T>>, Vec<Input<T>>) {
    let ends = givers + 1;
    let most = if takers == 1 { (capacity / (2 * ends)).clamp(1, MOST) } else { 1 };
    let batches = if most == 1 { capacity } else { capacity / most - ends };
    let (sender, receiver) = mpsc::channel(batches);
    let output = |_| Output { sender: sender.clone(), open: Batch { items: Vec::new() }, most };
    let outputs = (0..givers).map(output).collect();
    let input = |receiver| Input { receiver, hand: Hand { items: Vec::new().into_iter() } };
    if takers == 1 {
        return (outputs, vec![input(Receiver::Own(receiver))]);
    }
    let shared = Arc::new(Mutex::new(receiver));
    let inputs = (0..takers).map(|_| input(Receiver::Shared(Arc::clone(&shared))));
    (outputs, inputs.collect())
}

impl<T> Output<T> {
    /// Puts an item into the open batch, and says whether it is full: then it must be handed over.
    /// This is no async function because those cost more than the rest of an item's way.
    #[inline]
    pub(crate) fn put(&mut self, item: Item<T>) -> bool {
        let items = &mut self.open.items;
        if items.capacity() == 0 {
            items.reserve_exact(self.most);
        }
        items.push(item);
        items.len() == self.most
    }

    /// Hands the open batch over, and says whether anybody is there to take it. Called before the
    /// task waits for anything. Whoever hears that nobody is must end: a channel without a reader
    /// never waits, so the task would never yield again, and an abort could not reach it.
    pub(crate) async fn flush(&mut self) -> bool {
        if self.open.items.is_empty() {
            return true;
        }
        let batch = Batch { items: mem::take(&mut self.open.items) };
        self.sender.send(batch).await.is_ok()
    }
}

impl<T> Input<T> {
    /// An item of the batch that was taken last.
    #[inline]
    pub(crate) fn in_hand(&mut self) -> Option<Item<T>> {
        self.hand.items.next()
    }

    /// An item if there is one now.
    pub(crate) fn take_now(&mut self) -> Option<Item<T>> {
        if let Some(item) = self.hand.items.next() {
            return Some(item);
        }
        let batch = match &mut self.receiver {
            Receiver::Own(receiver) => receiver.try_recv(),
            Receiver::Shared(receiver) => receiver.try_lock().ok()?.try_recv(),
        };
        self.hand = batch.ok()?.into_hand();
        self.hand.items.next()
    }

    /// Waits for an item; `None` when there will be no more.
    pub(crate) async fn take(&mut self) -> Option<Item<T>> {
        if let Some(item) = self.hand.items.next() {
            return Some(item);
        }
        let batch = match &mut self.receiver {
            Receiver::Own(receiver) => receiver.recv().await,
            Receiver::Shared(receiver) => receiver.lock().await.recv().await,
        };
        self.hand = batch?.into_hand();
        self.hand.items.next()
    }
}

impl<T> Batch<T> {
    fn into_hand(mut self) -> Hand<T> {
        Hand { items: mem::take(&mut self.items).into_iter() }
    }
}

impl<T> Drop for Batch<T> {
    fn drop(&mut self) {
        self.items.drain(..).for_each(dispose);
    }
}

impl<T> Drop for Hand<T> {
    fn drop(&mut self) {
        self.items.by_ref().for_each(dispose);
    }
}
