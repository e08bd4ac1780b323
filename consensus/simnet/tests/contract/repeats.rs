//! The same seed, the same run.

use std::process::Command;

use super::peer::{self, ms};
use super::register::{self, Broken};
use super::{say, stored};

fn trace(seed: u64) -> simnet::Trace {
    register::run(seed, Broken::default()).0.trace().clone()
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    for seed in 1..=20 {
        let (one, other) = (trace(seed), trace(seed));
        assert!(one == other, "seed {seed} gave two traces");
        assert!(one.lines().count() > 300, "too little happened");
    }
    assert_ne!(trace(1), trace(2));
}

/// The stored number is the same in debug and in release, on every machine, until the world is
/// changed on purpose.
#[test]
fn the_trace_is_the_same_in_every_build() {
    let digests = [1, 2, 3].map(|seed| trace(seed).digest());
    assert_eq!(digests, STORED, "is the change of the world wanted? Then store these");
}

const STORED: [u64; 3] =
    [15_046_573_419_377_838_125, 16_878_140_086_201_495_040, 10_690_019_596_526_313_367];

#[test]
fn recording_changes_nothing() {
    let ends = [false, true].map(|recording| {
        let (mut world, seen) = register::world(5, 8, Broken::default());
        if recording {
            world.record();
        }
        world.start_all();
        simnet::Storm::default().rage(&mut world, ms(1000), |_| ());
        (world.counts().clone(), seen.take())
    });
    assert_eq!(ends[0], ends[1]);
    assert!(ends[0].0.delivered > 20, "{:?}", ends[0].0);
}

#[test]
fn each_line_of_the_trace_is_json() {
    let mut events = std::collections::BTreeMap::<String, u64>::new();
    for seed in 1..=5 {
        let mut last = 0;
        for line in trace(seed).lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect(line);
            let at = value["us"].as_u64().expect("every event has its time");
            assert!(at >= last, "time runs on");
            last = at;
            *events.entry(value["event"].as_str().expect("and its kind").into()).or_default() += 1;
        }
    }
    let kinds: Vec<_> = events.keys().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "crash", "cut", "deliver", "disk", "drift", "drop", "heal", "links", "pause", "repeat",
            "resume", "save", "saved", "send", "start", "time"
        ]
    );
    say(&format!("COUNT simnet_trace_events={}", events.values().sum::<u64>()));
}

#[test]
fn a_trace_tells_what_happened_and_when() {
    let mut world = peer::world(1, 2);
    world.record();
    world.set_disk(2, ms(4)..=ms(4));
    peer::send(&mut world, 1, 2, 5);
    peer::save(&mut world, 2, 6);
    world.run_for(ms(10));
    world.call(1, |_, _, out| out.note(format_args!("all is well")));
    world.cut_one_way(1, 2);
    peer::send(&mut world, 1, 2, 7);
    peer::save(&mut world, 2, 8);
    world.crash(2);
    world.heal();
    world.start(2);
    stored("traces/every_line.jsonl", world.trace().as_str());
}

#[test]
fn quotes_and_line_breaks_stay_inside_their_text() {
    let mut world = peer::world(1, 1);
    world.record();
    world.call(1, |_, _, out| out.note(format_args!("a \"b\" \\ c\nd\te")));
    peer::send(&mut world, 1, 1, 3);
    let texts: Vec<serde_json::Value> =
        world.trace().lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(texts[0]["text"], "a \"b\" \\ c\nd\te");
    assert_eq!(texts[1]["text"], "number 3");
}

#[test]
fn a_failing_seed_says_how_to_repeat_it() {
    if let Ok(bad) = std::env::var("SIMNET_TEST_BAD_SEED") {
        simnet::seeds(10, |seed| assert_ne!(seed.to_string(), bad));
        return;
    }
    let name = "repeats::a_failing_seed_says_how_to_repeat_it";
    let run = |bad: &str, only: Option<&str>| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]).env("SIMNET_TEST_BAD_SEED", bad);
        command.env_remove("COOKBOOK_DEEP").env_remove(simnet::SEEDS).env_remove(simnet::SEED);
        only.map(|seed| command.env(simnet::SEED, seed));
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (passed, said) = run("7", None);
    let hint = format!("SIMNET_SEED=7 cargo test -p simnet -- --exact {name}");
    assert!(!passed && said.contains(&hint), "{said}");
    assert!(run("11", None).0, "it runs ten seeds");
    assert!(run("7", Some("8")).0, "one seed runs alone");
    assert!(!run("7", Some("7")).0, "the failure is repeated");
}
