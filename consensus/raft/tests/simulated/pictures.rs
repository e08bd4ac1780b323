//! The pictures on the page are drawn from these runs. `SIMNET_ACCEPT=1` stores them anew.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use raft::core::Core;
use raft::log::{Entry, Payload};
use raft::{Config, HardState, NodeId, Stored, Term};
use simnet::{Link, Rng, Trace, World};

use super::client::{Client, Wishes};
use super::disk::{Disk, Write};
use super::ledger::Ledger;
use super::machine::Swap;
use super::process::{Habits, Node};
use super::run::ms;

const SECOND: Duration = Duration::from_secs(1);

/// Elections are begun by hand: nobody waits so long.
const LONG: Duration = Duration::from_secs(10);

/// The stored trace is what just happened.
fn is_stored(name: &str, trace: &Trace) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/traces/{name}.jsonl"));
    if std::env::var_os("SIMNET_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&file, trace.as_str()).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == trace.as_str(), "it is now:\n{}", trace.as_str());
}

/// Nodes a millisecond from each other, without clients, that start with these disks: a term, and that
/// of each entry. `tune` changes what each waits for and sends.
fn world(disks: &[(Term, &[Term])], tune: fn(&mut Config)) -> World<Node> {
    let count = disks.len() as NodeId;
    let (ledger, mut life) = (Rc::new(RefCell::new(Ledger::silent())), 0);
    let boot = move |id, disk: &Disk| {
        life += 1;
        let mut config = Config::new(id, 1..=count).expect("the list is good");
        tune(&mut config);
        let peers = (1..=count).filter(|peer| *peer != id).collect();
        let habits = Habits { saves: 4, busy: 0, snapshot_every: 1000, keep: 0, apply: 100 };
        let wishes = Wishes { gap: SECOND..=SECOND, members: None };
        let rest = (habits, Client::new(Rng::new(id), wishes), Rc::clone(&ledger));
        Node::new(config, life, peers, (disk, disk.stored.clone()), rest)
    };
    let mut world = World::new(1, 1..=count, boot);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    for (id, (term, log)) in (1..).zip(disks) {
        world.call(id, |_, _, out| out.save(Write::All(stored(*term, log))));
        world.run_for(Duration::ZERO);
        world.crash(id);
        world.start(id);
    }
    world
}

fn stored(term: Term, log: &[Term]) -> Stored {
    let command = |(value, term): (u64, &Term)| {
        let payload = Payload::Command(Swap { key: 0, value }.to_bytes());
        Entry { term: *term, payload }
    };
    let entries = (1..).zip(log).map(command).collect();
    Stored { hard_state: HardState { term, vote: None }, snapshot: None, entries }
}

/// Only what is done by hand happens.
fn unhurried(config: &mut Config) {
    (config.election, config.heartbeat) = (LONG, LONG / 2);
}

fn leads(world: &mut World<Node>, id: NodeId) {
    let time = world.run_until_it_holds(SECOND, |world| core(world, id).is_leader());
    time.unwrap_or_else(|| panic!("node {id} does not lead"));
}

fn core(world: &World<Node>, id: NodeId) -> &Core {
    &world.node(id).expect("it is up").core
}

/// It has connections to these alone.
fn knows(world: &mut World<Node>, id: NodeId, peers: &[NodeId]) {
    for peer in world.ids().filter(|peer| !peers.contains(peer)).collect::<Vec<_>>() {
        world.call(id, |node, _, _| node.core.link_down(peer));
    }
}

fn note(world: &mut World<Node>, id: NodeId, text: &str) {
    world.call(id, |_, _, out| out.note(format_args!("{text}")));
}

/// Says in the picture what each log holds.
fn note_logs(world: &mut World<Node>, ids: &[NodeId]) {
    for id in ids {
        let log = core(world, *id).log();
        let terms: Vec<_> = (1..=log.last().index).filter_map(|index| log.term(index)).collect();
        let terms: Vec<_> = terms.iter().map(u64::to_string).collect();
        note(world, *id, &format!("log: {}", terms.join(" ")));
    }
}

