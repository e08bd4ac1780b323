//! The textbook's network is a bounded channel for each node, and a send that blocks while it is
//! full. Two nodes that send to each other hang.

use interleave::{bound, fails, holds, note};
use shuttle::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use shuttle::thread;

/// Each node sends what it has to send, and then looks into its inbox.
// ANCHOR: textbook
fn textbook(other: &SyncSender<u32>, inbox: &Receiver<u32>) {
    for number in 1..=2 {
        other.send(number).expect("the other one lives");
        note!("has sent {number}");
    }
    for number in inbox.try_iter() {
        note!("reads {number}");
    }
}
// ANCHOR_END: textbook

/// The cure: what does not fit is lost, as on every real network, and a protocol has to bear it.
// ANCHOR: cure
fn cure(other: &SyncSender<u32>, inbox: &Receiver<u32>) {
    for number in 1..=2 {
        match other.try_send(number) {
            Ok(()) => note!("has sent {number}"),
            Err(TrySendError::Full(_)) => note!("loses {number}"),
            Err(TrySendError::Disconnected(_)) => return note!("is alone"),
        }
    }
    for number in inbox.try_iter() {
        note!("reads {number}");
    }
}
// ANCHOR_END: cure

fn two_nodes(node: fn(&SyncSender<u32>, &Receiver<u32>)) {
    let (to_a, inbox_a) = sync_channel(1);
    let (to_b, inbox_b) = sync_channel(1);
    let a = thread::spawn(move || node(&to_b, &inbox_a));
    let b = thread::spawn(move || node(&to_a, &inbox_b));
    a.join().unwrap();
    b.join().unwrap();
}

#[test]
fn two_nodes_that_send_to_each_other_hang() {
    let schedule = fails(|| two_nodes(textbook));
    schedule.matches("tests/schedules/full_inboxes.txt");
}

#[test]
fn two_nodes_that_may_lose_messages_both_go_on() {
    holds(bound(2), || two_nodes(cure));
}
