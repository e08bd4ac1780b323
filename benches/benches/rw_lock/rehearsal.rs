//! Before a contender is timed it is rehearsed under the same load: the share of operations is
//! counted that found somebody in the way, and the processor time of all threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use benches::{Load as Seen, race};

use crate::bodies::{HEAT, Load, Tally};
use crate::contender::{Client, Contender};
use crate::work::{Stay, turns};

/// Threads that compete as they will when timed, and count.
pub(crate) fn threads<C: Contender>(load: Load) -> Seen {
    let (lock, tally, waited) = (C::new(), Tally::default(), AtomicU64::new(0));
    let heat = race(load.threads, HEAT, |stop| count(&lock, load, &tally, &waited, stop));
    tally.verify(&lock);
    let done = heat.operations.max(1) as f64;
    Seen {
        waited: (waited.load(Relaxed) * load.stay.times) as f64 / done,
        cpu_ns: heat.cpu.as_nanos() as f64 / done,
    }
}

/// Writes to shared memory only at the end, so that the load is that of the timed body.
fn count<C: Contender>(
    lock: &C,
    load: Load,
    tally: &Tally,
    waited: &AtomicU64,
    stop: &AtomicBool,
) -> u64 {
    let turns = turns(load.writes_in_100, tally.thread());
    let (mut client, stay) = (lock.client(), load.stay);
    let (mut turns_done, mut in_the_way, mut written, mut torn) = (0, 0, 0, 0);
    for &writes in turns.iter().cycle() {
        if stop.load(Relaxed) {
            break;
        }
        let at_once = if writes {
            written += 1;
            write(&mut client, stay)
        } else {
            let (at_once, its) = read(&mut client, stay);
            torn |= its;
            at_once
        };
        in_the_way += u64::from(!at_once);
        turns_done += 1;
    }
    tally.add(written * stay.times, torn);
    waited.fetch_add(in_the_way, Relaxed);
    turns_done * stay.times
}

/// Whether it could at once; and a bit of what it saw that was not whole.
fn read(client: &mut impl Client, stay: Stay) -> (bool, u64) {
    match client.attempt_read(stay) {
        Some(pair) => (true, pair.torn()),
        None => (false, client.read(stay).torn()),
    }
}

/// Whether it could at once.
fn write(client: &mut impl Client, stay: Stay) -> bool {
    let at_once = client.attempt_write(stay);
    if !at_once {
        client.write(stay);
    }
    at_once
}
