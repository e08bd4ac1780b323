//! What no protocol can do, shown by runs: FLP, CAP, eventual consistency, and why two-phase commit blocks.

#[path = "pictures/account.rs"]
mod account;
#[path = "pictures/member.rs"]
mod member;
#[allow(dead_code, reason = "the pictures use the rest")]
#[path = "pictures/office.rs"]
mod office;
#[path = "limits/paxos.rs"]
mod paxos;
#[path = "limits/register.rs"]
mod register;
#[allow(dead_code, reason = "the pictures use the rest")]
#[path = "pictures/sim.rs"]
mod sim;
#[path = "pictures/stored.rs"]
mod stored;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use paxos::{PROPOSERS, VOTERS, delay_what_decides, has_accepted, link, proposer};
use register::{ALL, GOSSIP, Op, Register, Replica, begin, call};
use sim::{COORDINATOR, member, ms, settled};
use simnet::judge::Verdict;
use simnet::{Fault, Rng, Storm, World, seeds};
use stored::{is_stored, is_the_file};

const MINUTE: Duration = Duration::from_mins(1);
const BUDGET: u64 = 1_000_000;

fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}

/// Bank 3 votes yes and is cut off. It sees the same in both worlds, for a minute: whatever it decided alone would be
/// wrong in one of them.
#[test]
fn who_is_in_doubt_sees_the_same_whether_it_was_committed_or_not() {
    let run = |two: i64| {
        let mut world = settled(1);
        sim::begin(&mut world, two, -10);
        world.run_until_it_holds(ms(100), |world| member(world, 3).is_in_doubt());
        // Its vote arrives; nothing that is said to it does.
        for id in [COORDINATOR, 2] {
            world.cut_one_way(id, 3);
        }
        world.run_for(MINUTE);
        let (three, other) = (member(&world, 3), member(&world, 2).balance());
        assert!(three.is_in_doubt());
        let seen = three.seen.clone();
        world.heal();
        sim::finish(&mut world);
        (seen, other, member(&world, 3).balance())
    };
    let (committed, aborted) = (run(10), run(-110));
    assert_eq!(committed.0, aborted.0, "it sees the same");
    assert_eq!((committed.1, aborted.1), (110, 100), "and the others did the one, or the other");
    assert_eq!((committed.2, aborted.2), (90, 100), "what it has to do it must be told");
}

/// FLP: nobody crashes, nothing is lost, nothing takes longer than four milliseconds, and it never ends.
#[test]
fn a_scheduler_that_delays_what_decides_keeps_paxos_from_ending() {
    const BALLOTS: u64 = 10_000;
    let mut world = paxos::world(1, false);
    world.record();
    paxos::start(&mut world);
    while tries(&world) < BALLOTS {
        delay_what_decides(&mut world);
        assert!(world.step(), "somebody always has something to send");
        assert!(!VOTERS.iter().any(|id| has_accepted(&world, *id)), "nobody accepts anything");
    }
    is_the_file("tests/stored/never_ends.txt", &story(&world, 12));
    let counts = world.counts().clone();
    assert_eq!((counts.lost, counts.cut_off, counts.crashes), (0, 0, 0));
    say(&format!("COUNT two_phase_commit_flp_ballots_without_a_decision={BALLOTS}"));
    // The scheduler loses interest.
    world.set_links(link(1));
    let all = |world: &World<_>| PROPOSERS.map(|id| proposer(world, id).decided());
    world.run_until_it_holds(ms(100), |world| all(world).iter().all(Option::is_some));
    let values: BTreeSet<_> = all(&world).into_iter().collect();
    assert!(values.len() == 1 && !values.contains(&None), "{values:?}");
}

fn tries(world: &World<paxos::Node>) -> u64 {
    PROPOSERS.iter().map(|id| proposer(world, *id).tries).sum()
}

