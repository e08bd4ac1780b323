//! What the judge accepts and what it refuses.

use std::time::Duration;

use simnet::judge::{History, Model, Operation, Verdict};
use simnet::{Rng, seeds};
use todc_utils::specifications::Specification;
use todc_utils::specifications::etcd::{
    EtcdOperation, EtcdSpecification, EtcdStatus, history_from_log,
};
use todc_utils::{Action, WGLChecker};

use super::register::{self, Broken, Register};
use super::{registry, say, stored};
use register::{Answer::Done, Answer::Value, Op::Read, Op::Write};

const BUDGET: u64 = 10_000_000;

/// Operations as `(called, answered, what, answer)`; a time of 0 for "never answered".
fn history(
    operations: &[(u64, u64, register::Op, register::Answer)],
) -> History<register::Op, register::Answer> {
    let at = Duration::from_micros;
    let operations = operations.iter().map(|&(called, answered, op, answer)| Operation {
        op,
        called: at(called),
        answered: (answered > 0).then_some((at(answered), answer)),
    });
    operations.collect::<Vec<_>>().into()
}

#[test]
fn operations_that_overlap_may_be_in_either_order() {
    for seen in [1, 2] {
        let history =
            history(&[(1, 9, Write(1), Done), (2, 8, Write(2), Done), (10, 11, Read, Value(seen))]);
        assert!(history.judge(&Register, BUDGET).is_linearizable());
    }
}

#[test]
fn a_stale_read_is_refused_and_named() {
    let history = history(&[
        (1, 2, Write(1), Done),
        (3, 4, Write(2), Done),
        (5, 6, Read, Value(1)),
        (7, 8, Read, Value(2)),
    ]);
    let violation = Verdict::Violation { longest: vec![0, 1], stuck: 2 };
    assert_eq!(history.judge(&Register, BUDGET), violation);
    let line = history.to_string().lines().nth(2).unwrap().to_owned();
    assert_eq!(line, "   2          5 ..         6  read -> 1");
}

#[test]
fn a_value_that_was_seen_cannot_be_unseen() {
    let history =
        history(&[(1, 20, Write(1), Done), (2, 3, Read, Value(1)), (4, 5, Read, Value(0))]);
    assert!(!history.judge(&Register, BUDGET).is_linearizable());
}

#[test]
fn an_unknown_outcome_may_have_happened_late_or_never() {
    let unknown = (1, 0, Write(7), Done);
    for (reads, good) in
        [(vec![0, 0], true), (vec![7, 7], true), (vec![0, 7], true), (vec![7, 0], false)]
    {
        let mut all = vec![unknown];
        let read = |(at, seen): (u64, u64)| (10 * at + 10, 10 * at + 15, Read, Value(seen));
        all.extend((0..).zip(reads.iter().copied()).map(read));
        let verdict = history(&all).judge(&Register, BUDGET);
        assert_eq!(verdict.is_linearizable(), good, "reads saw {reads:?}");
        assert!(history(&all).to_string().contains("write 7 -> unknown"));
    }
}

#[test]
fn an_unknown_outcome_did_not_happen_before_its_call() {
    let history = history(&[(1, 2, Read, Value(7)), (3, 0, Write(7), Done)]);
    assert!(!history.judge(&Register, BUDGET).is_linearizable());
}

#[test]
fn a_history_can_be_judged_key_by_key() {
    // Two keys, 30 writes each at the same time: as one history far too much overlaps.
    let mut whole = History::<(u64, register::Op), register::Answer>::new();
    let now = Duration::from_micros;
    let calls: Vec<_> = (0..60).map(|n| whole.call(now(n), (n % 2, Write(n)))).collect();
    for call in calls {
        whole.answer(now(100), call, Done);
    }
    for (key, seen) in [(0, 58), (1, 58)] {
        let call = whole.call(now(101), (key, Read));
        whole.answer(now(102), call, Value(seen));
    }
    let parts = whole.by_key(|(key, _)| *key);
    let verdicts = parts.into_values().map(|part| {
        let operations = part.operations().iter().cloned();
        let plain = operations.map(|it| Operation {
            op: it.op.1,
            called: it.called,
            answered: it.answered,
        });
        History::from(plain.collect::<Vec<_>>()).judge(&Register, BUDGET).is_linearizable()
    });
    assert_eq!(verdicts.collect::<Vec<_>>(), [true, false], "58 was written to the even key");
}

#[test]
fn the_judge_gives_up_when_its_budget_is_spent() {
    let mut all: Vec<_> = (1..=20).map(|n| (n, 100, Write(n), Done)).collect();
    all.push((101, 102, Read, Value(999)));
    assert_eq!(history(&all).judge(&Register, 10_000), Verdict::GaveUp);
}

#[test]
#[should_panic(expected = "call 0 was answered already")]
fn a_call_is_answered_once() {
    let mut history = History::new();
    let call = history.call(Duration::ZERO, Read);
    history.answer(Duration::ZERO, call, Done);
    history.answer(Duration::ZERO, call, Done);
}

