//! The work of the stage that has several workers, and what no pipeline can beat at it.

use std::sync::Mutex;
use std::thread;

use crate::contender::Crew;

/// About a microsecond of arithmetic, each step of which needs the one before.
pub(crate) fn microsecond(number: u64) -> u64 {
    (0..STEPS).fold(number, |word, _| (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

const STEPS: u32 = 600;

/// The work alone: each thread fetches a block of numbers that lasts a millisecond.
pub(crate) struct WorkAlone;

const BLOCK: usize = 1024;

impl Crew for WorkAlone {
    fn run(
        workers: usize,
        _: usize,
        source: impl Iterator<Item = u64> + Send + 'static,
        work: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        sink: impl FnMut(u64) + Send + 'static,
    ) {
        let ends = Mutex::new((source, sink));
        let by_block = || {
            let mut block = Vec::with_capacity(BLOCK);
            loop {
                block.extend(ends.lock().unwrap().0.by_ref().take(BLOCK));
                if block.is_empty() {
                    return;
                }
                for number in &mut block {
                    *number = work(*number);
                }
                block.drain(..).for_each(&mut ends.lock().unwrap().1);
            }
        };
        thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(by_block))));
    }
}
