//! What the explorer promises, each promise once.

#[path = "contract/models.rs"]
mod models;
mod scenarios;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::{env, fs};

use interleave::{FAILS_PREEMPTIONS, bound, calm, fails, holds, note};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::AtomicBool;
use shuttle::thread;

const ARGUMENT: &str = "INTERLEAVE_TEST_ARGUMENT";

/// A schedule may travel between threads.
const _: fn() = || {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<interleave::Schedule>();
};

#[test]
fn a_lost_update_is_found() {
    let schedule = fails(scenarios::lost_update);
    schedule.matches("tests/schedules/lost_update.txt");
    assert_eq!(schedule.message(), "an update is lost");
    assert_eq!(schedule.preemptions(), 1);
    count("lost_update_found_at", schedule.index());
}

#[test]
fn a_lost_wake_up_is_found() {
    let schedule = fails(scenarios::lost_wake_up);
    schedule.matches("tests/schedules/lost_wake_up.txt");
    assert_eq!(schedule.message(), "deadlock: main, T1 blocked for ever");
    assert_eq!(schedule.preemptions(), 1);
    count("lost_wake_up_found_at", schedule.index());
}

#[test]
fn a_deadlock_is_found() {
    let schedule = fails(scenarios::opposite_lock_order);
    schedule.matches("tests/schedules/deadlock.txt");
    assert_eq!(schedule.message(), "deadlock: main, T1, T2 blocked for ever");
    assert_eq!(schedule.preemptions(), 1);
    count("deadlock_found_at", schedule.index());
}

#[test]
fn correct_code_holds() {
    for (name, scenario) in scenarios::corrected::ALL {
        let tried = holds(bound(3), scenario);
        assert!(tried > 10, "{name}: {tried} schedules are no exploration");
        count(&format!("{name}_schedules"), tried);
    }
}

/// M, the main task, runs; T, the other, was just spawned. A segment ends before each store and at
/// the end, so T has three; M's first has begun, which leaves two, and then it waits for T. A change
/// of letter is a preemption unless the task before it is through, and as M runs at first, so is a
/// T in front. All words of two M and three T:
///
/// | preemptions | words                      | how many | in all |
/// |-------------|----------------------------|----------|--------|
/// | 0           | MMTTT                      | 1        | 1      |
/// | 1           | MTTTM  TTTMM               | 2        | 3      |
/// | 2           | MTMTT  MTTMT  TMMTT  TTMMT | 4        | 7      |
/// | 3           | TMTTM  TTMTM               | 2        | 9      |
/// | 4           | TMTMT                      | 1        | 10     |
#[test]
fn each_schedule_within_the_bound_is_tried_once() {
    for (bound, by_hand) in [1, 3, 7, 9, 10, 10].into_iter().enumerate() {
        assert_eq!(holds(bound, scenarios::two_stores_each), by_hand, "at bound {bound}");
    }
}

#[test]
fn the_first_failure_has_the_fewest_preemptions() {
    assert!(holds(1, scenarios::stale_check) > 1);
    assert_eq!(fails(scenarios::stale_check).preemptions(), 2);
}

#[test]
fn async_tasks_are_explored_like_threads() {
    let schedule = fails(scenarios::lost_update_across_an_await);
    assert_eq!(schedule.message(), "an update is lost");
    assert_eq!(schedule.preemptions(), 0, "an await gives the processor away by itself");
}

#[test]
fn a_spin_loop_that_yields_ends() {
    holds(2, || {
        let ready = Arc::new(AtomicBool::new(false));
        let spinners = [0, 1].map(|_| {
            let ready = Arc::clone(&ready);
            thread::spawn(move || {
                while !ready.load(SeqCst) {
                    thread::yield_now();
                }
            })
        });
        ready.store(true, SeqCst);
        for spinner in spinners {
            spinner.join().unwrap();
        }
    });
}

#[test]
fn a_run_without_end_is_reported() {
    let schedule = fails(|| {
        let ready = Arc::new(AtomicBool::new(false));
        let raising = thread::spawn({
            let ready = Arc::clone(&ready);
            move || ready.store(true, SeqCst)
        });
        while !ready.load(SeqCst) {}
        raising.join().unwrap();
    });
    assert!(schedule.message().starts_with("no end after"), "{schedule}");
}

