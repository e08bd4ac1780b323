//! A log with a thread that owns the files. Callers send it their records; it takes all that has come,
//! writes and syncs them together, and answers each caller. Dropping the log has it commit what is
//! left, and waits for its end.
//!
//! Take along: `channel.rs`, `checksum.rs`, `disk.rs`, `error.rs`, `format.rs`, `group.rs`, `record.rs`,
//! `recover.rs`, `segment.rs`, `sync.rs`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::error::{AppendError, Failed, OpenError, ReleaseError, TryAppendError, WaitError};
use super::group::Group;
use super::record::{Counts, Entry, Options, Record, Recovery};
use super::recover;
use super::segment::{Writer, caught};
use super::sync::{
    Arc, AtomicU64, AtomicUsize, GROUP, JoinHandle, OnceLock, Ordering::SeqCst, Receiver,
    RecvTimeoutError, Sender, TrySendError, bounded, thread,
};

/// A log on the disk.
pub struct Wal {
    inbox: Sender<Request>,
    shared: Arc<Shared>,
    max_record: usize,
    thread: Option<JoinHandle<()>>,
}

/// Tells when what was appended is safe. Dropping it changes nothing: the records are in line.
#[must_use = "until `wait` returns, the records may be lost"]
pub struct Ticket {
    /// Comes once.
    answer: Receiver<Answer<u64>>,
}

type Answer<T> = Result<T, Failed>;

enum Request {
    Append(Group, Option<Sender<Answer<u64>>>),
    Release(u64, Sender<Answer<usize>>),
    /// Nobody is past the gate any more, which the thread may not have seen when it went to sleep.
    LookAgain,
}

/// What callers may look at without asking.
#[derive(Default)]
struct Shared {
    /// How many callers are on their way to send, and [`CLOSED`]. Once it is `CLOSED` alone, nothing
    /// more will come.
    gate: AtomicUsize,
    /// The thread's last words. Set before the gate is closed for it.
    failed: OnceLock<Failed>,
    durable: AtomicU64,
    syncs: AtomicU64,
    /// In nanoseconds.
    syncing: AtomicU64,
}

const CLOSED: usize = 1 << (usize::BITS - 1);

/// A caller who may send.
struct Pass<'a>(&'a Shared);

/// The thread's own.
struct Owner {
    inbox: Receiver<Request>,
    shared: Arc<Shared>,
    /// `None` after a failure.
    writer: Option<Box<Writer>>,
    /// What is to be committed next.
    group: Group,
    /// Who is to be told of it, and the sequence of their last record.
    waiting: Vec<(u64, Sender<Answer<u64>>)>,
    /// The sequence of the next record.
    next: u64,
}

