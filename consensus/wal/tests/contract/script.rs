//! A run of a log, of which it is known what was appended and what was acknowledged.

use super::disk::Disk;
use super::surface::Log;
use super::under_test::{Entry, OpenError, Options, Record, Recovery};

/// A log of its own: its segments hold a few records.
pub(crate) fn options() -> Options {
    Options { segment_bytes: 4096, max_record: 2000, room: 8, ..Options::new(7) }
}

/// A record that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) kind: u8,
    pub(crate) is_carried: bool,
    pub(crate) body: Vec<u8>,
}

impl Written {
    fn record(&self) -> Record<'_> {
        if self.is_carried {
            Record::carried(self.kind, &self.body)
        } else {
            Record::new(self.kind, &self.body)
        }
    }
}

/// What is known of a log. The record with the sequence n is at n - 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) written: Vec<Written>,
    /// So many were acknowledged.
    pub(crate) acknowledged: usize,
    /// All before this sequence may be gone.
    pub(crate) released: u64,
}

/// A step of a run: bodies of these lengths.
pub(crate) enum Step {
    Force(&'static [usize]),
    Lazy(&'static [usize]),
    /// The vote, say.
    Carried(usize),
    /// Releases all but the last so many records.
    Release(u64),
}

/// Several batches in a commit, rolls, and segments that go.
pub(crate) const STEPS: &[Step] = &[
    Step::Carried(20),
    Step::Force(&[10]),
    Step::Force(&[280, 290, 10, 20]),
    Step::Lazy(&[30, 40]),
    Step::Force(&[200, 280, 280]),
    Step::Carried(30),
    Step::Force(&[600, 280, 5]),
    Step::Lazy(&[0]),
    Step::Release(6),
    Step::Force(&[280, 280, 280, 280, 280]),
    Step::Carried(10),
    Step::Force(&[1500]),
    Step::Release(2),
    Step::Lazy(&[100]),
];

impl History {
    /// Appends one more record with a body that no other has.
    pub(crate) fn next(&mut self, life: u8, length: usize, is_carried: bool) {
        let number = self.written.len() as u8;
        let body = (0..length).map(|at| (at as u8).wrapping_mul(number) ^ life ^ number).collect();
        // An empty body is told by its kind.
        self.written.push(Written { kind: number ^ life, is_carried, body });
    }

    /// Does the steps until the log fails; whether it did.
    pub(crate) fn run<L: Log>(&mut self, log: L, life: u8, steps: &[Step]) -> bool {
        steps.iter().any(|step| self.step(&log, life, step)) || self.end(log)
    }

    fn step<L: Log>(&mut self, log: &L, life: u8, step: &Step) -> bool {
        let from = self.written.len();
        match step {
            Step::Release(keeps) => {
                let before = (from as u64).saturating_sub(*keeps);
                self.released = self.released.max(before);
                return log.release(before).is_err();
            }
            Step::Carried(length) => {
                self.next(life, *length, true);
                // One kind, so that there is a last one.
                self.written[from].kind = 200;
            }
            Step::Force(lengths) | Step::Lazy(lengths) => {
                lengths.iter().for_each(|length| self.next(life, *length, false));
            }
        }
        let records: Vec<_> = self.written[from..].iter().map(Written::record).collect();
        if let Step::Lazy(_) = step {
            return log.append_lazy(&records).is_err();
        }
        let acknowledged = log.force(&records);
        if let Ok(sequence) = acknowledged {
            assert_eq!(sequence, self.written.len() as u64);
            self.acknowledged = self.written.len();
        }
        acknowledged.is_err()
    }

    fn end<L: Log>(&mut self, log: L) -> bool {
        let ended = log.shutdown();
        if ended.is_ok() {
            self.acknowledged = self.written.len();
        }
        ended.is_err()
    }

    /// Opens the log; what is in it must be what was acknowledged, and perhaps some more of what was
    /// appended. Forgets what is lost.
    pub(crate) fn reopen<L: Log>(&mut self, disk: &Disk) -> Result<(L, Recovery), OpenError> {
        let mut found = Vec::new();
        let (log, recovery) = L::open(disk.path(), &options(), |entry| found.push(owned(entry)))?;
        assert_eq!(recovery.records, found.len() as u64);
        self.check(&found, recovery.last);
        self.written.truncate(recovery.last as usize);
        self.acknowledged = self.written.len();
        Ok((log, recovery))
    }

    fn check(&self, found: &[(u64, Written)], last: u64) {
        assert!(
            last >= self.acknowledged as u64,
            "an acknowledged record is lost: {last} are left"
        );
        assert!(last <= self.written.len() as u64, "more than was appended: {last}");
        for (sequence, written) in found {
            assert_eq!(*written, self.written[*sequence as usize - 1], "record {sequence}");
        }
        let sequences: Vec<_> = found.iter().map(|it| it.0).collect();
        assert!(sequences.is_sorted_by(|one, next| one < next), "out of order: {sequences:?}");
        let kept = self.released.max(1)..=last;
        assert!(kept.clone().all(|it| sequences.contains(&it)), "a hole: {sequences:?}, {kept:?}");
        let vote = self.written[..last as usize].iter().rposition(|it| it.is_carried);
        let vote = vote.map(|at| at as u64 + 1);
        assert!(vote.is_none_or(|it| sequences.contains(&it)), "the carried record is lost");
    }
}

fn owned(entry: Entry<'_>) -> (u64, Written) {
    let Entry { sequence, kind, is_carried, body } = entry;
    (sequence, Written { kind, is_carried, body: body.to_vec() })
}