#[test]
fn a_spurious_wake_up_costs_a_preemption() {
    let parked_without_a_loop = || {
        let ready = Arc::new(AtomicBool::new(false));
        let parked = thread::spawn({
            let ready = Arc::clone(&ready);
            move || {
                thread::park();
                assert!(ready.load(SeqCst), "awake for no reason");
            }
        });
        let waking = parked.thread().clone();
        let raising = thread::spawn(move || {
            ready.store(true, SeqCst);
            waking.unpark();
        });
        parked.join().unwrap();
        raising.join().unwrap();
    };
    assert!(holds(0, parked_without_a_loop) > 1);
    assert_eq!(fails(parked_without_a_loop).preemptions(), 1);
}

#[test]
fn an_unparked_task_may_go_on_at_once() {
    let schedule = fails(|| {
        let [woken, third_ran] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let parked = thread::spawn({
            let (woken, third_ran) = (Arc::clone(&woken), Arc::clone(&third_ran));
            move || {
                let mut waited = false;
                while !woken.load(SeqCst) {
                    waited = true;
                    thread::park();
                }
                assert!(!waited || third_ran.load(SeqCst), "goes on before the third ran");
            }
        });
        let handle = parked.thread().clone();
        let waking = thread::spawn(move || {
            woken.store(true, SeqCst);
            handle.unpark();
        });
        let third = thread::spawn(move || third_ran.store(true, SeqCst));
        for thread in [parked, waking, third] {
            thread.join().unwrap();
        }
    });
    assert_eq!(schedule.preemptions(), 0);
}

#[test]
fn a_caught_panic_is_no_failure() {
    holds(2, || {
        let total = Arc::new(Mutex::new(0));
        let adding = thread::spawn({
            let total = Arc::clone(&total);
            move || {
                let job = || {
                    let _guard = total.lock();
                    panic!("caught");
                };
                assert!(panic::catch_unwind(AssertUnwindSafe(job)).is_err());
            }
        });
        drop(total.lock());
        adding.join().unwrap();
    });
}

#[test]
fn the_panic_that_came_first_is_the_reason() {
    struct Farewell;
    impl Drop for Farewell {
        fn drop(&mut self) {
            note!("unwinds");
        }
    }
    let schedule = fails(|| {
        let total = Arc::new(Mutex::new(0));
        let threads = [0, 1].map(|_| {
            let total = Arc::clone(&total);
            thread::spawn(move || {
                let total = total.lock().expect("poisoned by the first panic");
                let _farewell = Farewell;
                note!("has the lock");
                assert!(*total > 0, "the first panic");
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
    });
    assert_eq!(schedule.to_string(), "T1 has the lock      <- the first panic");
}

#[test]
fn a_panic_is_reported_whatever_its_payload() {
    let message = |payload: fn()| fails(payload).message().to_owned();
    assert_eq!(message(|| panic!("a literal")), "a literal");
    assert_eq!(message(|| panic!("formatted {}", 7)), "formatted 7");
    assert_eq!(message(|| panic::panic_any(7)), "a panic whose payload is not text");
    assert_eq!(fails(|| panic!("one\n  two")).to_string(), "main <- one, two");
}

#[test]
fn a_scenario_that_does_not_repeat_itself_is_refused() {
    let runs = AtomicUsize::new(0);
    let restless = move || {
        let threads = 1 + runs.fetch_add(1, SeqCst) % 2;
        let threads: Vec<_> = (0..threads).map(|_| thread::spawn(thread::yield_now)).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    };
    let complaint = complaint(|| _ = fails(restless));
    assert!(complaint.contains("does not repeat itself"), "{complaint}");
}

#[test]
fn explorations_side_by_side_do_not_disturb_each_other() {
    let alone = (fails(scenarios::lost_update).to_string(), holds(2, scenarios::two_stores_each));
    let start = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                start.wait();
                for _ in 0..20 {
                    let found = fails(scenarios::lost_update).to_string();
                    assert_eq!((found, holds(2, scenarios::two_stores_each)), alone);
                }
            });
        }
    });
}

