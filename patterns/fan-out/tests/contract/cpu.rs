//! The same promises for work that keeps a processor busy, where they apply.

use std::thread::{self, ThreadId};

use fan_out::cpu::FanOut;
use rayon::ThreadPoolBuilder;

use super::*;

/// Runs a test in a pool of that many threads.
fn with_threads<T: Send>(threads: usize, test: impl FnOnce() -> T + Send) -> T {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(test)
}

/// Work that is worth sharing.
fn long() {
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_micros(100) {
        std::hint::spin_loop();
    }
}

#[test]
fn every_item_has_its_outcome_in_input_order() {
    for count in [0, 1, 2, 300, 5000] {
        let work = |item: usize| {
            if item % 100 == 7 {
                long();
            }
            if item.is_multiple_of(3) { Err("three") } else { Ok(item) }
        };
        let outcomes = with_threads(2, || FanOut::new(8).all(0..count, work));
        let expected: Vec<_> = (0..count)
            .map(|it| {
                if it.is_multiple_of(3) { "the item failed: three".into() } else { it.to_string() }
            })
            .collect();
        assert_eq!(words(&outcomes), expected);
    }
}

#[test]
fn little_work_stays_on_the_calling_thread() {
    let here = thread::current().id();
    let threads: Vec<Outcome<ThreadId, ()>> =
        FanOut::new(8).all(0..16, |_| Ok(thread::current().id()));
    assert!(threads.into_iter().all(|it| it.is_ok_and(|it| it == here)));
}

#[test]
fn much_work_is_shared_and_the_limit_holds() {
    let (work, met) = (Arc::new(Work::default()), AtomicBool::new(false));
    let begin = std::time::Instant::now();
    let outcomes = with_threads(4, || {
        FanOut::new(2).all(0..7, |item| {
            let _at_work = work.begin();
            long();
            // Waits until two have been at work at the same time.
            while item > 0 && !met.load(SeqCst) && begin.elapsed() < LONG {
                met.fetch_or(work.now() == 2, SeqCst);
                thread::yield_now();
            }
            Ok::<_, String>(item)
        })
    });
    assert_eq!(words(&outcomes), ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(work.peak(), 2);
}

#[test]
fn a_limit_of_one_takes_one_after_the_other() {
    let work = Arc::new(Work::default());
    let here = thread::current().id();
    let outcomes = FanOut::new(1).all(0..20, |_| {
        let _at_work = work.begin();
        long();
        Ok::<_, String>(thread::current().id() == here)
    });
    assert_eq!(words(&outcomes), ["true"; 20]);
    assert_eq!(work.peak(), 1);
}

#[test]
#[should_panic(expected = "allow at least one item")]
fn a_limit_of_zero_is_refused() {
    let _ = FanOut::new(0);
}

#[test]
fn all_ok_gives_the_results_in_input_order() {
    let work = |item: usize| {
        long();
        Ok::<_, String>(item)
    };
    let results = with_threads(2, || FanOut::new(4).all_ok(0..50, work)).expect("no error");
    assert!(results.into_iter().eq(0..50));
}

#[test]
fn the_first_error_stops_the_rest() {
    let work = Arc::new(Work::default());
    let stopped = with_threads(2, || {
        FanOut::new(2).all_ok(0..10_000, |item| {
            drop(work.begin());
            long();
            if item == 5 { Err("five") } else { Ok(item) }
        })
    });
    let stopped = stopped.expect_err("one failed");
    assert_eq!(stopped.to_string(), "item 5: the item failed: five");
    assert!(work.begun() < 5_000, "{} began", work.begun());
}

#[test]
fn an_error_in_little_work_stops_the_rest() {
    let work = Arc::new(Work::default());
    let stopped = FanOut::new(2).all_ok(0..20, |item| {
        drop(work.begin());
        if item == 5 { Err("five") } else { Ok(item) }
    });
    assert_eq!(stopped.expect_err("one failed").index, 5);
    assert_eq!(work.begun(), 6);
}

#[test]
fn a_panic_is_the_outcome_of_its_item() {
    let work = |item: usize| {
        if item == 3 {
            long();
        }
        if item % 2 == 1 {
            blow("odd");
        }
        Ok::<_, String>(item)
    };
    let odd = "panic: odd";
    for limit in [1, 2] {
        let outcomes = with_threads(2, || FanOut::new(limit).all(0..8, work));
        assert_eq!(words(&outcomes), ["0", odd, "2", odd, "4", odd, "6", odd]);
    }
    let stopped = FanOut::new(2).all_ok(0..8, work).expect_err("a panic");
    assert_eq!(stopped.index, 1);
}

#[test]
fn a_panic_in_the_iterator_is_the_callers_and_nothing_has_begun() {
    let work = Arc::new(Work::default());
    let items = (0..5).map(|item| if item < 4 { item } else { blow("four") });
    let panic = catch_unwind(AssertUnwindSafe(|| {
        FanOut::new(2).all(items, |item| {
            drop(work.begin());
            Ok::<_, String>(item)
        })
    }));
    assert_eq!(message(&*panic.expect_err("it panics")), "four");
    assert_eq!(work.begun(), 0);
}

#[test]
fn items_may_borrow() {
    let text = String::from("one two three");
    let lengths = FanOut::new(2).all_ok(text.split(' '), |word| Ok::<_, String>(word.len()));
    assert_eq!(lengths.expect("no error"), [3, 3, 5]);
}
