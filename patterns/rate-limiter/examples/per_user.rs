//! A limit for each user: who asks too much is refused, and nobody else notices.
//!
//! Run it with `cargo run -p rate-limiter --example per_user`. It replays ten seconds of requests:
//! three users who ask four times a second, a greedy one who asks fifty times a second, and many
//! visitors who come once. Each has 5 a second and a burst of 10. You will see that the greedy one
//! gets just that, that the others get all they asked for, and that users who are idle cost no
//! memory. Time is that of the log, not of the clock, so it takes none.
//!
//! Try a limit on your own log before you switch it on; its lines are `SECONDS USER`, in order:
//! `.. --example per_user -- --rate 2 --burst 20 requests.log`

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use rate_limiter::lock::Keyed;
use rate_limiter::{ManualClock, Quota, TryAcquireError};

#[path = "per_user/arguments.rs"]
pub(crate) mod arguments;
#[path = "per_user/log.rs"]
pub(crate) mod log;

use arguments::{Refusal, USAGE};
use log::Request;

fn main() -> ExitCode {
    match arguments::read(std::env::args_os().skip(1)) {
        Ok((quota, None)) => demonstrate(quota),
        Ok((quota, Some(path))) => {
            match log::open(&path).and_then(|requests| replay(quota, requests)) {
                Ok(replayed) => print(&replayed),
                Err(error) => {
                    eprintln!("{}: {error}", path.display());
                    return ExitCode::FAILURE;
                }
            }
        }
        Err(Refusal::Help) => println!("{USAGE}"),
        Err(Refusal::Mistake(what)) => {
            eprintln!("{what}\n{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// What became of a user's requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) passed: u64,
    pub(crate) refused: u64,
}

/// What a replay found.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) shares: BTreeMap<String, Share>,
    /// The most users whose limits were in memory at the same time.
    pub(crate) peak: usize,
}

/// Asks the limiter for each request of the log, at its time.
pub(crate) fn replay<E>(
    quota: Quota,
    requests: impl IntoIterator<Item = Result<Request, E>>,
) -> Result<Replayed, E> {
    let clock = ManualClock::new();
    let limits = Keyed::with_clock(quota, clock.clone());
    let (mut found, mut now) = (Replayed::default(), None);
    for request in requests {
        let (at, user) = request?;
        // One that was logged late passes at the time of the one before.
        clock.advance(now.map_or(Duration::ZERO, |now| at.saturating_sub(now)));
        now = now.max(Some(at));
        let outcome = limits.try_acquire(&user, 1);
        let share = found.shares.entry(user).or_default();
        match outcome {
            Ok(()) => share.passed += 1,
            // An API would answer 429, and tell from `at` when to come back.
            Err(TryAcquireError::NotNow { at: _ }) => share.refused += 1,
            Err(error) => unreachable!("a burst is one at least, and nobody closes it: {error}"),
        }
        found.peak = found.peak.max(limits.len());
    }
    Ok(found)
}

fn print(Replayed { shares, peak }: &Replayed) {
    let users = shares.len();
    let refused = shares.iter().filter(|(_, share)| share.refused > 0);
    for (user, Share { passed, refused }) in refused {
        println!("{user}: {passed} passed, {refused} refused");
    }
    println!("{users} users, at most {peak} of them in memory at once");
}

fn demonstrate(quota: Quota) {
    let Ok(replayed) = replay(quota, log::ten_seconds().into_iter().map(Ok::<_, Infallible>));
    print(&replayed);
    // With other numbers it is for you to judge.
    if quota != Quota::per_second(5, 10).expect("a usual quota") {
        return;
    }
    let Replayed { mut shares, peak } = replayed;
    // The burst, and 5 a second until its last request; it asks 20 ms apart, so it may be one less.
    let greedy = shares.remove("greedy").expect("it was in the log");
    assert!((58..=59).contains(&greedy.passed), "{greedy:?}");
    assert_eq!(greedy.passed + greedy.refused, 500);
    assert!(shares.values().all(|share| share.refused == 0), "somebody suffered: {shares:?}");
    assert!(peak < shares.len() / 2, "{peak} of {} users stayed in memory", shares.len());
}