#[test]
fn a_panic_elsewhere_is_as_loud_as_ever() {
    if argument().is_some() {
        drop(fails(|| panic!("a quiet panic")));
        panic!("a loud panic");
    }
    let (passed, output) = run_alone("a_panic_elsewhere_is_as_loud_as_ever", "", &[]);
    assert!(!passed && output.contains("a loud panic"), "{output}");
    assert!(!output.contains("a quiet panic") && !output.contains("Task failed"), "{output}");
}

#[test]
fn a_note_outside_an_exploration_does_nothing() {
    note!("nobody {}", "listens");
    interleave::note("nobody listens");
}

#[test]
fn holds_shows_the_schedule_that_breaks_it() {
    let complaint = complaint(|| _ = holds(1, scenarios::lost_update));
    let schedule = fails(scenarios::lost_update);
    assert!(complaint.contains(&schedule.to_string()), "{complaint}");
    assert!(complaint.contains(&format!("schedule {}", schedule.index())), "{complaint}");
}

#[test]
fn fails_says_when_nothing_fails() {
    let complaint = complaint(|| _ = fails(scenarios::two_stores_each));
    assert!(complaint.contains("no failing schedule found: 10 tried"), "{complaint}");
    assert!(complaint.contains(&format!("{FAILS_PREEMPTIONS} preemptions")), "{complaint}");
}

#[test]
fn a_stored_schedule_that_differs_says_how_to_accept() {
    if let Some(file) = argument() {
        return fails(scenarios::lost_update).matches(file);
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differs.txt");
    fs::write(&file, "T1 does as it likes\n").unwrap();
    let path = file.to_str().unwrap();
    let this = "a_stored_schedule_that_differs_says_how_to_accept";

    let (passed, output) = run_alone(this, path, &[("INTERLEAVE_ACCEPT", "0")]);
    assert!(!passed, "{output}");
    let parts =
        ["T1 does as it likes", "T2 reads 0", "INTERLEAVE_ACCEPT=1 cargo test -p interleave"];
    assert!(parts.iter().all(|part| output.contains(part)), "{output}");

    let (passed, output) = run_alone(this, path, &[("INTERLEAVE_ACCEPT", "1")]);
    assert!(passed, "{output}");
    let accepted = fs::read_to_string(file).unwrap();
    assert_eq!(accepted, format!("{}\n", fails(scenarios::lost_update)));
}

#[test]
fn a_deep_run_raises_the_bound() {
    if let Some(expected) = argument() {
        return assert_eq!(bound(2).to_string(), expected);
    }
    for (deep, expected) in [("1", "3"), ("0", "2")] {
        let variables = [("COOKBOOK_DEEP", deep)];
        let (passed, output) = run_alone("a_deep_run_raises_the_bound", expected, &variables);
        assert!(passed, "{output}");
    }
}

#[test]
fn what_is_calm_is_not_explored() {
    let (race, setup) = (scenarios::two_stores_each, || calm(scenarios::two_stores_each));
    assert_eq!(holds(2, setup), 1);
    let explored = holds(2, race);
    assert!(explored > 1);
    let (again, panics) = (move || (setup(), race()), || calm(|| panic!("on purpose")));
    assert_eq!(holds(2, move || _ = again()), explored, "it ends where it ends");
    let caught = move || (panic::catch_unwind(panics).is_err(), race());
    assert_eq!(holds(2, move || assert!(caught().0)), explored, "and with a panic");
}

/// What `body` panics with.
fn complaint(body: impl FnOnce()) -> String {
    let panic = panic::catch_unwind(AssertUnwindSafe(body)).expect_err("it should have panicked");
    *panic.downcast::<String>().expect("explorations complain in words")
}

/// Runs one test of this file in a process of its own: whether it passed, and what it printed.
/// There the test finds `argument`.
fn run_alone(test: &str, argument: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(ARGUMENT, argument);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}

/// What [`run_alone`] gave this process.
fn argument() -> Option<String> {
    env::var(ARGUMENT).ok()
}

/// On standard error by hand, because the harness swallows what a passing test prints.
fn count(name: &str, value: usize) {
    let mut terminal = io::stderr();
    writeln!(terminal, "COUNT interleave_{name}={value}").unwrap();
}
