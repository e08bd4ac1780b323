//! Folders that are not what they should be.

use raft::storage::{Folder, OpenError};
use tempfile::TempDir;
use wal::Record;
use wal::lock::Wal;

use crate::against::OPTIONS;
use crate::room::{entries, snapshot, vote};

fn refused(place: &TempDir) -> OpenError {
    let opened = Folder::open_with(place.path(), &OPTIONS);
    opened.map(|(_, found)| found.stored).expect_err("it must not be opened")
}

/// The log of this folder holds such records, each of them safe.
fn written(records: &[Record<'_>]) -> TempDir {
    let place = TempDir::new().expect("there is room");
    let (log, _) = Wal::open(place.path(), &OPTIONS, |_| ()).expect("it is new");
    log.force(records).expect("the disk works");
    log.shutdown().expect("the disk works");
    place
}

#[test]
fn the_folder_of_another_node_is_refused() {
    let place = TempDir::new().expect("there is room");
    drop(Folder::open(place.path(), 1).expect("it is new"));
    let refused = Folder::open(place.path(), 2).map(|_| ()).expect_err("it is another's");
    assert!(matches!(refused, OpenError::Log(wal::OpenError::OtherLog { .. })), "{refused}");
}

#[test]
fn a_folder_that_is_open_is_refused() {
    let place = TempDir::new().expect("there is room");
    let (_folder, _) = Folder::open_with(place.path(), &OPTIONS).expect("it is new");
    let refused = refused(&place);
    assert!(matches!(refused, OpenError::Log(wal::OpenError::InUse(_))), "{refused}");
}

/// A whole log of something else, or of a version that knows more kinds of records.
#[test]
fn records_of_somebody_else_are_refused_and_named() {
    for (body, what) in [
        (Record::new(9, b"what"), "unknown kind"),
        (Record::new(1, b"short"), "too few bytes"),
        (Record::new(2, &[1, 0, 0, 0, 0, 0, 0, 0]), "a tail of nothing"),
        (Record::new(2, &[0; 17]), "a tail of nothing"),
        (Record::new(3, &[0; 60]), "beyond its snapshot"),
        (Record::new(4, &[255; 60]), "twice in a group"),
    ] {
        let place = written(&[Record::new(1, &[0; 16]), body]);
        let refused = refused(&place).to_string();
        assert!(refused.contains("record 2") && refused.contains(what), "{what}: {refused}");
    }
}

/// Row 15: what cannot be read became an empty entry, or none. Here nobody starts.
#[test]
fn entries_that_are_missing_are_named() {
    let mut tail = 5_u64.to_le_bytes().to_vec();
    tail.extend(1_u64.to_le_bytes());
    tail.push(0);
    let place = written(&[Record::new(2, &tail)]);
    let refused = refused(&place);
    assert!(matches!(refused, OpenError::Gap { from: 1 }), "{refused}");
}

/// Row 15, on the disk itself: a byte flips in what was acknowledged.
#[test]
fn damage_in_the_middle_starts_no_node() {
    let place = TempDir::new().expect("there is room");
    let (mut folder, _) = Folder::open_with(place.path(), &OPTIONS).expect("it is new");
    vote(&mut folder, 1);
    for round in 0..30 {
        entries(&mut folder, round * 10 + 1, 10);
    }
    drop(folder);
    let mut files: Vec<_> = std::fs::read_dir(place.path())
        .expect("it is there")
        .map(|file| file.expect("it is there").path())
        .filter(|file| file.metadata().is_ok_and(|it| it.len() >= 4096))
        .collect();
    files.sort();
    let mut bytes = std::fs::read(&files[1]).expect("it is there");
    let command = bytes.windows(9).position(|it| it == [7; 9]).expect("it holds commands");
    bytes[command] ^= 1;
    std::fs::write(&files[1], bytes).expect("it is ours");
    let refused = refused(&place);
    assert!(matches!(refused, OpenError::Log(wal::OpenError::Corrupt { .. })), "{refused}");
}

/// Row 16: the end was torn while it was written. It was acknowledged to nobody, and is cut off.
#[test]
fn a_torn_end_is_cut_off_and_told() {
    let place = TempDir::new().expect("there is room");
    let (mut folder, _) = Folder::open(place.path(), 1).expect("it is new");
    entries(&mut folder, 1, 10);
    snapshot(&mut folder, 5, b"five");
    entries(&mut folder, 11, 10);
    // The power goes: nothing says that the end was safe.
    let copy = TempDir::new().expect("there is room");
    for file in std::fs::read_dir(place.path()).expect("it is there") {
        let file = file.expect("it is there");
        let mut bytes = std::fs::read(file.path()).expect("it is there");
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        if end > 4096 {
            bytes[end - 600..end].fill(0);
        }
        std::fs::write(copy.path().join(file.file_name()), bytes).expect("there is room");
    }
    let (folder, found) = Folder::open(copy.path(), 1).expect("a torn end is no damage");
    assert!(folder.cut().is_some());
    assert_eq!((found.stored.base(), found.stored.entries.len()), (5, 5));
}
