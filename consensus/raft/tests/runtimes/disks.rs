//! Rows 15, 16 and 26 of the table of bugs, at whole nodes. What the folder itself does is tested with
//! the storage.

use std::sync::Arc;

use raft::core::RoleName;
use raft::node::{Found, Machine as _, ProposeError, Status};
use raft::storage::Folder;
use raft::{Config, HardState};
use tempfile::TempDir;
use wal::Options;

use super::stop::says_it_has_stopped;
use crate::running::cluster::{Cluster, LIMIT};
use crate::running::disk::{Brake, Mode};
use crate::running::hand::Hand;
use crate::running::news::News;
use crate::running::tape::{Shelf, Tape};
use crate::running::{Runs, Waits};

/// Rows 15 and 16: an error was taken for an empty answer, or what had failed was tried again, and the
/// second time seemed to succeed. Here the node ends at the first, though the disk would work again, and
/// asks it for nothing more. What had been answered is there after a restart.
pub(crate) fn an_error_of_the_disk_is_final<N: Runs<Machine = Tape>>() {
    for before in 0..4 {
        let mut cluster = Cluster::<N>::new(1);
        let first = cluster.one([1], 1);
        (0..before).for_each(|number| _ = cluster.one([2, number], 1));
        let brake = Arc::clone(&cluster.disks[&1].brake);
        brake.set(Mode::Fails);
        assert_eq!(cluster.node(1).submit(vec![3]).fate(), Err(ProposeError::Unknown));
        let calls = brake.passed();
        brake.release();
        let stopped = || cluster.node(1).status().is_none().then_some(());
        cluster.news.until(LIMIT, stopped).expect("it has stopped");
        says_it_has_stopped(&**cluster.node(1));
        cluster.kill(1);
        assert_eq!(brake.passed(), calls, "the disk was asked again");
        cluster.start(1);
        let last = cluster.one([4], 1);
        assert_eq!(last, first + u64::from(before) + 2, "and the first entry of the new term");
    }
}

/// Small segments, so that new files are made all the time.
fn options() -> Options {
    Options { segment_bytes: 8192, ..Options::new(1) }
}

fn start<N: Runs<Machine = Tape>>(place: &std::path::Path, shelf: &Arc<Shelf>) -> (N, Found) {
    let (folder, found) = Folder::open_with(place, &options()).expect("it is whole");
    let mut config = Config::new(1, [1]).unwrap();
    config.snapshot_after = 2_000;
    let tape = Tape::new(1, Arc::clone(shelf), Arc::new(Brake::default()));
    let network = Arc::new(Hand::default());
    let node = N::start_on(config, found.clone(), tape, folder, network);
    (node.expect("a good configuration"), found)
}

fn leads<N: Runs>(node: &N) -> Status {
    let leads = || node.status().filter(|it| it.role == RoleName::Leader);
    News::default().until(LIMIT, leads).expect("it is alone")
}

/// Row 16, on a real disk: the folder is moved away while the node runs, so that no new file can be made.
pub(crate) fn a_disk_that_is_gone_ends_the_node<N: Runs<Machine = Tape>>() {
    let place = TempDir::new().expect("there is room");
    let (here, away) = (place.path().join("here"), place.path().join("away"));
    let shelf = Arc::new(Shelf::default());
    let (node, _) = start::<N>(&here, &shelf);
    leads(&node);
    let mut answered = vec![node.submit(vec![1; 100]).fate().expect("it is written")];
    std::fs::rename(&here, &away).expect("it is ours");
    let error = loop {
        match node.submit(vec![2; 100]).fate() {
            Ok(index) => answered.push(index),
            Err(error) => break error,
        }
        assert!(answered.len() < 10_000, "no file was ever needed");
    };
    assert_eq!(error, ProposeError::Unknown);
    // It would work again.
    std::fs::rename(&away, &here).expect("it is ours");
    News::default().until(LIMIT, || node.status().is_none().then_some(())).expect("it has stopped");
    says_it_has_stopped(&node);
    drop(node);
    let (node, found) = start::<N>(&here, &shelf);
    let last = found.stored.base() + found.stored.entries.len() as u64;
    assert!(last >= *answered.last().expect("the first was"), "what was answered is there");
    leads(&node);
    assert!(node.submit(vec![3]).fate().expect("it is written") > last);
}

/// Row 26: compaction deleted the only record of term and vote.
pub(crate) fn term_and_vote_outlive_compaction<N: Runs<Machine = Tape>>() {
    let place = TempDir::new().expect("there is room");
    let shelf = Arc::new(Shelf::default());
    let mut term = 0;
    for life in 1..=3 {
        let (node, found) = start::<N>(place.path(), &shelf);
        assert_eq!(found.stored.hard_state.term, term);
        assert_eq!(found.stored.hard_state.vote, (life > 1).then_some(1));
        term = leads(&node).term;
        for number in 0..200 {
            node.submit(vec![number; 100]).fate().expect("it is written");
        }
        drop(node);
    }
    let (_, Found { stored, snapshot }) = Folder::open_with(place.path(), &options()).unwrap();
    assert_eq!(stored.hard_state, HardState { term, vote: Some(1) });
    assert!(stored.base() > 400, "nearly all is compacted: up to {}", stored.base());
    let mut tape = Tape::new(2, Arc::clone(&shelf), Arc::default());
    tape.restore(&snapshot);
    assert_eq!(tape.last(), stored.base());
    let files = std::fs::read_dir(place.path()).expect("it is there").count();
    assert!(files < 20, "what is compacted is deleted, or this shows nothing: {files} files");
}