impl Wal {
    /// Opens a log, or makes one, and hands all its records to `replay`, in order. Forget what
    /// `replay` was given if this fails in the end.
    ///
    /// # Errors
    ///
    /// When the folder is in use, holds another log or a later version, when what was safe is
    /// damaged, and when the system refuses something.
    pub fn open(
        folder: impl AsRef<Path>,
        options: &Options,
        mut replay: impl FnMut(Entry<'_>),
    ) -> Result<(Self, Recovery), OpenError> {
        let (writer, recovery) = recover::open(folder.as_ref(), options, &mut replay)?;
        let (inbox, requests) = bounded(options.room);
        let shared = Arc::new(Shared::default());
        shared.publish(&writer.counts);
        let owner = Owner {
            inbox: requests,
            shared: Arc::clone(&shared),
            next: writer.next,
            writer: Some(Box::new(writer)),
            group: Group::default(),
            waiting: Vec::new(),
        };
        let thread = Some(thread::spawn(move || owner.run()));
        Ok((Self { inbox, shared, max_record: options.max_record, thread }, recovery))
    }

    /// Appends records, which become neighbours in the log. Waits while too many appends wait for the
    /// disk. The ticket of no records is that of all before it.
    ///
    /// # Errors
    ///
    /// When a record is too long, and when the log is closed or has failed.
    pub fn append(&self, records: &[Record<'_>]) -> Result<Ticket, AppendError> {
        let group = Group::of(records, self.max_record)?;
        let _pass = self.enter()?;
        let (reply, answer) = bounded(1);
        self.send(Request::Append(group, Some(reply)))?;
        Ok(Ticket { answer })
    }

    /// Appends records that nobody waits for: they become safe with the next that somebody waits for,
    /// and at the end.
    ///
    /// # Errors
    ///
    /// As [`Wal::append`].
    pub fn append_lazy(&self, records: &[Record<'_>]) -> Result<(), AppendError> {
        let group = Group::of(records, self.max_record)?;
        let _pass = self.enter()?;
        self.send(Request::Append(group, None))
    }

    /// Appends records and waits until they are safe; returns the sequence of the last.
    ///
    /// # Errors
    ///
    /// As [`Wal::append`]. If the log fails meanwhile, the records may be there when it is opened again.
    pub fn force(&self, records: &[Record<'_>]) -> Result<u64, AppendError> {
        Ok(self.append(records)?.wait()?)
    }

    /// As [`Wal::append`], but never waits.
    ///
    /// # Errors
    ///
    /// As [`Wal::append`], and when there is no room now.
    pub fn try_append(&self, records: &[Record<'_>]) -> Result<Ticket, TryAppendError> {
        let group = Group::of(records, self.max_record)?;
        let _pass = self.enter()?;
        let (reply, answer) = bounded(1);
        match self.inbox.try_send(Request::Append(group, Some(reply))) {
            Ok(()) => Ok(Ticket { answer }),
            Err(TrySendError::Full(_)) => Err(TryAppendError::Full),
            Err(TrySendError::Disconnected(_)) => Err(self.shared.refusal().into()),
        }
    }

    /// Removes the segments all of whose records are before this sequence, and says how many. The last
    /// carried record of each kind stays.
    ///
    /// # Errors
    ///
    /// When the log is closed or has failed.
    pub fn release(&self, before: u64) -> Result<usize, ReleaseError> {
        let refused = |error| match error {
            AppendError::Failed(failed) => ReleaseError::Failed(failed),
            _ => ReleaseError::Closed,
        };
        let (reply, answer) = bounded(1);
        {
            let _pass = self.enter().map_err(refused)?;
            self.send(Request::Release(before, reply)).map_err(refused)?;
        }
        Ok(answer.recv().unwrap_or_else(|_| Err(Failed::panicked()))?)
    }

    /// Takes no more records; what was taken is still committed.
    pub fn close(&self) {
        self.shared.gate.fetch_or(CLOSED, SeqCst);
    }

    /// Closes the log, commits what is left and lets go of the folder.
    ///
    /// # Errors
    ///
    /// When the log fails or has failed.
    pub fn shutdown(mut self) -> Result<(), Failed> {
        self.end()
    }

    /// The sequence of the last record that is safe.
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(SeqCst)
    }

    /// What it did since it was opened.
    pub fn counts(&self) -> Counts {
        Counts {
            durable: self.durable(),
            syncs: self.shared.syncs.load(SeqCst),
            syncing: Duration::from_nanos(self.shared.syncing.load(SeqCst)),
        }
    }

    /// Whether it takes no more records.
    pub fn is_closed(&self) -> bool {
        self.shared.gate.load(SeqCst) & CLOSED != 0
    }

    fn enter(&self) -> Result<Pass<'_>, AppendError> {
        let pass = Pass(&self.shared);
        let before = self.shared.gate.fetch_add(1, SeqCst);
        if before & CLOSED == 0 { Ok(pass) } else { Err(self.shared.refusal()) }
    }

    /// Waits for room. The thread is there as long as anybody is past the gate.
    fn send(&self, request: Request) -> Result<(), AppendError> {
        self.inbox.send(request).map_err(|_| self.shared.refusal())
    }

    fn end(&mut self) -> Result<(), Failed> {
        self.close();
        // If there is no room for the word, the thread has reason enough to look.
        let _ = self.inbox.try_send(Request::LookAgain);
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        ended.map_err(|_| Failed::panicked())?;
        self.shared.failed.get().cloned().map_or(Ok(()), Err)
    }
}

impl Ticket {
    /// Waits until the records are safe; returns the sequence of the last.
    ///
    /// # Errors
    ///
    /// When the log has failed.
    pub fn wait(self) -> Result<u64, Failed> {
        self.answer.recv().unwrap_or_else(|_| Err(Failed::panicked()))
    }

    /// As [`Ticket::wait`], but for no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// When the time is up, and when the log has failed.
    pub fn wait_timeout(self, timeout: Duration) -> Result<u64, WaitError<Self>> {
        match self.answer.recv_timeout(timeout) {
            Ok(answer) => Ok(answer?),
            Err(RecvTimeoutError::Timeout) => Err(WaitError::TimedOut(self)),
            Err(RecvTimeoutError::Disconnected) => Err(Failed::panicked().into()),
        }
    }
}

impl fmt::Debug for Wal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wal").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        // Nobody is left to be told; whoever waits was.
        let _ = self.end();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.gate.fetch_sub(1, SeqCst);
    }
}

impl Shared {
    fn refusal(&self) -> AppendError {
        self.failed.get().cloned().map_or(AppendError::Closed, AppendError::Failed)
    }

