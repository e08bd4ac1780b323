//! One hub as the desk sees it: its subscribers, what it keeps, and the publishers that wait. No
//! locks, for the desk is one thread; and no waiting, for it has other hubs to serve.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::mailbox::{End, Mailbox, Message, Put};
use super::offer::{Offer, Refused};
use super::quiet::Quiet;
use super::sync::Arc;
use super::terms::{Counts, Slow, Start};

pub(crate) struct Room<T> {
    capacity: usize,
    /// The subscribers, in the order they joined. In here means neither left nor evicted, and whoever takes one out counts it:
    /// so each goes once.
    clients: BTreeMap<u64, Arc<Mailbox<T>>>,
    /// Those of them that are waited for.
    full: BTreeSet<u64>,
    /// The last messages, for those who join late.
    kept: VecDeque<Message<T>>,
    /// Publishers in the order they came. Not empty only while `full` is not.
    line: VecDeque<Arc<Offer<T>>>,
    /// How many in `line` gave up, about. They are swept out when they are the majority.
    gone: usize,
    counts: Counts,
    closed: bool,
    /// No handle is left.
    pub(crate) forgotten: bool,
}

/// What a subscriber needs.
pub(crate) struct Joined<T> {
    pub(crate) client: u64,
    pub(crate) mailbox: Arc<Mailbox<T>>,
    /// How many messages are behind it.
    pub(crate) passed: u64,
}

impl<T> Room<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            clients: BTreeMap::new(),
            full: BTreeSet::new(),
            kept: VecDeque::new(),
            line: VecDeque::new(),
            gone: 0,
            counts: Counts::default(),
            closed: false,
            forgotten: false,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// A new subscriber, or `None` when closed.
    pub(crate) fn join(&mut self, slow: Slow, start: Start) -> Option<Joined<T>> {
        if self.closed {
            return None;
        }
        let published = self.counts.published;
        let gone = published - self.kept.len() as u64;
        let passed = start.position(published, gone);
        let missed = gone.saturating_sub(passed);
        let old = self.kept.range((passed.max(gone) - gone) as usize..).cloned().collect();
        let mailbox = Arc::new(Mailbox::new(slow, self.capacity, old, missed));
        self.counts.joined += 1;
        self.counts.lagged += missed;
        let client = self.counts.joined;
        if mailbox.is_in_the_way() {
            self.full.insert(client);
        }
        self.clients.insert(client, Arc::clone(&mailbox));
        Some(Joined { client, mailbox, passed })
    }

    /// A subscriber leaves. If it was evicted, it left then.
    pub(crate) fn leave(&mut self, client: u64) {
        if self.clients.remove(&client).is_some() {
            self.counts.left += 1;
        }
        self.made_room(client);
    }

    /// A message, from a publisher who waits if it must, or does not.
    pub(crate) fn offer(&mut self, offer: Arc<Offer<T>>, waits: bool) {
        if self.closed {
            offer.refuse(Refused::Closed);
        } else if self.full.is_empty() {
            self.publish(&offer);
        } else if waits {
            self.line.push_back(offer);
        } else {
            offer.refuse(Refused::Full);
        }
    }

    // ANCHOR: publish
    /// Publishes a message: into every mailbox, and to what is kept. Nobody is waited for now.
    fn publish(&mut self, offer: &Offer<T>) {
        let Some(value) = offer.take() else { return };
        let message = Arc::new(Quiet::new(value));
        self.counts.published += 1;
        let Self { clients, full, counts, .. } = self;
        clients.retain(|client, mailbox| {
            match mailbox.put(Arc::clone(&message)) {
                Put::Delivered => {}
                Put::Filled => drop(full.insert(*client)),
                Put::Dropped => counts.lagged += 1,
                Put::Evicted => {
                    counts.evicted += 1;
                    return false;
                }
            }
            true
        });
        if self.kept.len() == self.capacity {
            self.kept.pop_front();
        }
        self.kept.push_back(message);
        offer.publish(self.counts.published);
    }
    // ANCHOR_END: publish

    /// A subscriber is no longer waited for.
    pub(crate) fn made_room(&mut self, client: u64) {
        self.full.remove(&client);
        self.go_on();
    }

    /// Publishes for those in line, while there is nobody to wait for.
    fn go_on(&mut self) {
        while self.full.is_empty()
            && let Some(offer) = self.line.pop_front()
        {
            self.publish(&offer);
        }
    }

    /// A publisher gave up.
    pub(crate) fn gave_up(&mut self) {
        self.gone += 1;
        if self.gone * 2 > self.line.len() {
            self.line.retain(|offer| offer.is_open());
            self.gone = 0;
        }
    }

    /// Evicts those who are waited for. Who has made room meanwhile stays, and will be heard.
    pub(crate) fn evict_slow(&mut self) -> usize {
        let Self { full, clients, .. } = self;
        let before = clients.len();
        full.retain(|client| {
            let in_the_way = clients.get(client).filter(|mailbox| mailbox.is_in_the_way());
            let Some(mailbox) = in_the_way else { return true };
            mailbox.end(End::Evicted);
            clients.remove(client);
            false
        });
        let evicted = before - clients.len();
        self.counts.evicted += evicted as u64;
        self.go_on();
        evicted
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
        for mailbox in self.clients.values() {
            mailbox.end(End::Closed);
        }
        while let Some(offer) = self.line.pop_front() {
            offer.refuse(Refused::Closed);
        }
    }
}