#[test]
fn a_register_that_breaks_a_rule_is_refused() {
    let right = Broken::default();
    for (name, broken) in [
        ("reads from the copy", Broken { reads_from_the_copy: true, ..right }),
        ("forgets requests", Broken { forgets_requests: true, ..right }),
        ("answers too early", Broken { answers_too_early: true, ..right }),
    ] {
        let refused = (1..=300).find_map(|seed| {
            let (_, history) = register::run(seed, broken);
            match history.judge(&Register, BUDGET) {
                Verdict::Violation { stuck, .. } => Some((history, stuck)),
                _ => None,
            }
        });
        let Some((history, stuck)) = refused else {
            panic!("no seed of 300 shows a register that {name}");
        };
        let lines = history.to_string();
        let shown: Vec<_> = lines.lines().take(stuck + 1).collect();
        let shown = format!("{}      <- fits nowhere\n", shown.join("\n"));
        stored(&format!("stored/{}.txt", name.replace(' ', "_")), &shown);
    }
}

#[test]
fn a_register_that_keeps_the_rules_is_accepted() {
    let (mut unknown, mut repeated, mut crashes) = (0, 0, 0);
    let seeds = seeds(300, |seed| {
        let (world, history) = register::run(seed, Broken::default());
        assert!(!world.counts().is_quiet(), "seed {seed} proves nothing");
        let verdict = history.judge(&Register, BUDGET);
        assert!(verdict.is_linearizable(), "{verdict:?}\n{history}");
        unknown += history.operations().iter().filter(|it| it.answered.is_none()).count();
        repeated += world.counts().repeated;
        crashes += world.counts().crashes;
    });
    if seeds >= 300 {
        assert!(unknown > 100 && repeated > 100 && crashes > 100, "the world was quiet");
    }
}

/// etcd's register: reads, writes and compare-and-set, by the second checker's own rules.
struct Etcd;

impl Model for Etcd {
    type State = Option<u32>;
    type Op = EtcdOperation;
    type Answer = EtcdOperation;

    fn start(&self) -> Option<u32> {
        None
    }

    fn step(
        &self,
        state: &Option<u32>,
        op: &EtcdOperation,
        answer: Option<&EtcdOperation>,
    ) -> Option<Option<u32>> {
        match (op, answer) {
            (_, Some(answer)) => {
                let (valid, next) = EtcdSpecification::apply(answer, state);
                valid.then_some(next)
            }
            (EtcdOperation::Read(..), None) => Some(*state),
            (EtcdOperation::Write(_, value), None) => Some(Some(*value)),
            (EtcdOperation::CompareAndSwap(_, (old, new)), None) => {
                Some(if *state == Some(*old) { Some(*new) } else { *state })
            }
        }
    }
}

/// Those of the 102 histories that are linearizable, as published with them.
const GOOD: [usize; 23] =
    [2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102];

#[test]
fn both_checkers_tell_the_good_from_the_bad_histories_of_etcd() {
    let folder = registry::folder_of("todc-utils").join("tests/linearizability/etcd");
    let (mut good, mut bad, mut unknown) = (0, 0, 0);
    // In number 95 etcd did not start: there is no history.
    for number in (0..=102).filter(|number| *number != 95) {
        let file = folder.join(format!("etcd_{number:03}.log"));
        let history = jepsen(&std::fs::read_to_string(&file).unwrap());
        assert!(history.operations().len() > 20, "history {number} is short");
        unknown += history.operations().iter().filter(|it| it.answered.is_none()).count();
        let expected = GOOD.contains(&number);
        let ours = history.judge(&Etcd, BUDGET);
        assert!(ours != Verdict::GaveUp && ours.is_linearizable() == expected, "ours: {number}");
        let other = history_from_log(file.to_str().unwrap().into());
        let other = WGLChecker::<EtcdSpecification>::is_linearizable(other);
        assert_eq!(other, expected, "the other: {number}");
        *if expected { &mut good } else { &mut bad } += 1;
    }
    assert_eq!((good, bad), (23, 79));
    assert!(unknown > 1000, "{unknown} unknown outcomes");
    say(&format!("COUNT simnet_etcd_histories={}", good + bad));
}