    fn publish(&self, counts: &Counts) {
        self.syncs.store(counts.syncs, SeqCst);
        self.syncing.store(counts.syncing.as_nanos() as u64, SeqCst);
        self.durable.store(counts.durable, SeqCst);
    }
}

impl Owner {
    // ANCHOR: run
    fn run(mut self) {
        while let Some(request) = self.next() {
            let mut request = Some(request);
            // All that has come goes to the disk together.
            while let Some(Request::Append(group, reply)) = request {
                self.take_in(&group, reply);
                let has_room = self.group.bytes() < GROUP;
                request = has_room.then(|| self.inbox.try_recv().ok()).flatten();
            }
            // Records that nobody waits for wait for company.
            if !self.waiting.is_empty() || self.group.bytes() >= GROUP {
                self.commit();
            }
            if let Some(Request::Release(before, reply)) = request {
                let _ = reply.try_send(self.attempt(|writer| writer.release(before)));
            }
        }
        self.commit();
        let _ = self.attempt(Writer::seal);
    }
    // ANCHOR_END: run

    /// The next request; `None` when there will be no more.
    fn next(&self) -> Option<Request> {
        if self.shared.gate.load(SeqCst) == CLOSED {
            self.inbox.try_recv().ok()
        } else {
            self.inbox.recv().ok()
        }
    }

    fn take_in(&mut self, group: &Group, reply: Option<Sender<Answer<u64>>>) {
        self.group.add(group);
        self.next += group.records();
        self.waiting.extend(reply.map(|reply| (self.next - 1, reply)));
    }

    fn commit(&mut self) {
        let mut group = std::mem::take(&mut self.group);
        let result = self.attempt(|writer| writer.commit(&group));
        group.clear();
        self.group = group;
        for (last, reply) in self.waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = reply.try_send(result.clone().map(|()| last));
        }
    }

    /// Does something with the writer, which is gone after a failure.
    fn attempt<R>(&mut self, job: impl FnOnce(&mut Writer) -> Answer<R>) -> Answer<R> {
        let Some(writer) = &mut self.writer else {
            return Err(self.shared.failed.get().cloned().unwrap_or_else(Failed::panicked));
        };
        let result = caught(|| job(writer));
        match &result {
            Ok(_) => self.shared.publish(&writer.counts),
            Err(failed) => {
                let _ = self.shared.failed.set(failed.clone());
                self.shared.gate.fetch_or(CLOSED, SeqCst);
                self.writer = None;
            }
        }
        result
    }
}