/// What both who propose did at first, each in a column.
fn story(world: &World<paxos::Node>, lines: usize) -> String {
    let note = |line: &str| {
        let (at, rest) =
            line.strip_prefix("{\"us\":")?.split_once(",\"event\":\"note\",\"node\":")?;
        let (node, rest) = rest.split_once(",\"text\":\"")?;
        let column = if node == PROPOSERS[0].to_string() { 0 } else { 24 };
        let millis = at.parse::<u64>().ok()? / 1000;
        Some(format!("{millis:>4} ms  {:column$}{}\n", "", rest.strip_suffix("\"}")?))
    };
    world.trace().lines().filter_map(note).take(lines).collect::<String>() + "    ...\n"
}

/// The way out: who is refused waits a random time. No schedule that was fixed before is bad for ever.
#[test]
fn with_dice_the_same_schedule_ends() {
    let mut most = 0;
    let seeds = seeds(1000, |seed| {
        let mut world = paxos::world(seed, true);
        paxos::start(&mut world);
        let end = world.now() + Duration::from_secs(2);
        while PROPOSERS.iter().any(|id| proposer(&world, *id).decided().is_none()) {
            delay_what_decides(&mut world);
            assert!(world.step() && world.now() < end, "not decided by {end:?}");
        }
        let values = PROPOSERS.map(|id| proposer(&world, id).decided());
        assert_eq!(values[0], values[1], "it is never wrong");
        most = most.max(tries(&world));
    });
    assert!(seeds < 1000 || most > 2, "none had to try again");
    say(&format!("COUNT two_phase_commit_dice_seeds={seeds}"));
    say(&format!("COUNT two_phase_commit_dice_most_ballots={most}"));
}

/// 3 is cut off from both others, and what was written before is known to all.
fn cut_off(quorum: usize) -> (World<Replica>, register::Seen) {
    let (mut world, seen) = register::world(1, quorum, false);
    call(&mut world, 1, Op::Write(1));
    world.run_until(ms(20), |_| ());
    world.record();
    world.split(&[3]);
    for (id, op) in [(1, Op::Write(2)), (3, Op::Read), (2, Op::Read)] {
        call(&mut world, id, op);
        world.run_for(ms(1));
    }
    (world, seen)
}

#[test]
fn under_a_cut_a_register_of_majorities_refuses_the_minority() {
    let (world, seen) = cut_off(2);
    assert_eq!(ALL.map(|id| world.node(id).unwrap().gave_up), [0, 0, 1]);
    is_the_file("tests/stored/consistent.txt", &seen.borrow().to_string());
    assert!(seen.borrow().judge(&Register, BUDGET).is_linearizable());
}

#[test]
fn under_a_cut_a_register_that_always_answers_serves_what_is_old() {
    let (world, seen) = cut_off(1);
    assert_eq!(ALL.map(|id| world.node(id).unwrap().gave_up), [0, 0, 0]);
    let Verdict::Violation { stuck, .. } = seen.borrow().judge(&Register, BUDGET) else {
        panic!("3 cannot have known:\n{}", seen.borrow());
    };
    let mut text = String::new();
    for (at, line) in seen.borrow().to_string().lines().enumerate() {
        text += line;
        text += if at == stuck { "      <- fits nowhere\n" } else { "\n" };
    }
    is_the_file("tests/stored/available.txt", &text);
}

/// What clients at all three do, while the network falls apart and is mended again.
fn storm(seed: u64, quorum: usize, gossips: bool) -> (World<Replica>, register::Seen) {
    let (mut world, seen) = register::world(seed, quorum, gossips);
    let mut dice = Rng::new(seed);
    let faults = vec![Fault::Split, Fault::CutOneWay, Fault::Heal, Fault::Heal];
    let storm = Storm { faults, gap: ms(5)..=ms(40), ..Storm::default() };
    for value in 1..=8 {
        for id in ALL {
            if !world.node(id).unwrap().is_busy() {
                let op = if dice.chance(500) { Op::Read } else { Op::Write(10 * value + id) };
                begin(&mut world, id, op);
            }
        }
        let end = world.now() + dice.time(&(ms(2)..=ms(30)));
        storm.rage(&mut world, end, |_| ());
    }
    (world, seen)
}

