//! The thread behind the channel variant. It alone knows the hubs and their subscribers, and takes one
//! message at a time.

use std::collections::HashMap;

use super::offer::Offer;
use super::room::{Joined, Room};
use super::sync::{Arc, Receiver, SPINS, SyncSender, sync_channel};
use super::terms::{Counts, Slow, Start};

/// For which hub a message is, and what it asks.
pub(crate) struct Letter<T> {
    pub(crate) room: u64,
    pub(crate) ask: Ask<T>,
}

/// What handles and subscribers ask. Whoever wants an answer stays for it.
pub(crate) enum Ask<T> {
    /// One more hub. The answer is its number.
    Found { capacity: usize, answer: SyncSender<u64> },
    /// Publishes what is offered. The answer is in the offer.
    Publish { offer: Arc<Offer<T>>, waits: bool },
    /// A publisher took its message back.
    GaveUp,
    /// A subscriber comes; no answer when closed.
    Join { slow: Slow, start: Start, answer: SyncSender<Joined<T>> },
    /// A subscriber that was full has room again.
    MadeRoom { client: u64 },
    /// A subscriber goes.
    Leave { client: u64 },
    /// Evicts those who make publishers wait.
    EvictSlow { answer: SyncSender<usize> },
    /// How things stand, and whether it is closed.
    Count { answer: SyncSender<(Counts, bool)> },
    /// Takes nothing more.
    Close,
    /// No handle is left.
    Forget,
}

/// Where letters about one hub go.
pub(crate) struct Address<T> {
    /// Bounded: a sender waits if the desk is [`INBOX`](super::sync::INBOX) letters behind. The desk itself waits for
    /// nothing but this inbox, so that wait is short.
    pub(crate) inbox: SyncSender<Letter<T>>,
    pub(crate) room: u64,
}

impl<T> Address<T> {
    /// Asks a question and waits for its answer; `None` if the desk gives none. Also tasks wait
    /// here, as they would for a mutex.
    pub(crate) fn ask<A>(&self, question: impl FnOnce(SyncSender<A>) -> Ask<T>) -> Option<A> {
        let (sender, answer) = sync_channel(1);
        self.tell(question(sender));
        receive(&answer)
    }

    pub(crate) fn tell(&self, ask: Ask<T>) {
        let letter = Letter { room: self.room, ask };
        let sent = self.inbox.send(letter);
        assert!(sent.is_ok(), "the desk stays as long as there is who could ask");
    }

    pub(crate) fn count(&self) -> (Counts, bool) {
        self.ask(|answer| Ask::Count { answer }).expect("the desk always answers this")
    }

    /// The desk finds out by itself, too; this keeps its books short.
    pub(crate) fn gave_up(&self) {
        let _ = self.inbox.try_send(Letter { room: self.room, ask: Ask::GaveUp });
    }
}

impl<T> Clone for Address<T> {
    fn clone(&self) -> Self {
        Self { inbox: self.inbox.clone(), room: self.room }
    }
}

/// The owner of everything.
pub(crate) struct Desk<T> {
    inbox: Receiver<Letter<T>>,
    rooms: HashMap<u64, Room<T>>,
    founded: u64,
}

impl<T> Desk<T> {
    /// A desk with one hub, number 0.
    pub(crate) fn new(inbox: Receiver<Letter<T>>, capacity: usize) -> Self {
        Self { inbox, rooms: HashMap::from([(0, Room::new(capacity))]), founded: 0 }
    }

    /// Works until nobody is left who could ask.
    pub(crate) fn run(mut self) {
        while let Some(letter) = receive(&self.inbox) {
            self.handle(letter);
        }
    }

    fn handle(&mut self, letter: Letter<T>) {
        let Letter { room: number, ask } = letter;
        if let Ask::Found { capacity, answer } = ask {
            self.founded += 1;
            self.rooms.insert(self.founded, Room::new(capacity));
            let _ = answer.send(self.founded);
            return;
        }
        let room = self.rooms.get_mut(&number).expect("a hub stays while there is who could ask");
        answer(room, ask);
        if room.forgotten && room.is_empty() {
            self.rooms.remove(&number);
        }
    }
}

fn answer<T>(room: &mut Room<T>, ask: Ask<T>) {
    match ask {
        Ask::Found { .. } => unreachable!("answered by the desk itself"),
        Ask::Publish { offer, waits } => room.offer(offer, waits),
        Ask::GaveUp => room.gave_up(),
        Ask::Join { slow, start, answer } => {
            if let Some(joined) = room.join(slow, start) {
                let _ = answer.send(joined);
            }
        }
        Ask::MadeRoom { client } => room.made_room(client),
        Ask::Leave { client } => room.leave(client),
        Ask::EvictSlow { answer } => drop(answer.send(room.evict_slow())),
        Ask::Count { answer } => drop(answer.send((room.counts(), room.is_closed()))),
        Ask::Close => room.close(),
        Ask::Forget => {
            room.close();
            room.forgotten = true;
        }
    }
}

/// Waits for what comes; `None` when nothing will. Looks for a while before it sleeps, because to be
/// woken costs more than most of what is waited for.
fn receive<A>(from: &Receiver<A>) -> Option<A> {
    for _ in 0..SPINS {
        if let Ok(letter) = from.try_recv() {
            return Some(letter);
        }
        std::hint::spin_loop();
    }
    from.recv().ok()
}
