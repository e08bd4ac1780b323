//! Three nodes become five and then three again, two of whom are new, while some are killed and paused.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::blows::Blow;
use super::client::{Reply, ask};
use super::cluster::{Cluster, FOUNDERS};
use super::storm::{Dice, Harm, RECOVERY, Stage, pause, until_it_answers};

/// So many join.
pub(crate) const NEW: usize = 2;
/// A change is made by then, whoever is harmed meanwhile.
const CHANGE: Duration = Duration::from_mins(1);

/// Nodes, and who may be harmed.
struct Play<'a> {
    cluster: &'a mut Cluster,
    /// So many of the members at once: never a majority.
    most: usize,
    down: usize,
    is_over: bool,
}

fn lock<'a, 'b>(play: &'b Mutex<Play<'a>>) -> MutexGuard<'b, Play<'a>> {
    play.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Grows, stays so for a while, shrinks, stays so, and in the end crashes as a whole.
pub(crate) fn harm(
    stage: &Stage<'_>,
    cluster: &mut Cluster,
    time: Duration,
    seed: u64,
    tell: impl Fn(&str),
) -> io::Result<Harm> {
    let play = Mutex::new(Play { cluster, most: 1, down: 0, is_over: false });
    let harmed = thread::scope(|scope| {
        let blows = scope.spawn(|| strike(&play, seed));
        let changed = change(stage, &play, time, seed, &tell);
        lock(&play).is_over = true;
        let harm = blows.join().expect("who strikes does not panic");
        changed.and(harm)
    })?;
    let Play { cluster, .. } = play.into_inner().unwrap_or_else(PoisonError::into_inner);
    let members = cluster.members.clone();
    members.iter().try_for_each(|node| cluster.kill(*node))?;
    members.iter().try_for_each(|node| cluster.revive(*node))?;
    until_it_answers(stage.http[members[0]])?;
    members.iter().try_for_each(|node| agrees(stage.http[*node], &members))?;
    tell(&stage.news(harmed));
    Ok(harmed)
}

/// Harms a minority of those that take part, again and again.
fn strike(play: &Mutex<Play<'_>>, seed: u64) -> io::Result<Harm> {
    let (mut dice, mut harm) = (Dice(seed), Harm::default());
    loop {
        pause(Duration::from_millis(50 + dice.upto(500)));
        let blow = {
            let mut play = lock(play);
            if play.is_over {
                return Ok(harm);
            }
            let mut nodes = play.cluster.members.clone();
            let count = 1 + dice.upto(play.most as u64) as usize;
            while nodes.len() > count {
                nodes.swap_remove(dice.upto(nodes.len() as u64) as usize);
            }
            play.down = count;
            let blow = Blow::new(dice.upto(3) < 2, nodes);
            blow.begin(play.cluster, &mut harm)?;
            blow
        };
        pause(Duration::from_millis(50 + dice.upto(700)));
        let mut play = lock(play);
        blow.end(play.cluster)?;
        play.down = 0;
    }
}

fn change(
    stage: &Stage<'_>,
    play: &Mutex<Play<'_>>,
    time: Duration,
    seed: u64,
    tell: &impl Fn(&str),
) -> io::Result<()> {
    let mut dice = Dice(!seed);
    let refused = AtomicBool::new(false);
    // Both ask at once: one of them is told that another change runs, and asks again.
    thread::scope(|scope| {
        let both = [FOUNDERS, FOUNDERS + 1].map(|node| {
            let refused = &refused;
            scope.spawn(move || take_in(stage, play, node, refused))
        });
        both.into_iter().try_for_each(|one| one.join().expect("who joins does not panic"))
    })?;
    tell(if refused.into_inner() { "five nodes, after a refusal" } else { "five nodes" });
    lock(play).most = 2;
    pause(time / 3);
    lock(play).most = 1;
    until("no more than one is down", || Ok(lock(play).down < 2))?;
    let first = leading_founder(stage, &mut dice)?;
    let_go(stage, play, first, true)?;
    let second = (first + 1 + dice.upto(FOUNDERS as u64 - 1) as usize) % FOUNDERS;
    let_go(stage, play, second, false)?;
    tell(&format!("nodes {} and {} are gone", first + 1, second + 1));
    pause(time / 3);
    Ok(())
}

/// Starts a node, and asks until it votes.
fn take_in(
    stage: &Stage<'_>,
    play: &Mutex<Play<'_>>,
    node: usize,
    refused: &AtomicBool,
) -> io::Result<()> {
    let introduction = {
        let mut play = lock(play);
        play.cluster.revive(node)?;
        play.cluster.members.push(node);
        play.cluster.introduction(node)
    };
    let mut asked = 0;
    until("a node is taken in", || {
        asked += 1;
        let whom = stage.http[asked % FOUNDERS];
        match ask(whom, "POST", "/members", &introduction) {
            Reply::Answer { status: 200, .. } => Ok(true),
            Reply::Answer { status: 409, .. } => {
                refused.store(true, Ordering::SeqCst);
                Ok(false)
            }
            Reply::Answer { status, body } => Err(unexpected("POST", status, &body)),
            Reply::NotDone | Reply::Unknown => Ok(false),
        }
    })
}

/// One of the founders that leads: it may have to be given the lead.
fn leading_founder(stage: &Stage<'_>, dice: &mut Dice) -> io::Result<usize> {
    let mut found = None;
    until("a founder leads", || {
        found = leader(stage).filter(|node| *node < FOUNDERS);
        if found.is_none() {
            hand_over(stage, dice.upto(FOUNDERS as u64) as usize);
        }
        Ok(found.is_some())
    })?;
    found.ok_or_else(|| io::Error::other("no founder leads"))
}

/// Asks until a node takes part no more; the node itself, when it is to lead its own removal.
fn let_go(
    stage: &Stage<'_>,
    play: &Mutex<Play<'_>>,
    node: usize,
    must_lead: bool,
) -> io::Result<()> {
    let (path, mut has_led) = (format!("/members/{}", node + 1), false);
    until("a node is let go", || {
        let Some(now) = leader(stage) else { return Ok(false) };
        if is_gone(stage.http[now], node) {
            return Ok(true);
        }
        if must_lead && now != node {
            hand_over(stage, node);
            return Ok(false);
        }
        has_led |= now == node;
        match ask(stage.http[now], "DELETE", &path, "") {
            Reply::Answer { status: 200, .. } => Ok(true),
            Reply::Answer { status, body } if status != 409 => {
                Err(unexpected("DELETE", status, &body))
            }
            _ => Ok(false),
        }
    })?;
    if must_lead && !has_led {
        return Err(io::Error::other("the node that was let go did not lead"));
    }
    lock(play).cluster.members.retain(|member| *member != node);
    Ok(())
}

fn hand_over(stage: &Stage<'_>, to: usize) {
    // Whether it worked is looked at again.
    let _ = leader(stage).map(|now| {
        ask(stage.http[now], "POST", &format!("/transfer/{}", to + 1), "");
        pause(Duration::from_millis(50));
    });
}

fn status(node: SocketAddr) -> Option<Value> {
    match ask(node, "GET", "/status", "") {
        Reply::Answer { status: 200, body } => serde_json::from_str(&body).ok(),
        _ => None,
    }
}

/// Who says that it leads.
fn leader(stage: &Stage<'_>) -> Option<usize> {
    let leads = |node: &SocketAddr| status(*node).is_some_and(|it| it["role"] == "leader");
    stage.http.iter().position(leads)
}

fn voters(node: SocketAddr) -> Option<Vec<u64>> {
    let status = status(node)?;
    let peers = status["peers"].as_array()?;
    let voters = peers.iter().filter(|peer| peer["voter"] == true);
    voters.map(|peer| peer["id"].as_u64()).collect()
}

/// Whether the leader has this node among its voters no more.
fn is_gone(leader: SocketAddr, node: usize) -> bool {
    voters(leader).is_some_and(|voters| !voters.contains(&(node as u64 + 1)))
}

/// Waits until a node says that these vote, and no others.
fn agrees(node: SocketAddr, members: &[usize]) -> io::Result<()> {
    let mut wanted: Vec<_> = members.iter().map(|node| *node as u64 + 1).collect();
    wanted.sort_unstable();
    until("all know who takes part", || Ok(voters(node).as_ref() == Some(&wanted)))
}

fn until(what: &str, mut is_so: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let end = Instant::now() + CHANGE.max(RECOVERY);
    while !is_so()? {
        if Instant::now() > end {
            return Err(io::Error::other(format!("not within a minute: {what}")));
        }
        pause(Duration::from_millis(20));
    }
    Ok(())
}

fn unexpected(method: &str, status: u16, body: &str) -> io::Error {
    io::Error::other(format!("{method} was answered {status}: {body}"))
}
