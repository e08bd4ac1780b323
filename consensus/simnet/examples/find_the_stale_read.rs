//! Finds what a network, a crash and a copy do to a register, and shows what its clients saw.
//!
//!     cargo run -p simnet --example find_the_stale_read
//!
//! Three ways to build it wrong, each refused by the judge, with the history of the first seed that
//! shows it. Then the right way, under the same faults.

#[path = "find_the_stale_read/register.rs"]
mod register;

use register::{Answer, Broken, Op, Register};
use simnet::judge::{History, Verdict};

const SEEDS: u64 = 200;

fn main() {
    let right = Broken::default();
    let wrong = [
        ("reads go to the copy", Broken { reads_from_the_copy: true, ..right }),
        ("a repeated request is done again", Broken { forgets_requests: true, ..right }),
        ("answered before it is on the disk", Broken { answers_too_early: true, ..right }),
    ];
    for (fault, broken) in wrong {
        let found = (1..=SEEDS).find_map(|seed| Some((seed, judge(seed, broken).err()?)));
        let (seed, (history, stuck)) = found.expect("no seed shows the fault");
        println!("{fault}: seed {seed}\n");
        for (number, line) in history.to_string().lines().enumerate() {
            println!("{line}{}", if number == stuck { "      <- fits nowhere" } else { "" });
        }
        println!();
    }
    for seed in 1..=SEEDS {
        assert!(judge(seed, right).is_ok(), "seed {seed} breaks the right one");
    }
    println!("the right way: {SEEDS} seeds, and the judge accepts every history");
}

/// Runs one seed; gives the history and the operation that fits nowhere, if it is not linearizable.
fn judge(seed: u64, broken: Broken) -> Result<(), (History<Op, Answer>, usize)> {
    let (_, history) = register::run(seed, broken);
    match history.judge(&Register, 1_000_000) {
        Verdict::Linearizable(_) => Ok(()),
        Verdict::Violation { stuck, .. } => Err((history, stuck)),
        Verdict::GaveUp => panic!("too many operations overlap"),
    }
}
