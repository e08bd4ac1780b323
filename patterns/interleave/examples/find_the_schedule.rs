//! One source, two worlds: the same `tickets.rs` sells to real threads, and is put on trial.
//!
//! ```sh
//! cargo run -p interleave --example find_the_schedule
//! ```
//!
//! You will see how many tickets real threads bought this time, which proves nothing; then the
//! schedule under which the careless version sells one seat twice; then under how many schedules
//! the right one holds. (Shuttle writes a line of its own to standard error when a run fails.)

#![expect(clippy::duplicate_mod, reason = "the same file, in two worlds")]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use interleave::{fails, holds, note};

/// The world of the trial: `tickets.rs` finds the primitives of shuttle beside it.
mod sync {
    pub(crate) use shuttle::sync::Mutex;
}
#[path = "find_the_schedule/tickets.rs"]
mod tickets;

/// The real world: the same file, with the primitives of `std` beside it.
#[path = "find_the_schedule/real.rs"]
mod real;

const SEATS: u32 = 1_000;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    let hall = real::tickets::Tickets::new(SEATS);
    let (sold, seats) = sell_to_threads(|| hall.sell_carelessly());
    writeln!(out, "real threads, careless: {sold} tickets for {seats} seats, this time")?;
    let hall = real::tickets::Tickets::new(SEATS);
    let (sold, seats) = sell_to_threads(|| hall.sell());
    writeln!(out, "real threads, right:    {sold} tickets for {seats} seats, this time")?;
    assert_eq!(sold, seats);

    let schedule = fails(|| {
        let hall = tickets::Tickets::new(2);
        trial(move || hall.sell_carelessly());
    });
    assert_eq!(schedule.preemptions(), 1);
    writeln!(out, "\nThe careless one breaks in schedule {}:\n\n{schedule}\n", schedule.index())?;

    let tried = holds(3, || {
        let hall = tickets::Tickets::new(2);
        trial(move || hall.sell());
    });
    assert!(tried > 20);
    writeln!(out, "The right one holds under all {tried} with at most 3 preemptions.")
}

/// Two buyers at two counters.
fn trial(sell: impl Fn() -> Option<u32> + Send + Sync + 'static) {
    let sell = Arc::new(sell);
    let buyers = [0, 1].map(|_| {
        let sell = Arc::clone(&sell);
        shuttle::thread::spawn(move || {
            let seat = sell().expect("there is one for each");
            note!("buys seat {seat}");
            seat
        })
    });
    let [first, second] = buyers.map(|buyer| buyer.join().unwrap());
    assert!(first != second, "a seat is sold twice");
}

/// How many tickets two threads buy until there are none, and how many seats these name.
fn sell_to_threads(sell: impl Fn() -> Option<u32> + Sync) -> (usize, usize) {
    let buy = || std::iter::from_fn(&sell).collect::<Vec<_>>();
    let tickets = std::thread::scope(|scope| {
        let buyers = [scope.spawn(buy), scope.spawn(buy)];
        buyers.map(|buyer| buyer.join().unwrap()).concat()
    });
    (tickets.len(), tickets.iter().collect::<BTreeSet<_>>().len())
}
