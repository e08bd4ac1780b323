//! A log whose callers commit for each other: who has to wait and finds the disk free takes all that
//! was appended so far, and writes and syncs it with the lock released. Who comes meanwhile waits in
//! line for the next commit, and one of them makes it. There is no thread; dropping the log commits
//! what is left.
//!
//! Take along: `lock.rs`, `checksum.rs`, `disk.rs`, `error.rs`, `format.rs`, `group.rs`, `record.rs`,
//! `recover.rs`, `segment.rs`, `sync.rs`.

use std::fmt;
use std::mem;
use std::path::Path;
use std::time::Duration;

use super::error::{AppendError, Failed, OpenError, ReleaseError, TryAppendError, WaitError};
use super::group::Group;
use super::record::{Counts, Entry, Options, Record, Recovery};
use super::recover;
use super::segment::{Writer, caught};
use super::sync::{Arc, Condvar, Instant, Mutex, MutexGuard};

/// A log on the disk.
pub struct Wal {
    shared: Arc<Shared>,
}

/// Tells when what was appended is safe. Dropping it changes nothing: the records are in line.
#[must_use = "until `wait` returns, the records may be lost"]
pub struct Ticket {
    shared: Arc<Shared>,
    /// The sequence of the last record.
    last: u64,
}

struct Shared {
    max_record: usize,
    room: usize,
    state: Mutex<State>,
    /// The turns of the writer are numbered. Who waits for the end of turn n waits at `lines[n % 2]`,
    /// so that the end of a turn wakes those it served, and one of the others to take the next.
    lines: [Condvar; 2],
    /// The group became smaller, or nobody writes.
    has_room: Condvar,
}

struct State {
    stage: Stage,
    /// What the next commit writes.
    group: Group,
    /// How many appends are in the group, at most `room`.
    appends: usize,
    /// The sequence of the next record.
    next: u64,
    /// `None` while somebody has taken it, and after the end.
    writer: Option<Box<Writer>>,
    /// How many turns of the writer have ended.
    turns: usize,
    /// The last record that the turn under way makes safe.
    committing: u64,
    counts: Counts,
    /// An empty group, for its memory.
    spare: Group,
}

