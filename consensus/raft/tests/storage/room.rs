//! How much a folder takes.

use std::path::Path;

use raft::log::{Entry, Payload};
use raft::membership::Membership;
use raft::node::Disk;
use raft::storage::Folder;
use raft::{HardState, Index, Position, Save, Snapshot, Tail};
use tempfile::TempDir;

use crate::against::OPTIONS;

pub(crate) fn entries(folder: &mut Folder, from: Index, count: u64) {
    let entry = Entry { term: 1, payload: Payload::Command(vec![7; 100].into()) };
    let tail = Tail { from, entries: vec![entry; count as usize] };
    let save = Save { seq: from, hard_state: None, piece: None, tail: Some(tail) };
    folder.write(vec![save]).expect("the disk works");
}

pub(crate) fn snapshot(folder: &mut Folder, index: Index, bytes: &[u8]) {
    let last = Position { term: 1, index };
    let members = Membership::new(1..=3).into();
    let snapshot = Snapshot { last, members, size: bytes.len() as u64 };
    folder.keep(&snapshot, bytes).expect("the disk works");
}

pub(crate) fn vote(folder: &mut Folder, term: u64) {
    let hard_state = Some(HardState { term, vote: Some(2) });
    let save = Save { seq: 1, hard_state, piece: None, tail: None };
    folder.write(vec![save]).expect("the disk works");
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("it is there").count()
}

/// Row 26: the only record of term and vote stood at the beginning of the log, and went with it.
#[test]
fn compaction_keeps_term_and_vote() {
    let place = TempDir::new().expect("there is room");
    let (mut folder, _) = Folder::open_with(place.path(), &OPTIONS).expect("it is new");
    vote(&mut folder, 5);
    for round in 0..50 {
        entries(&mut folder, round * 10 + 1, 10);
        snapshot(&mut folder, round * 10 + 10, &[1; 2000]);
    }
    drop(folder);
    let (_, found) = Folder::open_with(place.path(), &OPTIONS).expect("it is whole");
    assert_eq!(found.stored.hard_state, HardState { term: 5, vote: Some(2) });
    assert_eq!(found.stored.base(), 500);
}

/// However much is written, what stays is the newest snapshot and what follows it.
#[test]
fn a_folder_does_not_grow_for_ever() {
    let place = TempDir::new().expect("there is room");
    let (mut folder, _) = Folder::open_with(place.path(), &OPTIONS).expect("it is new");
    let mut most = 0;
    for round in 0..200 {
        entries(&mut folder, round * 20 + 1, 20);
        if round % 4 == 3 {
            snapshot(&mut folder, round * 20 + 10, &[1; 2000]);
        }
        most = most.max(files(place.path()));
    }
    assert!(most <= 12, "{most} files for at most 90 entries and 2,000 bytes");
}

/// A snapshot of a leader that is on its way survives the own one that is finished meanwhile.
#[test]
fn what_is_on_its_way_is_not_released() {
    use raft::Piece;
    let place = TempDir::new().expect("there is room");
    let (mut folder, _) = Folder::open_with(place.path(), &OPTIONS).expect("it is new");
    let members: std::sync::Arc<_> = Membership::new(1..=3).into();
    let whole = Snapshot { last: Position { term: 1, index: 900 }, members, size: 3000 };
    let piece = |folder: &mut Folder, offset: u64| {
        let piece = Piece { snapshot: whole.clone(), offset, bytes: vec![9; 1500] };
        let save = Save { seq: 1, hard_state: None, piece: Some(piece), tail: None };
        folder.write(vec![save]).expect("the disk works");
    };
    vote(&mut folder, 1);
    piece(&mut folder, 0);
    for round in 0..20 {
        entries(&mut folder, round * 20 + 1, 20);
    }
    snapshot(&mut folder, 400, &[1; 2000]);
    piece(&mut folder, 1500);
    drop(folder);
    let (_, found) = Folder::open_with(place.path(), &OPTIONS).expect("it is whole");
    assert_eq!(found.stored.base(), 900);
    assert_eq!(found.snapshot, vec![9; 3000]);
}
