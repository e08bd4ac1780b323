//! Random saves and snapshots, on a folder of small segments and on a disk in memory.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index as Pick;
use proptest::test_runner::TestCaseResult;
use raft::log::{Entry, Payload};
use raft::membership::{Change, Membership};
use raft::node::{Disk, Found};
use raft::storage::Folder;
use raft::{HardState, Index, Piece, Position, Save, Snapshot, Tail};
use tempfile::TempDir;

/// Segments of 4 KiB: some are released in most runs.
pub(crate) const OPTIONS: wal::Options = {
    let mut options = wal::Options::new(1);
    options.segment_bytes = 4096;
    options
};

/// What a disk is told.
#[derive(Debug, Clone)]
enum Step {
    Vote(u64, Option<u64>),
    /// The log is cut back by so many entries, as far as they are not applied, and grows by these.
    Tail(u64, Vec<Vec<u8>>),
    /// A leader's snapshot, so many entries ahead, in so many pieces.
    Install(u64, Vec<u8>, usize),
    /// A piece of one that never gets whole.
    Torn(Vec<u8>),
    /// A snapshot of the own machine, somewhere in the log.
    Keep(Pick, Vec<u8>),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let entries = prop::collection::vec(bytes(200), 1..12);
    let step = prop_oneof![
        2 => (0..5_u64, any::<Option<u64>>()).prop_map(|(more, vote)| Step::Vote(more, vote.filter(|id| *id != 0))),
        8 => (0..6_u64, entries).prop_map(|(back, entries)| Step::Tail(back, entries)),
        1 => (0..4_u64, bytes(3000), 1..4_usize).prop_map(|(ahead, bytes, pieces)| Step::Install(ahead, bytes, pieces)),
        1 => bytes(500).prop_map(Step::Torn),
        2 => (any::<Pick>(), bytes(3000)).prop_map(|(at, bytes)| Step::Keep(at, bytes)),
        2 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

/// The disk in memory, and the folder.
struct Pair {
    folder: Option<Folder>,
    place: TempDir,
    model: Found,
    seq: u64,
}

fn members(number: u64) -> Arc<Membership> {
    let founders = Membership::new(1..=3);
    let changes = [Change::Voter(number % 4 + 1), Change::Remove(2), Change::Learner(9)];
    let joint = founders.enter_joint(&changes, number.is_multiple_of(2)).expect("voters stay");
    Arc::new([founders, joint][(number % 2) as usize].clone())
}

impl Pair {
    fn last(&self) -> Position {
        let stored = &self.model.stored;
        let base = stored.snapshot.as_ref().map_or(Position { term: 0, index: 0 }, |it| it.last);
        let index = base.index + stored.entries.len() as Index;
        Position { term: stored.entries.last().map_or(base.term, |entry| entry.term), index }
    }

    fn write(&mut self, save: Save) {
        self.seq += 1;
        let save = Save { seq: self.seq, ..save };
        let folder = self.folder.as_mut().expect("it is open");
        folder.write(vec![save.clone()]).expect("the disk works");
        self.model.stored.keep(save);
    }

    fn tail(&mut self, back: u64, bodies: Vec<Vec<u8>>) {
        let last = self.last();
        let from = last.index + 1 - back.min(self.model.stored.entries.len() as u64);
        let term = self.model.stored.hard_state.term.max(last.term).max(1);
        let hard_state = HardState { term, ..self.model.stored.hard_state };
        let entry = |body: Vec<u8>| match body.len() {
            0 => Payload::Empty,
            length if length % 7 == 0 => Payload::Membership(members(length as u64)),
            _ => Payload::Command(body.into()),
        };
        let entries = bodies.into_iter().map(|body| Entry { term, payload: entry(body) });
        let tail = Some(Tail { from, entries: entries.collect() });
        self.write(Save { seq: 0, hard_state: Some(hard_state), piece: None, tail });
    }

    fn install(&mut self, ahead: u64, bytes: &[u8], pieces: usize) {
        let last = self.last();
        let last = Position { term: last.term.max(1), index: last.index + 1 + ahead };
        let snapshot = Snapshot { last, members: members(last.index), size: bytes.len() as u64 };
        let length = bytes.len().div_ceil(pieces).max(1);
        let mut offset = 0;
        loop {
            let end = bytes.len().min(offset + length);
            let piece = Piece {
                snapshot: snapshot.clone(),
                offset: offset as u64,
                bytes: bytes[offset..end].to_vec(),
            };
            self.write(Save { seq: 0, hard_state: None, piece: Some(piece), tail: None });
            if end == bytes.len() {
                break;
            }
            offset = end;
        }
        self.model.snapshot = bytes.to_vec();
    }

    fn torn(&mut self, bytes: Vec<u8>) {
        let last = Position { index: self.last().index + 100, term: 1 };
        let snapshot = Snapshot { last, members: members(1), size: bytes.len() as u64 + 1 };
        let piece = Some(Piece { snapshot, offset: 0, bytes });
        self.write(Save { seq: 0, hard_state: None, piece, tail: None });
    }

    fn keep(&mut self, at: Pick, bytes: Vec<u8>) {
        let stored = &mut self.model.stored;
        // The first is no newer than the one that is there.
        let at = at.index(stored.entries.len() + 1);
        let term = at.checked_sub(1).map_or(1, |at| stored.entries[at].term);
        let last = Position { term, index: stored.base() + at as Index };
        let snapshot = Snapshot { last, members: members(last.index), size: bytes.len() as u64 };
        let folder = self.folder.as_mut().expect("it is open");
        folder.keep(&snapshot, &bytes).expect("the disk works");
        if at > 0 {
            stored.compact(snapshot);
            self.model.snapshot = bytes;
        }
    }

    fn reopen(&mut self) -> TestCaseResult {
        self.folder = None;
        let (folder, found) = Folder::open_with(self.place.path(), &OPTIONS).expect("it is whole");
        self.folder = Some(folder);
        prop_assert_eq!(&found.stored, &self.model.stored);
        prop_assert_eq!(&found.snapshot, &self.model.snapshot);
        Ok(())
    }

    fn obey(&mut self, step: Step) -> TestCaseResult {
        match step {
            Step::Vote(more, vote) => {
                let term = self.model.stored.hard_state.term.max(1) + more;
                let hard_state = Some(HardState { term, vote });
                self.write(Save { seq: 0, hard_state, piece: None, tail: None });
            }
            Step::Tail(back, bodies) => self.tail(back, bodies),
            Step::Install(ahead, bytes, pieces) => self.install(ahead, &bytes, pieces),
            Step::Torn(bytes) => self.torn(bytes),
            Step::Keep(at, bytes) => self.keep(at, bytes),
            Step::Reopen => self.reopen()?,
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_folder_holds_what_the_saves_say(steps in steps()) {
        let place = TempDir::new().expect("there is room");
        let mut pair = Pair { folder: None, place, model: Found::default(), seq: 0 };
        pair.reopen()?;
        for step in steps {
            pair.obey(step)?;
        }
        pair.reopen()?;
    }
}
