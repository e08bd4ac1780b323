//! The body with one thread: it publishes a burst, then each subscriber takes the burst. A time is
//! for a delivery.

use std::cell::{LazyCell, RefCell};
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use benches::Contender as Entry;

use crate::contender::{Payload, Turns};
use crate::memory;

/// Messages between two turns of a subscriber.
pub(crate) const BURST: usize = 64;

/// Subscribers take bursts of 64.
pub(crate) fn bursts<'a, P: Payload, H: Turns<P> + 'a>(
    name: &'static str,
    subscribers: usize,
) -> Entry<'a> {
    turns::<P, H>(name, subscribers, BURST)
}

/// Subscribers take each message by itself.
pub(crate) fn one_by_one<'a, P: Payload, H: Turns<P> + 'a>(
    name: &'static str,
    subscribers: usize,
) -> Entry<'a> {
    turns::<P, H>(name, subscribers, 1)
}

fn turns<'a, P: Payload, H: Turns<P> + 'a>(
    name: &'static str,
    subscribers: usize,
    burst: usize,
) -> Entry<'a> {
    let new = move || {
        let fill = |room| full::<P, H>(room, subscribers);
        H::new(memory::room(name, subscribers, BURST, fill), subscribers)
    };
    let messages: Vec<P> = (0..burst as u64).map(P::new).collect();
    let turn = move |hub: &mut H, readers: &mut Vec<H::Subscriber>| {
        for message in &messages {
            hub.publish(message.clone());
        }
        let mut sum = 0;
        for reader in readers {
            hub.receive(reader, burst, |message| sum += message.number());
        }
        sum
    };
    // Made once, and before the clock runs: the less a short call costs, the more deliveries criterion
    // asks for in a sample, and the less it matters that a time is in whole nanoseconds.
    let made = Rc::new(LazyCell::new(move || {
        let (mut hub, mut readers) = new();
        turn(&mut hub, &mut readers); // touches all memory for the first time
        RefCell::new((hub, readers, turn))
    }));
    let time = {
        let made = Rc::clone(&made);
        move |operations: u64| {
            let (hub, readers, turn) = &mut *made.borrow_mut();
            let turns = operations.div_ceil((burst * subscribers) as u64);
            let start = Instant::now();
            let sum: u64 = (0..turns).map(|_| black_box(turn(hub, readers))).sum();
            let time = start.elapsed();
            let each = (0..burst as u64).sum::<u64>();
            assert_eq!(sum, turns * each * subscribers as u64, "a delivery is missing");
            time.mul_f64(operations as f64 / (turns as usize * burst * subscribers) as f64)
        }
    };
    let rehearse = move || {
        rehearse::<P, H>(subscribers.min(100));
        LazyCell::force(&made);
        None
    };
    Entry { name, rehearse: Box::new(rehearse), time: Box::new(time) }
}

/// A hub in which nothing has been taken yet.
fn full<P: Payload, H: Turns<P>>(room: usize, subscribers: usize) -> (H, Vec<H::Subscriber>) {
    let (mut hub, readers) = H::new(room, subscribers);
    let message = P::new(0);
    let count = if H::WHOLE { 0 } else { room };
    (0..count).for_each(|_| hub.publish(message.clone()));
    (hub, readers)
}

/// Everybody gets everything, in order, over several rounds of the ring.
fn rehearse<P: Payload, H: Turns<P>>(subscribers: usize) {
    let (mut hub, mut readers) = H::new(BURST, subscribers);
    for turn in 0..10 {
        let first = turn * BURST as u64;
        let numbers = first..first + BURST as u64;
        numbers.clone().for_each(|number| hub.publish(P::new(number)));
        for reader in &mut readers {
            let mut seen = Vec::with_capacity(BURST);
            hub.receive(reader, BURST, |message| seen.push(message.number()));
            assert!(seen.into_iter().eq(numbers.clone()), "a message is missing or out of order");
        }
    }
}
