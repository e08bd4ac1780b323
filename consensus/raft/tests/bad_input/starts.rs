//! Configurations and disks with which no node starts.

use std::time::Duration;

use raft::core::Core;
use raft::{Config, ConfigError, HardState, NodeId, Stored};

use crate::solo::{at, disk, ms, snapshot};

fn list(id: NodeId, founders: &[NodeId]) -> String {
    Config::new(id, founders.iter().copied()).expect_err("the list is bad").to_string()
}

#[test]
fn a_bad_peer_list_is_refused_and_says_what_to_do() {
    assert_eq!(
        list(4, &[1, 2, 3]),
        "node 4 is not among the founders; name it too, or let it join"
    );
    assert_eq!(list(1, &[1, 2, 2]), "node 2 is named twice; give each its own name");
    assert_eq!(list(1, &[1, 1]), "node 1 is named twice; give each its own name");
    assert_eq!(
        list(1, &[]),
        "nobody founds the cluster; name its nodes, or let this one join an existing cluster"
    );
    for founders in [&[0, 1, 2][..], &[0]] {
        assert_eq!(list(1, founders), "0 is no name of a node; count from 1");
    }
    assert_eq!(Config::joining(0), Err(ConfigError::NoName));
    assert!(Config::new(3, [3, 1, 2]).is_ok(), "the order is nobody's business");
}

fn refused(change: impl FnOnce(&mut Config)) -> String {
    let mut config = Config::new(1, 1..=3).expect("the list is good");
    change(&mut config);
    Core::new(config, Stored::default(), ms(0)).expect_err("it makes no sense").to_string()
}

#[test]
fn waits_that_make_no_sense_are_refused() {
    let cases: [(Duration, Duration); 6] = [
        (ms(0), ms(150)),
        (ms(50), ms(0)),
        (ms(50), ms(99)),
        (ms(150), ms(150)),
        (Duration::from_nanos(1), ms(150)),
        (ms(50), Duration::MAX),
    ];
    for (heartbeat, election) in cases {
        let said = refused(|config| (config.heartbeat, config.election) = (heartbeat, election));
        let waits = format!("a heartbeat every {heartbeat:?} and an election after {election:?}");
        assert!(
            said.starts_with(&waits) && said.contains("take at least two heartbeats"),
            "{said}"
        );
    }
    let mut least = Config::new(1, 1..=3).expect("the list is good");
    (least.heartbeat, least.election) = (Duration::from_micros(1), Duration::from_micros(2));
    assert!(Core::new(least, Stored::default(), ms(0)).is_ok());
}

#[test]
fn limits_under_which_nothing_could_be_sent_are_refused() {
    let nothing =
        |name: &str| format!("{name} is 0, so that nothing could be sent; give at least 1");
    assert_eq!(refused(|config| config.window = 0), nothing("window"));
    assert_eq!(refused(|config| config.flights = 0), nothing("flights"));
    assert_eq!(refused(|config| config.batch = 0), nothing("batch"));
    assert_eq!(refused(|config| config.chunk = 0), nothing("chunk"));
    assert_eq!(refused(|config| config.uncommitted = 0), nothing("uncommitted"));
    for drift in [1_000_000, u32::MAX] {
        let said = refused(|config| config.lease_drift = Some(drift));
        let wrong = format!("a clock that is off by {drift} millionths tells no time");
        assert!(said.starts_with(&wrong), "{said}");
    }
}

type Damage = fn(&mut Stored);

/// A disk that no log can have written: another program's, or damage that a checksum did not see.
#[test]
fn an_impossible_disk_is_refused() {
    let with = |change: fn(&mut Stored)| {
        let mut stored = Stored { snapshot: Some(snapshot(at(2, 5), 4)), ..disk(3, &[2, 3]) };
        change(&mut stored);
        stored
    };
    let terms = "the disk holds what no log can: the terms of its entries fall";
    let unseen = "the disk holds what no log can: its log ends in a term that it has not seen";
    let term = "the disk holds what no log can: its term is impossible, or its vote";
    let end = "the disk holds what no log can: its snapshot ends at an impossible position";
    let cases: [(Damage, &str); 11] = [
        (|it| it.entries[1].term = 1, terms),
        (|it| it.entries[0].term = 0, terms),
        (|it| it.entries[0].term = 1, terms),
        (|it| it.hard_state.term = 2, unseen),
        (|it| it.entries[1].term = u64::MAX, unseen),
        (|it| it.hard_state = HardState { term: u64::MAX, vote: None }, term),
        (|it| it.hard_state = HardState { term: 0, vote: Some(1) }, term),
        (|it| it.hard_state.vote = Some(0), term),
        (|it| it.snapshot = Some(snapshot(at(0, 5), 4)), end),
        (|it| it.snapshot = Some(snapshot(at(2, u64::MAX), 4)), end),
        (|it| it.snapshot = Some(snapshot(at(0, 0), 4)), end),
    ];
    for (change, said) in cases {
        let config = Config::new(1, 1..=3).expect("the list is good");
        let refused = Core::new(config, with(change), ms(0)).expect_err("no log can be that");
        assert_eq!(refused.to_string(), said);
    }
    let config = Config::new(1, 1..=3).expect("the list is good");
    assert!(Core::new(config, with(|_| {}), ms(0)).is_ok(), "without damage it is good");
}
