//! Both variants, with two participants in the same process.

use std::sync::Arc;
use std::time::Duration;

use two_phase_commit::embedded::Embedded;
use two_phase_commit::here::Here;
use two_phase_commit::log::Opened;
use two_phase_commit::participant::Participant;
use two_phase_commit::{CommitError, Counts, Options, Tx, Work, channel, lock};

use super::accounts::{Accounts, PLENTY, part};
use super::book::Book;
use super::contender::{Contender, Did, Scene};
use super::folders::Folders;

/// What a bench needs of a coordinator.
pub(crate) trait Coordinates: Sync + Sized {
    fn open(log: Opened<Book>, link: Here) -> Self;
    fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError>;
    fn settled(&self, patience: Duration) -> bool;
    fn counts(&self) -> Counts;
}

macro_rules! coordinates {
    ($variant:ident) => {
        impl Coordinates for $variant::Coordinator {
            fn open(log: Opened<Book>, link: Here) -> Self {
                Self::open(&Options::new(COORDINATOR), log, link).expect("a new log")
            }

            fn commit(&self, work: Work, patience: Duration) -> Result<Tx, CommitError> {
                self.commit(work, patience)
            }

            fn settled(&self, patience: Duration) -> bool {
                self.settled(patience)
            }

            fn counts(&self) -> Counts {
                self.counts()
            }
        }
    };
}
coordinates!(channel);
coordinates!(lock);

type Store = Arc<Participant<Embedded<Accounts, Book>>>;

/// A coordinator and two stores.
pub(crate) struct Bank<C> {
    coordinator: C,
    stores: [Store; 2],
    books: [Book; 3],
    accounts: usize,
    /// Dropped after those who write there.
    _folders: Folders,
}

const COORDINATOR: u64 = 9;
const FROM: u64 = 1;
const TO: u64 = 2;

/// A thread of each participant takes so many requests at once to its disk.
const AT_ONCE: usize = 4_096;

/// Nobody is ever late.
const PATIENCE: Duration = Duration::from_mins(1);

impl<C: Coordinates> Contender for Bank<C> {
    fn start(scene: Scene, clients: usize) -> Self {
        let folders = Folders::new();
        let [(one, from), (other, to), (book, log)] =
            [FROM, TO, COORDINATOR].map(|name| Book::open(scene, &folders, name));
        let store = |id, book| {
            let store = Embedded::open(book, Accounts::new(clients)).expect("a new log");
            Arc::new(Participant::open(id, store).expect("a new store"))
        };
        let stores = [store(FROM, from), store(TO, to)];
        let with = |here: Here, store: &Store| here.with_many(store.id(), store, 1, AT_ONCE);
        let here = stores.iter().fold(Here::new(), with);
        let coordinator = C::open(log, here);
        let books = [one, other, book];
        Self { coordinator, stores, books, accounts: clients, _folders: folders }
    }

    fn transfer(&self, client: usize) {
        let work = vec![(FROM, part(client, -1)), (TO, part(client, 1))];
        self.coordinator.commit(work, PATIENCE).expect("nobody says no");
    }

    fn settle(&self) {
        assert!(self.coordinator.settled(PATIENCE), "all is done at last");
    }

    fn check(&self, transfers: u64) {
        let totals = self.stores.each_ref().map(|it| it.store().read(Accounts::total));
        let (at_first, moved) =
            ((self.accounts as u64).cast_signed() * PLENTY, transfers.cast_signed());
        assert_eq!(totals, [Some(at_first - moved), Some(at_first + moved)], "nothing is lost");
    }

    fn did(&self) -> Did {
        let Counts { sent, heard, .. } = self.coordinator.counts();
        let mut did = Did { messages: sent + heard, ..Did::default() };
        for book in &self.books {
            let (syncs, syncing) = book.syncs();
            did.forced += book.forced();
            did.syncs += syncs;
            did.syncing += syncing;
        }
        did
    }
}
