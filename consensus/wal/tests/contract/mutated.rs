//! Segments that nobody wrote: no panic, and no record that was not appended.

use super::memory::disk::Disk;
use super::memory::script::{History, Written, options};
use super::memory::under_test::OpenError;
use super::{is_deep, say};

type Wal = super::memory::lock::Wal;

/// `SplitMix64` by Steele, Lea and Flood.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// A few changes of a kind that disks and people make.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..=rng.below(3) {
        let length = bytes.len().max(1);
        let (at, other) = (rng.below(length), rng.below(length));
        let (sector, other_sector) = (at / 512 * 512, other / 512 * 512);
        match rng.below(8) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.next() as u8,
            2 => bytes.truncate(at),
            3 => bytes[sector..].iter_mut().take(512).for_each(|byte| *byte = 0),
            4 => bytes.resize(length + rng.below(2000), rng.next() as u8),
            // A sector where another belongs.
            5 if length.is_multiple_of(512) => {
                bytes.copy_within(other_sector..other_sector + 512, sector);
            }
            6 => bytes[sector..].iter_mut().take(512).for_each(|byte| *byte = rng.next() as u8),
            _ => {
                let end = (at + rng.below(16)).min(length);
                bytes[at..end].fill_with(|| rng.next() as u8);
            }
        }
    }
}

/// A log of three segments, the last of them torn.
fn sample() -> (Disk, History) {
    use super::memory::script::Step;
    let (disk, mut history) = (Disk::new(), History::default());
    let (log, _) = history.reopen::<Wal>(&disk).unwrap();
    let steps = [
        Step::Carried(20),
        Step::Force(&[280, 280, 100, 900]),
        Step::Force(&[700, 700, 10]),
        Step::Force(&[280, 280, 280]),
        Step::Force(&[10, 20]),
    ];
    assert!(!history.run(log, 1, &steps));
    assert_eq!(disk.names().len(), 3);
    (disk, history)
}

/// Opens it; what comes out is part of what was appended, in order.
fn is_told_or_true(disk: &Disk, history: &History) -> Result<(), OpenError> {
    let mut found: Vec<(u64, Written)> = Vec::new();
    let opened = Wal::open(disk.path(), &options(), |entry| {
        let written =
            Written { kind: entry.kind, is_carried: entry.is_carried, body: entry.body.to_vec() };
        found.push((entry.sequence, written));
    });
    for (sequence, written) in &found {
        assert_eq!(Some(written), history.written.get(*sequence as usize - 1), "{sequence}");
    }
    assert!(found.is_sorted_by(|one, next| one.0 < next.0));
    opened.map(drop)
}

#[test]
fn no_random_or_mutated_segment_makes_a_panic_or_a_record() {
    let (sample, history) = sample();
    let (rounds, mut rng) = (if is_deep() { 1_000_000 } else { 100_000 }, Rng(26));
    let (mut opened, mut refused) = (0, 0);
    for round in 0..rounds {
        let disk = sample.copy();
        let names = disk.names();
        let name = &names[rng.below(names.len())];
        disk.edit(name, |bytes| {
            if round % 16 == 0 {
                bytes.truncate(rng.below(4097));
                bytes.fill_with(|| rng.next() as u8);
            } else {
                mutate(&mut rng, bytes);
            }
        });
        match is_told_or_true(&disk, &history) {
            Ok(()) => opened += 1,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(opened > rounds / 50 && refused > rounds / 4, "{opened}, {refused}");
    say(&format!("COUNT wal_mutated_segments={rounds}"));
    say(&format!("COUNT wal_mutated_segments_refused={refused}"));
}
