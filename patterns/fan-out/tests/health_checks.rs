//! The example `health_checks`: one slow server holds nobody up, and rounds never overlap.

use std::cell::Cell;
use std::ffi::OsString;
use std::future::pending;
use std::time::Duration;

use fan_out::ItemError;
use fan_out::joined::FanOut;
use reqwest::Url;
use tokio::time::advance;

#[path = "../examples/health_checks.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod health_checks;
#[path = "web/standing_clock.rs"]
mod standing_clock;

use health_checks::arguments::Refusal;
use health_checks::fetch::{fetch, loopback_client};
use health_checks::server::Server;
use health_checks::{Job, watch};
use standing_clock::StandingClock;

fn job(every: u64, timeout: u64, rounds: usize) -> Job {
    let services = ["http://silent/", "http://well/"].map(|url| url.parse().unwrap());
    let (every, timeout) = (Duration::from_millis(every), Duration::from_millis(timeout));
    Job { every, timeout, rounds, services: services.into() }
}

/// A check that is never answered by the silent one.
async fn ask(service: &Url) -> Result<usize, health_checks::fetch::FetchError> {
    match service.host_str() {
        Some("silent") => pending().await,
        _ => Ok(0),
    }
}

#[tokio::test(start_paused = true)]
async fn one_slow_server_holds_nobody_up() {
    let _clock = StandingClock::new();
    let server = Server::start(0).await.unwrap();
    let client = loopback_client().unwrap();
    let services = ["/silent", "/ok", "/broken", "/moved"].map(|path| server.url(path));
    let fan_out = FanOut::with_timeout(services.len(), Duration::from_secs(5));
    let mut run = fan_out.run(&services, |url| fetch(&client, url.clone(), 1000));
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(run.next().await.expect("three of four answer").0);
    }
    heard.sort_unstable();
    assert_eq!(heard, [1, 2, 3], "the clock stands, and all but the silent one have answered");
    advance(Duration::from_millis(5001)).await;
    let (silent, outcome) = run.next().await.expect("the fourth");
    assert_eq!(silent, 0);
    assert!(matches!(outcome, Err(ItemError::TimedOut)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn rounds_never_overlap() {
    struct Asked<'a>(&'a Cell<usize>);
    impl Drop for Asked<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    let (asked, peak) = (Cell::new(0), Cell::new(0));
    // A round takes two and a half times as long as there is between two of them.
    let job = job(100, 250, 4);
    let rounds = watch(&job, async |service: &Url| {
        asked.set(asked.get() + 1);
        peak.set(peak.get().max(asked.get()));
        let _asked = Asked(&asked);
        ask(service).await
    });
    let rounds = rounds.await;
    assert_eq!(rounds.len(), 4);
    for pair in rounds.windows(2) {
        assert!(pair[0].ended <= pair[1].began, "a round began before the last one ended");
    }
    assert!(peak.get() <= job.services.len(), "{} checks of 2 services", peak.get());
    assert!(
        rounds[3].began >= Duration::from_millis(750),
        "no round was late, so none could overlap"
    );
}

#[tokio::test(start_paused = true)]
async fn rounds_that_are_in_time_keep_to_the_clock() {
    let rounds = watch(&job(100, 50, 4), ask).await;
    for (number, round) in (0..).zip(&rounds) {
        let late = round.began.saturating_sub(Duration::from_millis(100 * number));
        assert!(late <= Duration::from_millis(2), "round {number} is {late:?} late");
        assert!(matches!(round.outcomes[..], [Err(ItemError::TimedOut), Ok(0)]));
    }
}

fn read(arguments: &[&str]) -> Result<Job, Refusal> {
    Job::read(arguments.iter().map(OsString::from))
}

#[test]
fn arguments_are_read_or_explained() {
    let job = read(&["--every", "60", "--rounds=2", "http://a/health"]).ok().unwrap();
    assert_eq!((job.every, job.rounds, job.services.len()), (Duration::from_mins(1), 2, 1));
    for (arguments, hint) in [
        (&["--every", "soon"][..], "--every wants seconds"),
        (&["--rounds", "-1"], "--rounds wants a whole number above zero"),
        (&["--limit", "3"], "there is no option --limit"),
    ] {
        let Err(Refusal::Mistake(what)) = read(arguments) else { panic!("{arguments:?} is taken") };
        assert!(what.contains(hint), "{arguments:?}: {what}");
    }
    assert_eq!(read(&["http://a/", "-h"]).err(), Some(Refusal::Help));
}
