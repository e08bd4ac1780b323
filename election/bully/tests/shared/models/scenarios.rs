//! What is explored: a body for each scenario.
//!
//! The models of the ring include this file too; what differs is in `subject`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use interleave::models::clock;
use interleave::note;
use shuttle::sync::mpsc::{Receiver, channel, sync_channel};
use shuttle::sync::{Mutex, atomic};
use shuttle::thread;

use super::subject::{
    self, Config, DeliverError, Message, NodeId, Panicked, Stored, Token, soonest, timing,
};
use super::surface::Surface;

fn config(me: NodeId, count: NodeId) -> Config {
    Config::new(me, 1..=count, timing())
}

fn alone<N: Surface>() -> N {
    N::start(config(1, 1), Stored::default(), |_, _| (), |_| ())
}

pub(crate) fn a_change_wakes_who_waits_for_it<N: Surface>() {
    let node = alone::<N>();
    let mut leader = node.wait_change(None, Duration::MAX);
    assert_eq!(leader, Some(Token { epoch: 1, id: 1 }));
    thread::scope(|scope| {
        scope.spawn(|| node.outbid(41));
        while leader.is_none_or(|token| token.epoch < 42) {
            leader = node.wait_change(leader, Duration::MAX);
            note!("sees {leader:?}");
        }
    });
    assert_eq!(node.shutdown(), Ok(()));
}

/// What the node's thread holds, and drops when it ends.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

pub(crate) fn stopping_ends_the_thread_whatever_it_does<N: Surface>() {
    let ended = Arc::new(AtomicBool::new(false));
    let held = Held(Arc::clone(&ended));
    let node = N::start(config(2, 3), Stored::default(), move |_, _| _ = &held, |_| ());
    thread::scope(|scope| {
        scope.spawn(|| _ = node.deliver(1, subject::question()));
        assert_eq!(node.leader(), None);
    });
    assert_eq!(node.shutdown(), Ok(()));
    assert!(ended.load(SeqCst), "its thread still runs");
}

fn a_dying_node_leaves_nobody_waiting<N: Surface>(node: N) {
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(node.wait_change(None, Duration::MAX), None);
            note!("waits no more");
        });
        node.elect();
        assert_eq!(node.leader(), None);
    });
    let late = subject::chatter();
    while node.deliver(2, late) != Err(DeliverError::Closed(late)) {
        thread::yield_now();
    }
    note!("has its late message back");
    assert_eq!(node.shutdown(), Err(Panicked));
}

pub(crate) fn a_panic_of_save_wakes_who_waits<N: Surface>() {
    let save = |_| panic!("on purpose");
    a_dying_node_leaves_nobody_waiting(N::start(config(1, 1), Stored::default(), |_, _| (), save));
}

pub(crate) fn a_panic_of_send_wakes_who_waits<N: Surface>() {
    let send = |_, _| panic!("on purpose");
    a_dying_node_leaves_nobody_waiting(N::start(config(1, 2), Stored::default(), send, |_| ()));
}

pub(crate) fn a_deadline_that_passes_is_seen<N: Surface>() {
    let (said, heard) = channel();
    let send = move |_, _| _ = said.send(());
    let node = N::start(config(1, 2), Stored::default(), send, |_| ());
    // 2 never answers. Whatever is said to it, the time for an answer goes by.
    let time = thread::spawn(move || {
        for () in heard.iter().take(8) {
            clock::advance(soonest());
        }
    });
    let leader = node.wait_change(None, Duration::MAX);
    note!("sees {leader:?}");
    assert_eq!(leader.map(|token| token.id), Some(1));
    assert_eq!(node.shutdown(), Ok(()));
    time.join().expect("no panic");
}

pub(crate) fn a_wait_ends_with_its_time<N: Surface>() {
    let node = alone::<N>();
    let token = node.wait_change(None, Duration::MAX);
    let is_over = atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(node.wait_change(token, soonest()), token);
            is_over.store(true, SeqCst);
        });
        while !is_over.load(SeqCst) {
            clock::advance(soonest());
            thread::yield_now();
        }
    });
    assert_eq!(node.shutdown(), Ok(()));
}

pub(crate) fn a_full_inbox_holds_nobody_up<N: Surface>() {
    let (gate, closed): (_, Receiver<()>) = sync_channel(0);
    let (inside, entered) = channel();
    let send = move |_, _| {
        let _ = inside.send(());
        let _ = closed.recv();
    };
    let node = N::start(config(2, 3), Stored::default(), send, |_| ());
    entered.recv().expect("it asks 3");
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(node.leader(), None);
            note!("has its answer");
        });
        // The node is held up in `send`. Each of these asks for an answer, and none waits.
        let question = subject::question();
        let full = (0..3).find_map(|_| node.deliver(1, question).err());
        assert_eq!(full, Some(DeliverError::Full(question)));
        drop(gate);
    });
    assert_eq!(node.shutdown(), Ok(()));
}

pub(crate) fn two_full_nodes_both_go_on<N: Surface>() {
    let nodes = Arc::new(Mutex::new([None, None]));
    let start = |me: NodeId| {
        let nodes = Arc::clone(&nodes);
        let send = move |to, message| {
            if let Some(node) = &nodes.lock().expect("no panic")[to as usize - 1] {
                let node: &Arc<N> = node;
                // Lost, if there is no room.
                let _ = node.deliver(me, message);
            }
        };
        Arc::new(N::start(config(me, 2), Stored::default(), send, |_| ()))
    };
    for me in [1, 2] {
        let node = start(me);
        nodes.lock().expect("no panic")[me as usize - 1] = Some(node);
    }
    let [one, two] = nodes.lock().expect("no panic").clone().map(|node| node.expect("it is there"));
    one.elect();
    two.elect();
    note!("both elect");
    *nodes.lock().expect("no panic") = [None, None];
    for node in [one, two] {
        let node = Arc::into_inner(node).expect("nobody else has it");
        assert_eq!(node.shutdown(), Ok(()));
    }
}

/// How often something was announced, in all schedules.
pub(crate) static ANNOUNCED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn no_announcement_overtakes_its_save<N: Surface>() {
    let saved = Arc::new(AtomicU64::new(6));
    let disk = Arc::clone(&saved);
    let save = move |stored: Stored| {
        // The disk takes its time.
        thread::yield_now();
        disk.store(stored.epoch, SeqCst);
        note!("saved {}", stored.epoch);
    };
    let send = move |_, message: Message| {
        if let Some(token) = subject::announced(message) {
            note!("announces {token}");
            assert!(token.epoch <= saved.load(SeqCst), "{token} is not safe yet");
            ANNOUNCED.fetch_add(1, SeqCst);
        }
    };
    let node = N::start(config(2, 2), subject::stored(6), send, save);
    thread::scope(|scope| {
        scope.spawn(|| {
            for word in subject::last_words(Token { epoch: 7, id: 2 }) {
                let _ = node.deliver(1, word);
            }
        });
        let _ = node.deliver(1, subject::question());
    });
    assert_eq!(node.shutdown(), Ok(()));
}
