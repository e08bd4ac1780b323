//! How a limiter is built or used wrongly. Each exhibit shows the fault, then the cure. Time is
//! tokio's, paused: an hour passes as soon as nothing else can happen.

use std::future::{Future, pending};
use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use rate_limiter::lock::Limiter;
use rate_limiter::{Quota, QuotaError, TryAcquireError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio::time::{Instant, MissedTickBehavior, advance, interval, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// Lets so much time pass.
async fn pass(time: Duration) {
    let _ = timeout(time, pending::<()>()).await;
}

async fn hangs(future: impl Future) -> bool {
    timeout(Duration::from_hours(1), future).await.is_err()
}

fn limiter(per_second: u64, burst: u64) -> Limiter {
    Limiter::new(Quota::per_second(per_second, burst).expect("a quota"))
}

// ANCHOR: ticker
/// The textbook: a task puts a token into a channel at each tick, callers take them out.
struct Ticker {
    tokens: mpsc::Receiver<()>,
    task: JoinHandle<()>,
}

impl Ticker {
    fn new(per_second: u32) -> Self {
        let mut ticks = interval(Duration::from_secs(1) / per_second);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip); // as Go's ticker does
        let (put, tokens) = mpsc::channel(per_second as usize);
        let task = tokio::spawn(async move {
            loop {
                ticks.tick().await;
                let _ = put.try_send(()); // full, or nobody there: it is all the same to it
            }
        });
        Self { tokens, task }
    }
}
// ANCHOR_END: ticker

impl Ticker {
    fn take_all(&mut self) -> usize {
        std::iter::from_fn(|| self.tokens.try_recv().ok()).count()
    }
}

#[tokio::test(start_paused = true)]
async fn one_tick_per_token_is_no_faster_than_its_task() {
    let mut ticker = Ticker::new(1000);
    let (limiter, admitted) = (limiter(1000, 1), Arc::new(AtomicUsize::new(0)));
    let caller = {
        let admitted = Arc::clone(&admitted);
        tokio::spawn(async move {
            while limiter.acquire(1).await.is_ok() {
                admitted.fetch_add(1, SeqCst);
            }
        })
    };
    // For a second, the runtime has other things to do for 10 ms at a time.
    for _ in 0..100 {
        advance(Duration::from_millis(10)).await;
        yield_now().await;
    }
    let ticks = ticker.take_all();
    assert!((90..=110).contains(&ticks), "{ticks} of 1000: what ticks meanwhile is lost");
    // Slots are times, and several may lie behind us.
    let admitted = admitted.load(SeqCst);
    assert!((980..=1011).contains(&admitted), "{admitted} of 1000");
    caller.abort();
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_tokens_holds_a_burst_that_nobody_chose() {
    // It has room for a second's worth, so that a second may see two.
    let mut ticker = Ticker::new(100);
    pass(SECOND * 2).await;
    let mut taken = ticker.take_all();
    pass(SECOND).await;
    taken += ticker.take_all();
    assert!(taken >= 199, "{taken} in a second, of 100 allowed");

    // Here the burst is a number of its own.
    let limiter = limiter(100, 1);
    pass(SECOND * 2).await;
    let (start, mut admitted) = (Instant::now(), 0);
    while start.elapsed() <= SECOND {
        limiter.acquire(1).await.expect("open");
        admitted += 1;
    }
    assert!(admitted <= 102, "{admitted} in a second");
}

#[tokio::test]
async fn a_rate_of_zero_divides_by_zero() {
    let runtime = Handle::current();
    let made = catch_unwind(move || {
        let _inside = runtime.enter();
        Ticker::new(0)
    });
    let panic = made.err().expect("1 s / 0");
    let said = panic.downcast_ref::<String>().map_or("", String::as_str);
    assert!(said.contains("divide by zero"), "{said}");
    assert_eq!(Quota::per_second(0, 1), Err(QuotaError::NoTokens));
}

#[tokio::test]
async fn a_rate_above_the_clock_has_an_interval_of_nothing() {
    let runtime = Handle::current();
    let made = catch_unwind(move || {
        let _inside = runtime.enter();
        Ticker::new(2_000_000_000)
    });
    assert!(made.is_err(), "1 s / 2,000,000,000 is 0 ns, and no timer ticks every 0 ns");
    let refusal = Quota::per_second(2_000_000_000, 1).expect_err("too fast");
    assert!(matches!(refusal, QuotaError::TooFast { .. }), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn the_task_that_ticks_outlives_the_limiter() {
    let Ticker { tokens, task } = Ticker::new(100);
    drop(tokens);
    pass(Duration::from_mins(1)).await;
    assert!(!task.is_finished(), "it ticks for nobody");
    task.abort();
    let _ = task.await;

    let alive = Handle::current().metrics().num_alive_tasks();
    let limiter = limiter(100, 1);
    limiter.acquire(1).await.expect("open");
    limiter.acquire(1).await.expect("open");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), alive, "there is no task to end");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_kept_but_not_polled_blocks_the_line() {
    let limiter = limiter(1, 1);
    limiter.acquire(1).await.expect("open");
    {
        let mut kept = pin!(limiter.acquire(1));
        assert!(timeout(Duration::ZERO, kept.as_mut()).await.is_err());
        assert!(hangs(limiter.acquire(1)).await, "the slot is that of `kept`, which is not polled");
    } // dropped, it gives up its place, and the slot goes on
    assert!(!hangs(limiter.acquire(1)).await);
}

#[tokio::test(start_paused = true)]
async fn to_sleep_until_the_named_instant_is_no_place_in_the_line() {
    let limiter = Arc::new(limiter(1, 1));
    limiter.try_acquire(1).expect("the burst");
    let others = {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move {
            loop {
                limiter.acquire(1).await.expect("open");
            }
        })
    };
    let mut refused = 0;
    while let Err(TryAcquireError::NotNow { at }) = limiter.try_acquire(1)
        && refused < 100
    {
        refused += 1;
        pass(at - Instant::now().into_std()).await;
    }
    assert_eq!(refused, 100, "somebody else waited in line each time");
    assert!(!hangs(limiter.acquire(1)).await, "who stands in line is served");
    others.abort();
}

#[tokio::test(start_paused = true)]
async fn a_limiter_for_each_call_limits_nothing() {
    let start = Instant::now();
    for _ in 0..10 {
        limiter(1, 1).acquire(1).await.expect("a full bucket each time");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);

    let shared = limiter(1, 1);
    for _ in 0..10 {
        shared.acquire(1).await.expect("open");
    }
    assert!(start.elapsed() >= SECOND * 9);
}

#[tokio::test(start_paused = true)]
async fn so_many_a_second_is_not_so_many_at_once() {
    let (limiter, running) = (limiter(10, 1), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    let mut peak = 0;
    for _ in 0..100 {
        limiter.acquire(1).await.expect("open");
        peak = peak.max(running.fetch_add(1, SeqCst) + 1);
        let running = Arc::clone(&running);
        tasks.spawn(async move {
            pass(SECOND * 5).await; // the service has become slow
            running.fetch_sub(1, SeqCst);
        });
    }
    assert!(peak >= 49, "{peak} at once: what they hold is bounded by a semaphore, not by a rate");
}