/// Reads a Jepsen log. Time is the line's number; what has no answer has an unknown outcome.
fn jepsen(log: &str) -> History<EtcdOperation, EtcdOperation> {
    use EtcdOperation::{CompareAndSwap, Read, Write};
    let mut history = History::new();
    let mut calls = std::collections::BTreeMap::new();
    for (now, line) in (0..).map(Duration::from_micros).zip(log.lines()) {
        let words: Vec<_> = line.split_whitespace().collect();
        let ["INFO", "jepsen.util", "-", client, status, what, values @ ..] = &words[..] else {
            continue;
        };
        let Ok(client) = client.parse::<u64>() else { continue };
        let status = match *status {
            ":invoke" => EtcdStatus::Invoke,
            ":ok" => EtcdStatus::Okay,
            ":fail" => EtcdStatus::Fail,
            _ => EtcdStatus::Unknown,
        };
        let number = |at: usize| values[at].trim_matches(['[', ']']).parse::<u32>();
        let operation = match (*what, number(0)) {
            (":read", value) => Read(status, value.ok()),
            (":write", Ok(value)) => Write(status, value),
            (":cas", Ok(old)) => CompareAndSwap(status, (old, number(1).unwrap())),
            _ => continue, // a time-out names no value
        };
        match status {
            EtcdStatus::Invoke => _ = calls.insert(client, history.call(now, operation)),
            EtcdStatus::Okay => history.answer(now, calls[&client], operation),
            // A read that failed saw nothing.
            EtcdStatus::Fail if *what != ":read" => history.answer(now, calls[&client], operation),
            EtcdStatus::Fail | EtcdStatus::Unknown => {}
        }
    }
    history
}

#[test]
fn both_checkers_agree_on_random_histories() {
    let mut verdicts = [0, 0];
    let seeds = seeds(3000, |seed| {
        let actions = random(&mut Rng::new(seed));
        let mut history = History::new();
        let mut calls = [0; 4];
        for (now, (client, action)) in (0..).map(Duration::from_micros).zip(&actions) {
            match action {
                Action::Call(operation) => calls[*client] = history.call(now, *operation),
                Action::Response(EtcdOperation::Write(EtcdStatus::Unknown, _)) => {}
                Action::Response(answer) => history.answer(now, calls[*client], *answer),
            }
        }
        let other = todc_utils::History::from_actions(actions);
        let other = WGLChecker::<EtcdSpecification>::is_linearizable(other);
        let ours = history.judge(&Etcd, BUDGET);
        assert_eq!(ours.is_linearizable(), other, "{history:?}");
        if let Verdict::Linearizable(order) = &ours {
            assert!(is_an_order_of(&history, order), "{order:?} is no order of {history:?}");
        }
        verdicts[usize::from(other)] += 1;
    });
    if seeds >= 3000 {
        assert!(verdicts.iter().all(|count| *count > 300), "{verdicts:?} is too one-sided");
    }
}

/// Four clients that read and write few values; answers are drawn at random, so most are wrong.
fn random(rng: &mut Rng) -> Vec<(usize, Action<EtcdOperation>)> {
    use EtcdOperation::{Read, Write};
    let mut actions = Vec::new();
    let mut open: [Option<EtcdOperation>; 4] = [None; 4];
    let mut unknown = Vec::new();
    for _ in 0..24 {
        let client = rng.below(4) as usize;
        let value = 1 + rng.below(2) as u32;
        match open[client].take() {
            // Whoever has an unknown outcome asks no more.
            None if unknown.iter().any(|(other, _)| *other == client) => {}
            None => {
                let write = rng.chance(600);
                let status = EtcdStatus::Invoke;
                let operation = if write { Write(status, value) } else { Read(status, None) };
                actions.push((client, Action::Call(operation)));
                open[client] = Some(operation);
            }
            Some(Write(_, value)) if rng.chance(150) => {
                unknown.push((client, Action::Response(Write(EtcdStatus::Unknown, value))));
            }
            Some(operation) => actions.push((client, Action::Response(done(operation, value)))),
        }
    }
    for (client, operation) in open.into_iter().enumerate() {
        actions.extend(operation.map(|it| (client, Action::Response(done(it, 1)))));
    }
    // The other checker wants an answer for each, and takes a late one for an unknown one.
    actions.extend(unknown);
    actions
}

fn done(operation: EtcdOperation, seen: u32) -> EtcdOperation {
    match operation {
        EtcdOperation::Write(_, value) => EtcdOperation::Write(EtcdStatus::Okay, value),
        _ => EtcdOperation::Read(EtcdStatus::Okay, Some(seen)),
    }
}

/// The order holds every answered operation once, breaks no order of time, and explains the answers.
fn is_an_order_of(history: &History<EtcdOperation, EtcdOperation>, order: &[usize]) -> bool {
    let operations = history.operations();
    let all = (0..operations.len()).filter(|it| operations[*it].answered.is_some());
    let in_time = order.iter().enumerate().all(|(place, later)| {
        let called = operations[*later].called;
        let ended = |it: &usize| operations[*it].answered.is_some_and(|(at, _)| at < called);
        !order[place + 1..].iter().any(ended)
    });
    let answer = |it: usize| operations[it].answered.as_ref().map(|(_, answer)| answer);
    let end = order
        .iter()
        .try_fold(Etcd.start(), |state, &it| Etcd.step(&state, &operations[it].op, answer(it)));
    let mut once = order.to_vec();
    once.sort_unstable();
    once.windows(2).all(|pair| pair[0] != pair[1])
        && all.into_iter().all(|it| order.contains(&it))
        && in_time
        && end.is_some()
}
