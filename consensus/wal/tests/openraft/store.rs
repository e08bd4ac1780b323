//! A log storage for openraft. Each entry, truncation and purge is a record; vote, committed and
//! purged are carried, so that segments can go.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{
    Entry, LogId, LogState, OptionalSend, RaftLogId as _, RaftLogReader, StorageError,
    StorageIOError, Vote,
};
use serde::Serialize;

use super::Types;
use super::surface::Log;
use super::under_test::{self, Options, Record};

const ENTRY: u8 = 1;
const TRUNCATE: u8 = 2;
const VOTE: u8 = 3;
const COMMITTED: u8 = 4;
const PURGED: u8 = 5;

pub(crate) struct Store<L>(Arc<Mutex<Inner<L>>>);

struct Inner<L> {
    folder: PathBuf,
    /// `None` for a moment only.
    log: Option<L>,
    state: State,
}

/// What the records say.
#[derive(Default)]
struct State {
    /// With the places of their records.
    entries: BTreeMap<u64, (u64, Entry<Types>)>,
    vote: Option<Vote<u64>>,
    committed: Option<LogId<u64>>,
    purged: Option<LogId<u64>>,
}

fn options() -> Options {
    Options { segment_bytes: 4096, ..Options::new(5) }
}

impl State {
    fn apply(&mut self, entry: under_test::Entry<'_>) {
        let body = entry.body;
        match entry.kind {
            ENTRY => {
                let read: Entry<Types> = serde_json::from_slice(body).unwrap();
                self.entries.insert(read.log_id.index, (entry.sequence, read));
            }
            TRUNCATE => {
                let from: u64 = serde_json::from_slice(body).unwrap();
                self.entries.split_off(&from);
            }
            VOTE => self.vote = serde_json::from_slice(body).unwrap(),
            COMMITTED => self.committed = serde_json::from_slice(body).unwrap(),
            PURGED => {
                self.purged = serde_json::from_slice(body).unwrap();
                let after = self.purged.map_or(0, |it| it.index + 1);
                self.entries = self.entries.split_off(&after);
            }
            kind => panic!("record of kind {kind}"),
        }
    }
}

impl<L: Log> Store<L> {
    pub(crate) fn open(folder: &Path) -> Self {
        let mut inner = Inner { folder: folder.to_owned(), log: None, state: State::default() };
        inner.reopen();
        Self(Arc::new(Mutex::new(inner)))
    }

    fn read<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        read(&self.0.lock().unwrap().state)
    }

    #[expect(clippy::result_large_err, reason = "openraft's")]
    fn write(&self, records: &[(u8, Vec<u8>)]) -> Result<(), StorageError<u64>> {
        let record = |(kind, body)| match kind {
            &(VOTE | COMMITTED | PURGED) => Record::carried(*kind, body),
            kind => Record::new(*kind, body),
        };
        let records: Vec<_> = records.iter().map(|(kind, body)| record((kind, body))).collect();
        let mut inner = self.0.lock().unwrap();
        let log = inner.log.as_ref().expect("it is open");
        log.force(&records).map_err(|error| StorageIOError::write_logs(&error))?;
        inner.reopen();
        Ok(())
    }
}

impl<L: Log> Inner<L> {
    fn reopen(&mut self) {
        drop(self.log.take());
        let state = &mut self.state;
        *state = State::default();
        let opened = L::open(&self.folder, &options(), |entry| state.apply(entry));
        self.log = Some(opened.unwrap().0);
    }
}

impl<L> Clone for Store<L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

impl<L: Log> RaftLogReader<Types> for Store<L> {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry<Types>>, StorageError<u64>> {
        Ok(self.read(|state| state.entries.range(range).map(|(_, (_, it))| it.clone()).collect()))
    }
}

impl<L: Log> RaftLogStorage<Types> for Store<L> {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, StorageError<u64>> {
        Ok(self.read(|state| {
            let last = state.entries.last_key_value().map(|(_, (_, it))| *it.get_log_id());
            let last_log_id = last.or(state.purged);
            LogState { last_purged_log_id: state.purged, last_log_id }
        }))
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote<u64>) -> Result<(), StorageError<u64>> {
        self.write(&[(VOTE, json(vote))])
    }

    async fn read_vote(&mut self) -> Result<Option<Vote<u64>>, StorageError<u64>> {
        Ok(self.read(|state| state.vote))
    }

    async fn save_committed(
        &mut self,
        committed: Option<LogId<u64>>,
    ) -> Result<(), StorageError<u64>> {
        self.write(&[(COMMITTED, json(&committed))])
    }

    async fn read_committed(&mut self) -> Result<Option<LogId<u64>>, StorageError<u64>> {
        Ok(self.read(|state| state.committed))
    }

    async fn append<I>(
        &mut self,
        entries: I,
        callback: LogFlushed<Types>,
    ) -> Result<(), StorageError<u64>>
    where
        I: IntoIterator<Item = Entry<Types>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let records: Vec<_> = entries.into_iter().map(|entry| (ENTRY, json(&entry))).collect();
        self.write(&records)?;
        callback.log_io_completed(Ok(()));
        Ok(())
    }

    async fn truncate(&mut self, from: LogId<u64>) -> Result<(), StorageError<u64>> {
        self.write(&[(TRUNCATE, json(&from.index))])
    }

    async fn purge(&mut self, upto: LogId<u64>) -> Result<(), StorageError<u64>> {
        self.write(&[(PURGED, json(&Some(upto)))])?;
        let mut inner = self.0.lock().unwrap();
        let oldest = inner.state.entries.first_key_value().map(|(_, (place, _))| *place);
        let log = inner.log.as_ref().expect("it is open");
        log.release(oldest.unwrap_or(u64::MAX))
            .map_err(|error| StorageIOError::write_logs(&error))?;
        inner.reopen();
        Ok(())
    }
}
