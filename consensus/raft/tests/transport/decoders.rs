//! Messages become bytes and come back. Bytes that are no message are refused, whatever they say of
//! themselves.

use std::io::Write;
use std::sync::Arc;

use raft::log::{Conflict, Entry, Payload};
use raft::membership::{Change, Membership};
use raft::message::{Answer, AppendRequest, Ballot, ChunkRequest, Reply, Request, VoteRequest};
use raft::{Position, Snapshot};

use crate::dice::Dice;

/// Mostly small, as lengths and kinds are.
fn number(dice: &mut Dice) -> u64 {
    match dice.below(4) {
        0 => dice.roll(),
        1 => u64::MAX - dice.below(3),
        _ => dice.below(300),
    }
}

fn position(dice: &mut Dice) -> Position {
    Position { term: number(dice), index: number(dice) }
}

fn bytes(dice: &mut Dice, below: u64) -> Vec<u8> {
    (0..dice.below(below)).map(|_| dice.roll() as u8).collect()
}

fn members(dice: &mut Dice) -> Arc<Membership> {
    let members = Membership::new(1..=1 + dice.below(5));
    let members = members.simple(&[Change::Learner(7)]).expect("nobody votes less");
    let is_joint = dice.one_in(2);
    let changes = [Change::Learner(1), Change::Voter(8), Change::Remove(2)];
    let joint = members.enter_joint(&changes, dice.one_in(2)).expect("8 votes");
    Arc::new(if is_joint { joint } else { members })
}

fn entry(dice: &mut Dice) -> Entry {
    let payload = match dice.below(4) {
        0 => Payload::Empty,
        1 => Payload::Membership(members(dice)),
        _ => Payload::Command(bytes(dice, 80).into()),
    };
    Entry { term: number(dice), payload }
}

fn request(dice: &mut Dice) -> Request {
    let term = number(dice);
    match dice.below(5) {
        0 => {
            let ballot = [Ballot::Trial, Ballot::Real, Ballot::Handed][dice.below(3) as usize];
            Request::Vote(VoteRequest { term, last: position(dice), ballot })
        }
        1 => Request::Campaign { term },
        2 => {
            let snapshot =
                Snapshot { last: position(dice), members: members(dice), size: number(dice) };
            let (offset, bytes) = (number(dice), bytes(dice, 200));
            let length = bytes.len() as u32;
            Request::Chunk(ChunkRequest { term, snapshot, offset, length, bytes })
        }
        _ => {
            let entries = (0..dice.below(6)).map(|_| entry(dice)).collect();
            let (previous, commit) = (position(dice), number(dice));
            Request::Append(AppendRequest { term, previous, entries, commit })
        }
    }
}

fn reply(dice: &mut Dice) -> Reply {
    let answer = match dice.below(5) {
        0 => Answer::Yes,
        1 => Answer::No,
        2 => Answer::Conflict(Conflict::Short { next: number(dice) }),
        3 => Answer::Conflict(Conflict::Other { term: number(dice), first: number(dice) }),
        _ => Answer::Have(number(dice)),
    };
    Reply { term: number(dice), answer }
}

fn as_bytes(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    bytes
}

/// One to three pieces of damage.
fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() as u64 + 1) as usize;
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.extend(self::bytes(dice, 40)),
            2 => drop(bytes.splice(at..at, self::bytes(dice, 9))),
            3 => bytes.drain(at..).take(1).for_each(drop),
            // A length, or a count, that promises too much.
            4 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
        }
    }
}

/// What a request takes in memory, at least: what its vectors have room for counts, filled or not.
fn room(request: &Request) -> usize {
    match request {
        Request::Append(append) => {
            let commands = append.entries.iter().map(|entry| match &entry.payload {
                Payload::Command(command) => command.len(),
                Payload::Empty | Payload::Membership(_) => 0,
            });
            append.entries.capacity() * size_of::<Entry>() + commands.sum::<usize>()
        }
        Request::Chunk(chunk) => chunk.bytes.capacity(),
        Request::Vote(_) | Request::Campaign { .. } => 0,
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let mut dice = Dice(1);
    for _ in 0..5_000 {
        let (request, reply) = (request(&mut dice), reply(&mut dice));
        assert_eq!(Request::decode(&as_bytes(|out| request.encode(out))), Ok(request));
        assert_eq!(Reply::decode(&as_bytes(|out| reply.encode(out))), Ok(reply));
    }
}

/// Every end but the last is too early: an append may end behind any entry, and is then another one.
#[test]
fn a_message_that_is_cut_off_is_not_taken_for_itself() {
    let mut dice = Dice(2);
    for _ in 0..500 {
        let (request, reply) = (request(&mut dice), reply(&mut dice));
        let (asked, answered) =
            (as_bytes(|out| request.encode(out)), as_bytes(|out| reply.encode(out)));
        let cut = |end: usize| Request::decode(&asked[..end]).ok();
        assert!((0..asked.len()).all(|end| cut(end).is_none_or(|it| it != request)));
        assert!((0..answered.len()).all(|end| Reply::decode(&answered[..end]).is_err()));
    }
}

#[test]
fn no_bytes_make_a_decoder_fall_or_take_more_memory_than_they_warrant() {
    let deep = std::env::var_os("COOKBOOK_DEEP").is_some();
    let (inputs, mut dice) = (if deep { 1_000_000 } else { 100_000 }, Dice(3));
    let (mut taken, mut refused) = (0, 0);
    for input in 0..inputs {
        let mut bytes = match input % 4 {
            0 => bytes(&mut dice, 120),
            1 => as_bytes(|out| reply(&mut dice).encode(out)),
            _ => as_bytes(|out| request(&mut dice).encode(out)),
        };
        damage(&mut dice, &mut bytes);
        let request = Request::decode(&bytes);
        if let Ok(request) = &request {
            // The smallest entry has nine bytes, and a vector doubles.
            let most = 2 * bytes.len() * size_of::<Entry>().div_ceil(9) + 8 * size_of::<Entry>();
            assert!(room(request) <= most, "{} for {} bytes", room(request), bytes.len());
            assert_eq!(Request::decode(&as_bytes(|out| request.encode(out))).as_ref(), Ok(request));
        }
        let reply = Reply::decode(&bytes);
        if let Ok(reply) = &reply {
            assert_eq!(Reply::decode(&as_bytes(|out| reply.encode(out))).as_ref(), Ok(reply));
        }
        if request.is_ok() || reply.is_ok() { taken += 1 } else { refused += 1 }
    }
    // Not by `eprintln`, which the test harness swallows.
    let counts = format!(
        "COUNT raft_decoder_inputs={inputs}\nCOUNT raft_decoder_inputs_refused={refused}\n"
    );
    std::io::stderr().write_all(counts.as_bytes()).expect("stderr");
    // Damage may hit what can have any value.
    assert!(taken > inputs / 20 && refused > inputs / 4, "{taken} taken, {refused} refused");
}