#[test]
fn under_cuts_one_form_refuses_and_the_other_is_stale_and_neither_does_both() {
    let (mut refused, mut stale, mut cut_off) = (0, 0, 0);
    let seeds = seeds(300, |seed| {
        let (world, seen) = storm(seed, 2, false);
        let verdict = seen.borrow().judge(&Register, BUDGET);
        assert!(verdict.is_linearizable(), "{verdict:?}\n{}", seen.borrow());
        refused += world.nodes().map(|(_, it)| it.gave_up).sum::<u64>();
        cut_off += world.counts().cut_off;
        let (world, seen) = storm(seed, 1, false);
        assert_eq!(world.nodes().map(|(_, it)| it.gave_up).sum::<u64>(), 0, "all are answered");
        stale += u64::from(is_stale(&seen));
    });
    if seeds >= 300 {
        assert!(refused > 100 && stale > 50 && cut_off > 1000, "{refused} {stale} {cut_off}");
        say(&format!("COUNT two_phase_commit_cap_seeds={seeds}"));
        say(&format!("COUNT two_phase_commit_cap_refused_by_majorities={refused}"));
        say(&format!("COUNT two_phase_commit_cap_runs_with_stale_reads={stale}"));
    }
}

fn is_stale(seen: &register::Seen) -> bool {
    matches!(seen.borrow().judge(&Register, BUDGET), Verdict::Violation { .. })
}

fn values(world: &World<Replica>) -> [u64; 3] {
    ALL.map(|id| world.node(id).unwrap().value)
}

/// Both sides of a cut are written to; when it is healed, all become alike.
#[test]
fn after_a_cut_replicas_become_alike_and_one_write_is_gone() {
    let (mut world, seen) = register::world(1, 1, true);
    world.run_until(ms(41), |_| ());
    world.record();
    world.split(&[3]);
    call(&mut world, 1, Op::Write(5));
    call(&mut world, 3, Op::Write(7));
    world.run_for(ms(2));
    assert_eq!(values(&world), [5, 5, 7], "who asks 3 and then 1 goes back in time");
    world.heal();
    let is_alike = |world: &World<_>| values(world).iter().all(|it| *it == values(world)[0]);
    let time = world.run_until_it_holds(MINUTE, is_alike).expect("they tell each other");
    assert!(time <= GOSSIP + ms(1), "{time:?}");
    assert_eq!(values(&world), [7; 3], "5 was promised, and nobody has it any more");
    assert_eq!(world.nodes().map(|(_, it)| it.answered).sum::<u64>(), 2);
    assert!(seen.borrow().operations().iter().all(|it| it.answered.is_some()));
    is_stored("eventually", world.trace());
}

#[test]
fn whatever_the_cuts_were_replicas_become_alike_once_they_are_healed() {
    let mut longest = Duration::ZERO;
    let (mut unlike, mut stale) = (0, 0);
    let seeds = seeds(300, |seed| {
        let (mut world, seen) = storm(seed, 1, true);
        let is_alike = |world: &World<_>| values(world).iter().all(|it| *it == values(world)[0]);
        unlike += u64::from(!is_alike(&world));
        stale += u64::from(is_stale(&seen));
        world.heal();
        let time = world.run_until_it_holds(MINUTE, is_alike).expect("they become alike");
        assert!(time <= GOSSIP + ms(1), "{time:?}");
        longest = longest.max(time);
        let value = values(&world);
        world.run_for(Duration::from_secs(1));
        assert_eq!(values(&world), value, "and stay so");
    });
    if seeds >= 300 {
        assert!(unlike > 50 && stale > 50, "{unlike} {stale}");
        say(&format!("COUNT two_phase_commit_eventual_seeds={seeds}"));
        say(&format!("COUNT two_phase_commit_eventual_unlike_when_healed={unlike}"));
        say(&format!("COUNT two_phase_commit_eventual_longest_us={}", longest.as_micros()));
    }
}
