//! The textbook's ring of bounded channels, in which all that send wait for all that send.

use std::time::Duration;

use interleave::{bound, fails, holds, note};
use ring::core::Core;
use ring::{Config, Message, NodeId, Stored, Timing};
use shuttle::sync::mpsc::{Receiver, SyncSender, sync_channel};
use shuttle::thread;

// ANCHOR: deadlock
/// A node of a ring of channels with room for one message. Its time is up before it looked into its
/// inbox, so that it sends its candidate again; whoever waits in `send` does not receive.
fn textbook(me: NodeId, inbox: &Receiver<NodeId>, next: &SyncSender<NodeId>) {
    for _ in 0..2 {
        next.send(me).unwrap();
        note!("{me} sent its candidate");
    }
    while let Ok(id) = inbox.recv() {
        if id == me {
            return note!("{me} leads");
        }
        if id > me {
            next.send(id).unwrap();
        }
    }
}
// ANCHOR_END: deadlock

/// The same with our rules: what does not fit is lost, and tried again by and by.
fn ours(me: NodeId, inbox: &Receiver<(NodeId, Message)>, next: &SyncSender<(NodeId, Message)>) {
    let mut core = Core::new(
        Config::new(me, [1, 2], Timing::for_ring(2, Duration::from_millis(1))),
        Stored::default(),
    );
    core.start(Duration::ZERO);
    core.elect(Duration::ZERO);
    for _ in 0..4 {
        for (_, message) in core.take_messages() {
            let is_lost = next.try_send((me, message)).is_err();
            note!("{me} sent{}", if is_lost { " in vain" } else { "" });
        }
        if let Ok((from, message)) = inbox.try_recv() {
            core.receive(Duration::ZERO, from, message);
        }
    }
}

/// Two nodes, each in a thread of its own, joined.
fn two<M: Send + 'static>(node: fn(NodeId, &Receiver<M>, &SyncSender<M>)) {
    let (to_one, one) = sync_channel(1);
    let (to_two, two) = sync_channel(1);
    let first = thread::spawn(move || node(1, &one, &to_two));
    let second = thread::spawn(move || node(2, &two, &to_one));
    // Here it only matters whether they come to an end.
    let _ = (first.join(), second.join());
}

#[test]
fn a_ring_in_which_all_send_first_is_stuck() {
    let schedule = fails(|| two(textbook));
    schedule.matches("tests/schedules/all_send_first.txt");
    assert!(schedule.to_string().contains("deadlock"), "{schedule}");
}

#[test]
fn ours_never_waits_to_send() {
    let schedules = holds(bound(2), || two(ours));
    assert!(schedules > 100, "only {schedules}");
}
