//! Clients write and read while somebody harms the nodes; then all is read again.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Reply, ask};
use super::cluster::Cluster;
use super::history::{Answer, Judged, Op, Seen, judge, unavailable};

const CLIENTS: u64 = 4;
/// So many registers are in use at once, and others after a while: so each history stays short enough to
/// be judged, whatever is unknown in it.
const REGISTERS: u64 = 3;
const EPOCH: Duration = Duration::from_secs(1);
/// A cluster that nobody harms answers by then.
pub(crate) const RECOVERY: Duration = Duration::from_secs(30);

/// How often nodes were harmed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Harm {
    pub(crate) kills: u64,
    pub(crate) pauses: u64,
}

/// What a storm was, and what came of it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) acknowledged: u64,
    pub(crate) lost: u64,
    pub(crate) unknown: u64,
    pub(crate) unavailable: Duration,
    pub(crate) longest: Duration,
    pub(crate) harm: Harm,
    pub(crate) judged: Judged,
}

/// Shared by clients and whoever harms the nodes.
pub(crate) struct Stage<'a> {
    /// Of all nodes, those too that take no part.
    pub(crate) http: &'a [SocketAddr],
    pub(crate) start: Instant,
    is_over: AtomicBool,
    acknowledged: AtomicU64,
}

impl Stage<'_> {
    /// How far it is.
    pub(crate) fn news(&self, harm: Harm) -> String {
        let acknowledged = self.acknowledged.load(Ordering::SeqCst);
        let (seconds, Harm { kills, pauses }) = (self.start.elapsed().as_secs(), harm);
        format!("{seconds} s: {acknowledged} acknowledged, {kills} kills, {pauses} pauses")
    }
}

/// Random numbers: splitmix.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn upto(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }
}

/// The program, a folder, the way the nodes are built, and how many join later.
pub(crate) type What<'a> = (&'a Path, &'a Path, &'a str, usize);

/// Has clients work while `harm` does what it does; in the end, all that take part answer for what was
/// acknowledged.
pub(crate) fn run(
    (program, folder, variant, others): What<'_>,
    seed: u64,
    harm: impl FnOnce(&Stage<'_>, &mut Cluster) -> io::Result<Harm>,
) -> io::Result<Report> {
    let mut cluster = Cluster::start(program, folder, variant, others)?;
    let http = cluster.http.clone();
    until_it_answers(http[0])?;
    let (start, is_over, acknowledged) =
        (Instant::now(), AtomicBool::new(false), AtomicU64::new(0));
    let stage = Stage { http: &http, start, is_over, acknowledged };
    let (harmed, seen) = thread::scope(|scope| {
        let stage = &stage;
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || work(stage, client, seed))).collect();
        let harmed = harm(stage, &mut cluster);
        stage.is_over.store(true, Ordering::SeqCst);
        let seen = clients.into_iter().flat_map(|client| client.join().expect("no client panics"));
        (harmed, seen.collect::<Vec<_>>())
    });
    let harm = harmed?;
    let end = start.elapsed();
    let members = cluster.members.clone();
    members.iter().try_for_each(|node| cluster.revive(*node))?;
    // One that has only begun to start would not end well.
    members.iter().try_for_each(|node| until_it_answers(http[*node]))?;
    let (seen, lost) = read_all_again(http[members[0]], start, seen);
    for node in 0..http.len() {
        if !cluster.terminate(node)? {
            let said = cluster.last_words(node);
            return Err(io::Error::other(format!("node {} did not end well: {said}", node + 1)));
        }
    }
    let writes = seen.iter().filter(|it| !matches!(it.op, Op::Get(_)));
    let unknown = writes.filter(|it| it.answered.is_none()).count() as u64;
    let (unavailable, longest) = unavailable(&seen, end);
    let acknowledged = stage.acknowledged.into_inner();
    let judged = judge(seen);
    Ok(Report { acknowledged, lost, unknown, unavailable, longest, harm, judged })
}

pub(crate) fn until_it_answers(node: SocketAddr) -> io::Result<()> {
    let end = Instant::now() + RECOVERY;
    while Instant::now() < end {
        if let Reply::Answer { .. } = ask(node, "GET", "/kv/ready", "") {
            return Ok(());
        }
        pause(Duration::from_millis(50));
    }
    Err(io::Error::other(format!("nobody answers within {} s of calm", RECOVERY.as_secs())))
}

