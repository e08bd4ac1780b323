//! Those who wait for a `sharded` lock: first awake, for a moment, then asleep.

use super::sync::{
    AtomicBool, AtomicUsize, Condvar, Instant, LOOKS, Mutex, MutexGuard, Ordering, pause, sleep,
};

/// Who waits in line. They are let in by others, who count them in first, so nobody comes between.
#[derive(Debug)]
pub(crate) struct Line {
    books: Mutex<Books>,
    /// How many batches of readers were let in; who waits for the next sees this change.
    batch: AtomicUsize,
    /// One of the writers in line is let in, whoever takes this first: it is inside already.
    called: AtomicBool,
    /// Readers in line sleep here.
    readers: Condvar,
    /// Writers in line sleep here.
    writers: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) readers: Waiting,
    pub(crate) writers: Waiting,
}

#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Not let in yet.
    pub(crate) here: usize,
    /// Asleep, and perhaps let in.
    asleep: usize,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            books: Mutex::new(Books::default()),
            batch: AtomicUsize::new(0),
            called: AtomicBool::new(false),
            readers: Condvar::new(),
            writers: Condvar::new(),
        }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nothing panics under this mutex")
    }

    /// Waits until the batch is let in. Late, it has left the line: with the books.
    pub(crate) fn wait_as_reader<'a>(
        &'a self,
        books: MutexGuard<'a, Books>,
        until: Option<Instant>,
    ) -> Result<(), MutexGuard<'a, Books>> {
        let batch = self.batch.load(Ordering::Relaxed);
        // Acquire pairs with the Release of `let_readers_in`.
        let let_in = || self.batch.load(Ordering::Acquire) != batch;
        self.wait(books, |books| &mut books.readers, &self.readers, until, let_in)
    }

    /// Waits until a writer is let in and nobody else says it is the one. Late, it has left the line:
    /// with the books.
    pub(crate) fn wait_as_writer<'a>(
        &'a self,
        books: MutexGuard<'a, Books>,
        until: Option<Instant>,
    ) -> Result<(), MutexGuard<'a, Books>> {
        // Acquire pairs with the Release of `call_writer`.
        let let_in =
            || self.called.load(Ordering::Relaxed) && self.called.swap(false, Ordering::Acquire);
        self.wait(books, |books| &mut books.writers, &self.writers, until, let_in)
    }

    fn wait<'a>(
        &'a self,
        mut books: MutexGuard<'a, Books>,
        kind: fn(&mut Books) -> &mut Waiting,
        bed: &Condvar,
        until: Option<Instant>,
        let_in: impl Fn() -> bool,
    ) -> Result<(), MutexGuard<'a, Books>> {
        kind(&mut books).here += 1;
        drop(books);
        for look in 0..LOOKS {
            if let_in() {
                return Ok(());
            }
            pause(look);
        }
        let mut books = self.books();
        let mut late = false;
        while !let_in() {
            if late {
                kind(&mut books).here -= 1;
                return Err(books);
            }
            kind(&mut books).asleep += 1;
            (books, late) = sleep(bed, books, until);
            kind(&mut books).asleep -= 1;
        }
        Ok(())
    }

    /// Lets all readers go who are in line. They are counted in already.
    pub(crate) fn let_readers_in(&self, mut books: MutexGuard<'_, Books>) {
        books.readers.here = 0;
        self.batch.fetch_add(1, Ordering::Release);
        let asleep = books.readers.asleep > 0;
        drop(books);
        if asleep {
            self.readers.notify_all();
        }
    }

    /// Lets one writer go who is in line. It is inside already. One that is awake will see it.
    pub(crate) fn call_writer(&self, mut books: MutexGuard<'_, Books>) {
        let all_asleep = books.writers.asleep == books.writers.here;
        books.writers.here -= 1;
        self.called.store(true, Ordering::Release);
        drop(books);
        if all_asleep {
            self.writers.notify_one();
        }
    }
}

impl Books {
    pub(crate) fn is_empty(&self) -> bool {
        self.readers.here + self.writers.here == 0
    }
}