enum Stage {
    Open,
    /// No more is taken; what was taken is committed.
    Closed,
    /// All is committed and the files are closed.
    Over,
    Failed(Failed),
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
        let state = State {
            stage: Stage::Open,
            group: Group::default(),
            appends: 0,
            next: writer.next,
            counts: writer.counts,
            committing: writer.counts.durable,
            writer: Some(Box::new(writer)),
            turns: 0,
            spare: Group::default(),
        };
        let shared = Shared {
            max_record: options.max_record,
            room: options.room,
            state: Mutex::new(state),
            lines: [Condvar::new(), Condvar::new()],
            has_room: Condvar::new(),
        };
        Ok((Self { shared: Arc::new(shared) }, recovery))
    }

    /// Appends records, which become neighbours in the log. Waits while too many appends wait for the
    /// disk. The ticket of no records is that of all before it.
    ///
    /// # Errors
    ///
    /// When a record is too long, and when the log is closed or has failed.
    pub fn append(&self, records: &[Record<'_>]) -> Result<Ticket, AppendError> {
        let group = Group::of(records, self.shared.max_record)?;
        let mut state = self.shared.state.lock();
        loop {
            state.check_open()?;
            if state.appends < self.shared.room {
                return Ok(self.shared.take_in(&mut state, &group));
            }
            if state.writer.is_some() {
                // How it ended is in the state.
                let _ = self.shared.commit(&mut state);
            } else {
                self.shared.has_room.wait(&mut state);
            }
        }
    }

    /// Appends records that nobody waits for: they become safe with the next that somebody waits for,
    /// and at the end.
    ///
    /// # Errors
    ///
    /// As [`Wal::append`].
    pub fn append_lazy(&self, records: &[Record<'_>]) -> Result<(), AppendError> {
        self.append(records).map(drop)
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
        let group = Group::of(records, self.shared.max_record)?;
        let mut state = self.shared.state.lock();
        state.check_open()?;
        if state.appends >= self.shared.room {
            return Err(TryAppendError::Full);
        }
        Ok(self.shared.take_in(&mut state, &group))
    }

    /// Removes the segments all of whose records are before this sequence, and says how many. The last
    /// carried record of each kind stays.
    ///
    /// # Errors
    ///
    /// When the log is closed or has failed.
    pub fn release(&self, before: u64) -> Result<usize, ReleaseError> {
        let mut state = self.shared.state.lock();
        loop {
            state.check_open().map_err(|error| match error {
                AppendError::Failed(failed) => ReleaseError::Failed(failed),
                _ => ReleaseError::Closed,
            })?;
            if state.writer.is_some() {
                return Ok(self.shared.turn(&mut state, |writer| writer.release(before))?);
            }
            self.shared.line_after(&state).wait(&mut state);
        }
    }

    /// Takes no more records; what was taken is still committed.
    pub fn close(&self) {
        self.shared.state.lock().close();
        self.shared.has_room.notify_all();
    }

    /// Closes the log, commits what is left and lets go of the folder.
    ///
    /// # Errors
    ///
    /// When the log fails or has failed.
    pub fn shutdown(self) -> Result<(), Failed> {
        self.shared.end()
    }

    /// The sequence of the last record that is safe.
    pub fn durable(&self) -> u64 {
        self.counts().durable
    }

    /// What it did since it was opened.
    pub fn counts(&self) -> Counts {
        self.shared.state.lock().counts
    }

    /// Whether it takes no more records.
    pub fn is_closed(&self) -> bool {
        !matches!(self.shared.state.lock().stage, Stage::Open)
    }
}

impl Ticket {
    /// Waits until the records are safe, and commits them if nobody else does; returns the sequence of
    /// the last.
    ///
    /// # Errors
    ///
    /// When the log has failed.
    pub fn wait(self) -> Result<u64, Failed> {
        self.shared.wait(self.last, None).map(|_| self.last)
    }

    /// As [`Ticket::wait`], but waits for others no longer than `timeout`. Who commits for them ends that
    /// first, which takes as long as the disk takes.
    ///
    /// # Errors
    ///
    /// When the time is up, and when the log has failed.
    pub fn wait_timeout(self, timeout: Duration) -> Result<u64, WaitError<Self>> {
        let deadline = Instant::now().checked_add(timeout);
        match self.shared.wait(self.last, deadline) {
            Ok(true) => Ok(self.last),
            Ok(false) => Err(WaitError::TimedOut(self)),
            Err(failed) => Err(failed.into()),
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
        f.debug_struct("Ticket").field("last", &self.last).finish_non_exhaustive()
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        // Nobody is left to be told; whoever waits was.
        let _ = self.shared.end();
    }
}

impl State {
    fn check_open(&self) -> Result<(), AppendError> {
        match &self.stage {
            Stage::Open => Ok(()),
            Stage::Closed | Stage::Over => Err(AppendError::Closed),
            Stage::Failed(failed) => Err(failed.clone().into()),
        }
    }

    fn close(&mut self) {
        if matches!(self.stage, Stage::Open) {
            self.stage = Stage::Closed;
        }
    }
}

impl Shared {
    fn take_in(self: &Arc<Self>, state: &mut State, group: &Group) -> Ticket {
        state.group.add(group);
        state.appends += usize::from(group.records() > 0);
        state.next += group.records();
        Ticket { shared: Arc::clone(self), last: state.next - 1 }
    }

    // ANCHOR: wait
    /// Waits until all records up to `last` are safe; whether they are.
    fn wait(&self, last: u64, deadline: Option<Instant>) -> Result<bool, Failed> {
        let (mut state, mut is_late) = (self.state.lock(), false);
        loop {
            if state.counts.durable >= last {
                return Ok(true);
            }
            if let Stage::Failed(failed) = &state.stage {
                return Err(failed.clone());
            }
            // Before the time is looked at: who was woken to commit must do so, for others wait.
            if state.writer.is_some() {
                self.commit(&mut state)?;
                continue;
            }
            if is_late {
                return Ok(false);
            }
            let served = last <= state.committing;
            let line = &self.lines[(state.turns + usize::from(!served)) % 2];
            match deadline {
                Some(end) => is_late = line.wait_until(&mut state, end).timed_out(),
                None => line.wait(&mut state),
            }
        }
    }
    // ANCHOR_END: wait

    // ANCHOR: commit
    /// Commits what was taken in so far. Nobody else has the writer.
    fn commit(&self, state: &mut MutexGuard<'_, State>) -> Result<(), Failed> {
        let spare = mem::take(&mut state.spare);
        let mut group = mem::replace(&mut state.group, spare);
        (state.appends, state.committing) = (0, state.next - 1);
        self.has_room.notify_all();
        self.turn(state, |writer| writer.commit(&group))?;
        group.clear();
        state.spare = group;
        Ok(())
    }

    /// Does something with the writer, with the lock released.
    fn turn<R>(
        &self,
        state: &mut MutexGuard<'_, State>,
        job: impl FnOnce(&mut Writer) -> Result<R, Failed>,
    ) -> Result<R, Failed> {
        let mut writer = state.writer.take().expect("the caller has looked, under the lock");
        let result = MutexGuard::unlocked(state, || caught(|| job(&mut writer)));
        match &result {
            Ok(_) => {
                state.counts = writer.counts;
                state.writer = Some(writer);
            }
            Err(failed) => state.stage = Stage::Failed(failed.clone()),
        }
        let served = &self.lines[state.turns % 2];
        state.turns += 1;
        // One of those who wait takes the next turn; after a failure all must go. First, so that the
        // disk does not wait until all who were served are awake.
        for line in [&self.lines[state.turns % 2], &self.has_room] {
            let _ = if result.is_ok() { line.notify_one().into() } else { line.notify_all() };
        }
        served.notify_all();
        result
    }
    // ANCHOR_END: commit

    /// Where to wait for the end of the turn after the one under way, or for one's own.
    fn line_after(&self, state: &State) -> &Condvar {
        &self.lines[(state.turns + 1) % 2]
    }

    fn end(&self) -> Result<(), Failed> {
        let mut state = self.state.lock();
        state.close();
        self.has_room.notify_all();
        loop {
            match &state.stage {
                Stage::Over => return Ok(()),
                Stage::Failed(failed) => return Err(failed.clone()),
                _ if state.writer.is_none() => self.line_after(&state).wait(&mut state),
                _ => {
                    self.commit(&mut state)?;
                    self.turn(&mut state, Writer::seal)?;
                    (state.writer, state.stage) = (None, Stage::Over);
                }
            }
        }
    }
}
