//! What `openraft` keeps its log in, and what it drives.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io::Cursor;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::storage::{LogFlushed, RaftLogStorage, RaftStateMachine, Snapshot};
use openraft::{
    BasicNode, Entry, EntryPayload, LogId, LogState, OptionalSend, RaftLogReader,
    RaftSnapshotBuilder, SnapshotMeta, StorageError, StoredMembership, Vote,
};

use wal::Record;
use wal::lock::Wal;

use super::contender::Seen;
use super::tasks::Types;

/// In memory. Its first entry has the index 0, and none ever goes.
#[derive(Clone)]
pub(crate) struct Log {
    inner: Arc<Mutex<Inner>>,
    /// How long a write takes.
    write: Duration,
    /// Where what is written is safe, if it has to be. Nothing is ever read from there.
    disk: Option<Arc<Wal>>,
}

#[derive(Default)]
struct Inner {
    entries: VecDeque<Entry<Types>>,
    vote: Option<Vote<u64>>,
}

impl Log {
    pub(crate) fn new(write: Duration, disk: Option<Arc<Wal>>) -> Self {
        Self { inner: Arc::default(), write, disk }
    }

    /// Says when the bytes are safe, and holds up no other task until then.
    fn force(&self, bytes: &[u8], then: impl FnOnce() + Send + 'static) {
        let Some(disk) = &self.disk else { return then() };
        let ticket = disk.append(&[Record::new(1, bytes)]).expect("the disk is well");
        tokio::task::spawn_blocking(move || {
            ticket.wait().expect("the disk is well");
            then();
        });
    }

    fn with<R>(&self, act: impl FnOnce(&mut Inner) -> R) -> R {
        act(&mut self.inner.lock().expect("nothing panics under this mutex"))
    }
}

type Stored<T> = Result<T, StorageError<u64>>;

impl RaftLogReader<Types> for Log {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Stored<Vec<Entry<Types>>> {
        let first = match range.start_bound() {
            Bound::Included(first) => *first as usize,
            Bound::Excluded(before) => *before as usize + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => *last as usize + 1,
            Bound::Excluded(end) => *end as usize,
            Bound::Unbounded => usize::MAX,
        };
        Ok(self.with(|it| {
            let end = end.min(it.entries.len());
            it.entries.range(first.min(end)..end).cloned().collect()
        }))
    }
}

impl RaftLogStorage<Types> for Log {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Stored<LogState<Types>> {
        let last_log_id = self.with(|it| it.entries.back().map(|entry| entry.log_id));
        Ok(LogState { last_purged_log_id: None, last_log_id })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote<u64>) -> Stored<()> {
        self.with(|it| it.vote = Some(*vote));
        Ok(())
    }

    async fn read_vote(&mut self) -> Stored<Option<Vote<u64>>> {
        Ok(self.with(|it| it.vote))
    }

    async fn append<I>(&mut self, entries: I, callback: LogFlushed<Types>) -> Stored<()>
    where
        I: IntoIterator<Item = Entry<Types>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<_> = entries.into_iter().collect();
        let bytes = bytes(&entries);
        self.with(|it| it.entries.extend(entries));
        if !self.write.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "the disk takes its time")]
            tokio::time::sleep(self.write).await;
        }
        self.force(&bytes, || callback.log_io_completed(Ok(())));
        Ok(())
    }

    async fn truncate(&mut self, from: LogId<u64>) -> Stored<()> {
        self.with(|it| it.entries.truncate(from.index as usize));
        Ok(())
    }

    async fn purge(&mut self, _: LogId<u64>) -> Stored<()> {
        unreachable!("no snapshot is taken")
    }
}

fn bytes(entries: &[Entry<Types>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Entry { log_id, payload } in entries {
        let data: &[u8] =
            if let EntryPayload::Normal(command) = payload { &command.0 } else { &[] };
        let head = [log_id.leader_id.term, log_id.index, data.len() as u64];
        bytes.extend(head.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(data);
    }
    bytes
}

/// The machine, and what openraft wants to be kept beside it.
pub(crate) struct State {
    seen: Seen,
    applied: Option<LogId<u64>>,
    membership: StoredMembership<u64, BasicNode>,
}

impl State {
    pub(crate) fn new(seen: Seen) -> Self {
        Self { seen, applied: None, membership: StoredMembership::default() }
    }
}

/// None is ever taken.
pub(crate) struct NoSnapshot;

impl RaftSnapshotBuilder<Types> for NoSnapshot {
    async fn build_snapshot(&mut self) -> Stored<Snapshot<Types>> {
        unreachable!("the policy is never to take one")
    }
}

impl RaftStateMachine<Types> for State {
    type SnapshotBuilder = NoSnapshot;

    async fn applied_state(
        &mut self,
    ) -> Stored<(Option<LogId<u64>>, StoredMembership<u64, BasicNode>)> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Stored<Vec<u64>>
    where
        I: IntoIterator<Item = Entry<Types>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut seen = self.seen.lock().expect("nothing panics under this mutex");
        let mut answers = Vec::new();
        for entry in entries {
            self.applied = Some(entry.log_id);
            match entry.payload {
                EntryPayload::Normal(command) => seen.apply(&command.0),
                EntryPayload::Membership(membership) => {
                    self.membership = StoredMembership::new(self.applied, membership);
                }
                EntryPayload::Blank => {}
            }
            answers.push(seen.commands);
        }
        Ok(answers)
    }

    async fn get_snapshot_builder(&mut self) -> NoSnapshot {
        NoSnapshot
    }

    async fn begin_receiving_snapshot(&mut self) -> Stored<Box<Cursor<Vec<u8>>>> {
        unreachable!("none is taken")
    }

    async fn install_snapshot(
        &mut self,
        _: &SnapshotMeta<u64, BasicNode>,
        _: Box<Cursor<Vec<u8>>>,
    ) -> Stored<()> {
        unreachable!("none is taken")
    }

    async fn get_current_snapshot(&mut self) -> Stored<Option<Snapshot<Types>>> {
        Ok(None)
    }
}
