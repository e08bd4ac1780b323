//! What comes to a participant at once shares the disk, and each request still has its own answer.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use two_phase_commit::branches::Part;
use two_phase_commit::embedded::Embedded;
use two_phase_commit::log::{Line, Log, LogFailed, Memory, Opened};
use two_phase_commit::message::{Reply, Request, Said, What};
use two_phase_commit::participant::Participant;
use two_phase_commit::{Outcome, Tx, Vote};

#[allow(dead_code, reason = "shared with other tests")]
#[path = "../examples/bank/accounts.rs"]
mod accounts;

use accounts::{Accounts, part};

/// Counts how often somebody waits for it.
struct Counted {
    log: Memory,
    waits: AtomicUsize,
}

impl Log for Counted {
    fn force(&self, lines: &[Line]) -> Result<u64, LogFailed> {
        self.waits.fetch_add(1, Relaxed);
        self.log.force(lines)
    }

    fn write(&self, line: Line) -> Result<(), LogFailed> {
        self.log.write(line)
    }

    fn release(&self, before: u64) -> Result<(), LogFailed> {
        self.log.release(before)
    }
}

type Bank = Participant<Embedded<Accounts, Counted>>;

fn bank() -> Bank {
    let Opened { log, lines } = Memory::default().open();
    let log = Counted { log, waits: AtomicUsize::new(0) };
    let accounts = Accounts::with(&[("a", 10), ("b", 10), ("c", 10), ("d", 10)]);
    let store = Embedded::open(Opened { log, lines }, accounts).unwrap();
    Participant::open(1, store).unwrap()
}

fn tx(sequence: u64) -> Tx {
    Tx { coordinator: 9, epoch: 1, sequence }
}

fn request(sequence: u64, what: What) -> Request {
    Request { tx: tx(sequence), log: 7, mark: tx(0), what }
}

fn prepare(sequence: u64, account: &str, change: i64) -> Request {
    request(sequence, What::Prepare(Part { peers: vec![2], redo: part(account, change) }))
}

fn decide(sequence: u64, outcome: Outcome) -> Request {
    request(sequence, What::Decide(outcome))
}

fn said(replies: Vec<Option<Reply>>) -> Vec<Option<(u64, Said)>> {
    replies.into_iter().map(|reply| reply.map(|it| (it.tx.sequence, it.said))).collect()
}

fn waits(bank: &Bank) -> usize {
    bank.store().log().waits.swap(0, Relaxed)
}

#[test]
fn what_comes_together_waits_for_the_disk_once_and_is_answered_in_its_place() {
    let bank = bank();
    bank.handle(prepare(0, "a", -1));
    bank.handle(prepare(1, "b", -1));
    waits(&bank);
    let replies = bank.handle_all(vec![
        prepare(2, "c", -1),
        decide(0, Outcome::Committed),
        // There is not enough.
        prepare(3, "d", -100),
        Request { log: 8, ..prepare(4, "d", 1) },
        decide(1, Outcome::Aborted),
        // Nobody answers that.
        request(5, What::Forget),
        prepare(6, "d", 1),
    ]);
    assert_eq!(
        said(replies),
        [
            Some((2, Said::Voted(Vote::Yes))),
            Some((0, Said::Done)),
            Some((3, Said::Voted(Vote::No))),
            Some((4, Said::Foreign)),
            Some((1, Said::Done)),
            None,
            Some((6, Said::Voted(Vote::Yes))),
        ]
    );
    assert_eq!(waits(&bank), 1);
    assert_eq!(bank.in_doubt(), [tx(2), tx(6)]);
    let left = bank.store().read(|it| (it.balances["a"], it.balances["b"], it.locked()));
    assert_eq!(left, (9, 10, 2), "one is done, one dropped, and two hold their locks");
}

#[test]
fn an_end_that_comes_with_its_beginning_overtakes_it() {
    let bank = bank();
    let replies = bank.handle_all(vec![prepare(0, "a", -1), decide(0, Outcome::Aborted)]);
    assert_eq!(said(replies), [None, None], "nobody waits for the vote, and it is told again");
    let again = bank.handle(decide(0, Outcome::Aborted)).map(|reply| reply.said);
    assert_eq!(again, Some(Said::Done));
    let left = bank.store().read(|it| (it.balances["a"], it.locked()));
    assert_eq!((left, bank.in_doubt()), ((10, 0), vec![]), "nothing of it is left");
}

#[test]
fn a_request_that_comes_twice_at_once_is_answered_once() {
    let bank = bank();
    let replies = bank.handle_all(vec![prepare(0, "a", -1), prepare(0, "a", -1)]);
    assert_eq!(said(replies), [Some((0, Said::Voted(Vote::Yes))), None]);
    let replies =
        bank.handle_all(vec![decide(0, Outcome::Committed), decide(0, Outcome::Committed)]);
    assert_eq!(said(replies), [Some((0, Said::Done)), None]);
    assert_eq!(bank.store().read(|it| it.balances["a"]), 9, "it is done once");
}