/// One client: it asks whichever node, one thing after the other.
fn work(stage: &Stage<'_>, client: u64, seed: u64) -> Vec<Seen> {
    let mut dice = Dice(seed ^ (client + 1) << 32);
    let (mut seen, mut last, mut value) = (Vec::new(), None, client);
    while !stage.is_over.load(Ordering::SeqCst) {
        value += CLIENTS;
        let epoch = stage.start.elapsed().as_secs() / EPOCH.as_secs();
        let register = epoch * REGISTERS + dice.upto(REGISTERS);
        let op = match dice.upto(4) {
            0 => Op::Swap(register, last, value),
            1 => Op::Get(register),
            _ => Op::Put(register, value),
        };
        let node = stage.http[dice.upto(stage.http.len() as u64) as usize];
        let called = stage.start.elapsed();
        let answer = match request(node, op) {
            // It was not done: as if nobody had asked. Somebody who is down is not asked without end.
            Err(Reply::NotDone) => {
                pause(Duration::from_millis(10));
                continue;
            }
            Err(_) => None,
            Ok(answer) => Some((stage.start.elapsed(), answer)),
        };
        match &answer {
            Some((_, Answer::Value(value))) => last = *value,
            Some((_, Answer::Done | Answer::Swapped(true))) => {
                stage.acknowledged.fetch_add(1, Ordering::SeqCst);
                last = Some(value);
            }
            _ => {}
        }
        seen.push(Seen { op, called, answered: answer });
    }
    seen
}

fn request(node: SocketAddr, op: Op) -> Result<Answer, Reply> {
    let path = format!("/kv/r{}", op.register());
    let number = |value: Option<u64>| value.map_or("null".to_owned(), |it| format!("\"{it}\""));
    let reply = match op {
        Op::Put(_, value) => ask(node, "PUT", &path, &value.to_string()),
        Op::Get(_) => ask(node, "GET", &path, ""),
        Op::Swap(_, expect, value) => {
            let (expect, value) = (number(expect), number(Some(value)));
            let body = format!("{{\"expect\": {expect}, \"value\": {value}}}");
            ask(node, "POST", &format!("{path}/cas"), &body)
        }
    };
    match (op, reply) {
        (Op::Put(..), Reply::Answer { status: 204, .. }) => Ok(Answer::Done),
        (Op::Get(_), Reply::Answer { status: 404, .. }) => Ok(Answer::Value(None)),
        (Op::Get(_), Reply::Answer { status: 200, body }) => {
            Ok(Answer::Value(Some(body.parse().expect("only numbers are written"))))
        }
        (Op::Swap(..), Reply::Answer { status: 200, .. }) => Ok(Answer::Swapped(true)),
        (Op::Swap(..), Reply::Answer { status: 409, .. }) => Ok(Answer::Swapped(false)),
        (_, Reply::Answer { status, body }) => panic!("{op} was answered {status}: {body}"),
        (_, failed) => Err(failed),
    }
}

/// Reads each register in the end, for the judge; and says how many hold nothing though a write to them
/// was acknowledged.
fn read_all_again(node: SocketAddr, start: Instant, mut seen: Vec<Seen>) -> (Vec<Seen>, u64) {
    let mut lost = 0;
    let last = seen.iter().map(|it| it.op.register()).max().unwrap_or(0);
    for register in 0..=last {
        let called = start.elapsed();
        let answer = loop {
            match request(node, Op::Get(register)) {
                Ok(answer) => break answer,
                Err(_) => pause(Duration::from_millis(10)),
            }
        };
        let wrote = |it: &Seen| {
            it.op.register() == register
                && matches!(it.answered, Some((_, Answer::Done | Answer::Swapped(true))))
        };
        lost += u64::from(answer == Answer::Value(None) && seen.iter().any(wrote));
        let answered = Some((start.elapsed(), answer));
        seen.push(Seen { op: Op::Get(register), called, answered });
    }
    (seen, lost)
}

#[expect(clippy::disallowed_methods, reason = "the storm has a pace of its own")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}