/// The leader of three dies; whoever loses patience first asks before it disturbs anybody.
#[test]
fn the_trace_of_an_election_is_the_stored_one() {
    let mut world = world(&[(0, &[][..]); 3], |config| {
        (config.election, config.heartbeat) = (ms(100), ms(30));
    });
    let all_applied =
        |world: &World<Node>, index| world.nodes().all(|(_, node)| node.machine.upto == index);
    world.run_until_it_holds(SECOND, |world| all_applied(world, 1)).expect("they elect one");
    let leads = |world: &World<Node>| world.ids().find(|id| core(world, *id).is_leader());
    let leader = leads(&world).expect("it leads");
    let term = core(&world, leader).term();
    world.record();
    note(&mut world, leader, &format!("leads ({term}, {leader})"));
    world.crash(leader);
    world.run_until_it_holds(SECOND, |world| all_applied(world, 2)).expect("they go on");
    is_stored("election", world.trace());
}

/// Figure 7 (f): the follower led in terms 2 and 3, and nobody has what it wrote then.
#[test]
fn the_trace_of_a_repaired_log_is_the_stored_one() {
    let disks: [(_, &[_]); 2] =
        [(7, &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]), (7, &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3])];
    let mut world = world(&disks, unhurried);
    world.jump(1, 2 * LONG);
    leads(&mut world, 1);
    world.record();
    note(&mut world, 1, "leads (8, 1)");
    note_logs(&mut world, &[1, 2]);
    let time = world.run_until_it_holds(SECOND, |world| core(world, 1).commit() == 11);
    time.expect("it commits");
    note_logs(&mut world, &[2]);
    is_stored("repaired_log", world.trace());
}

/// Figure 8 (c): S1 leads again, in term 4, and brings the entry of term 2 to S3, so that a majority
/// holds it. S5 is down.
fn figure_8() -> World<Node> {
    // S5 was up long enough to hear of term 4.
    let disks: [(_, &[_]); 5] = [(3, &[1, 2]), (2, &[1, 2]), (3, &[1]), (3, &[1]), (4, &[1, 3])];
    let mut world = world(&disks, |config| {
        unhurried(config);
        // One entry in a message, and short lists of peers: or the picture is too long.
        config.batch = 1;
    });
    world.crash(5);
    for (id, peers) in [(1, &[2, 3][..]), (2, &[]), (3, &[]), (4, &[])] {
        knows(&mut world, id, peers);
    }
    world.jump(1, 2 * LONG);
    leads(&mut world, 1);
    world.record();
    note(&mut world, 1, "leads (4, 1)");
    note_logs(&mut world, &[1, 2, 3, 4]);
    let has = |world: &World<Node>, index| core(world, 3).last().index == index;
    world.run_until_it_holds(SECOND, |world| has(world, 2)).expect("S3 gets it");
    world
}

/// S5 is up again, and S1 is down; the others have waited long enough to help whoever asks.
fn return_of_s5(world: &mut World<Node>, peers: &[NodeId]) {
    world.crash(1);
    for id in [2, 3, 4] {
        world.jump(id, LONG);
    }
    world.start(5);
    note_logs(world, &[5]);
    knows(world, 5, peers);
    world.jump(5, 2 * LONG);
}

/// The old entry is on three of five and is overwritten all the same: so it was not committed.
#[test]
fn the_trace_of_figure_8_is_the_stored_one() {
    let mut world = figure_8();
    world.cut_one_way(1, 3);
    world.run_for(ms(1));
    assert_eq!((core(&world, 1).matched(3), core(&world, 1).commit()), (Some(2), 0));
    note(&mut world, 1, "a majority has 2: not committed");
    return_of_s5(&mut world, &[3, 4]);
    leads(&mut world, 5);
    world.run_until_it_holds(SECOND, |world| core(world, 5).commit() == 3).expect("it commits");
    assert_eq!(core(&world, 3).log().term(2), Some(3), "it is overwritten");
    note_logs(&mut world, &[3, 4]);
    is_stored("figure_8", world.trace());
}

/// With an entry of term 4 behind it the old entry is committed, and S5 cannot win.
#[test]
fn the_trace_of_figure_8_with_an_entry_of_the_term_is_the_stored_one() {
    let mut world = figure_8();
    world.run_until_it_holds(SECOND, |world| core(world, 1).commit() == 3).expect("it commits");
    note(&mut world, 1, "3 is of term 4: all is committed");
    return_of_s5(&mut world, &[2, 3, 4]);
    world.run_for(ms(10));
    assert!(!core(&world, 5).is_leader(), "its log is behind those of a majority");
    is_stored("figure_8_committed", world.trace());
}
