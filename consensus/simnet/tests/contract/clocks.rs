//! What clocks show.

use std::time::Duration;

use super::peer::{self, ms, set_deadline};

#[test]
fn a_fast_clock_is_early_and_a_slow_one_late() {
    let mut world = peer::world(1, 3);
    world.set_drift(1, 250_000);
    world.set_drift(3, -200_000);
    for node in 1..=3 {
        set_deadline(&mut world, node, ms(100));
    }
    let mut when = Vec::new();
    world.run_until(ms(200), |world| when.push((world.now(), world.counts().times)));
    assert_eq!(when, [(ms(80), 1), (ms(100), 2), (ms(125), 3)]);
    assert!((1..=3).all(|id| world.node(id).unwrap().times == [ms(100)]), "each by its own clock");
}

#[test]
fn a_clock_that_changes_its_rate_never_runs_back() {
    let mut world = peer::world(1, 1);
    let mut last = ms(0);
    for (step, drift) in [(1, 500_000), (2, -900_000), (3, 0), (4, -500_000), (5, 900_000)] {
        world.run_until(ms(step * 10), |_| ());
        assert!(world.clock(1) > last);
        last = world.clock(1);
        world.set_drift(1, drift);
        assert_eq!(world.clock(1), last, "a new rate moves no hand");
    }
    world.run_until(ms(60), |_| ());
    // 10 true, then 15, 1, 10, 5 and 19.
    assert_eq!(world.clock(1), ms(60));
}

#[test]
fn a_clock_that_jumps_ahead_brings_its_deadline_near() {
    let mut world = peer::world(1, 1);
    set_deadline(&mut world, 1, ms(100));
    world.jump(1, ms(70));
    world.run_until(ms(29), |_| ());
    assert_eq!(world.node(1).unwrap().times, []);
    world.run_until(ms(30), |_| ());
    assert_eq!(world.node(1).unwrap().times, [ms(100)]);
}

#[test]
fn a_deadline_waits_for_a_clock_that_is_slowed_down() {
    let mut world = peer::world(1, 1);
    set_deadline(&mut world, 1, ms(100));
    world.set_drift(1, -500_000);
    world.run_until(ms(199), |_| ());
    assert_eq!(world.node(1).unwrap().times, []);
    world.run_until(ms(200), |_| ());
    assert_eq!(world.node(1).unwrap().times, [ms(100)]);
}

#[test]
fn a_deadline_at_the_end_of_time_never_comes() {
    for never in [Duration::MAX, Duration::from_secs(1 << 60)] {
        let mut world = peer::world(1, 2);
        world.set_drift(2, -999_999);
        for node in [1, 2] {
            set_deadline(&mut world, node, never);
        }
        world.run_until(Duration::from_hours(1_000_000), |_| ());
        assert_eq!(world.counts().times, 0);
        assert_eq!(world.run_until_it_holds(never, |_| false), None);
    }
}

#[test]
#[should_panic(expected = "does not move")]
fn a_clock_that_stands_still_is_refused() {
    peer::world(1, 1).set_drift(1, -1_000_000);
}
