//! The example `fetch_all`: whatever a server does is the outcome of its own page, within that
//! page's time-out, and the others arrive. The clock stands until the test moves it, so that "the
//! others arrive" means: without a time-out having passed.

use std::ffi::OsString;
use std::time::Duration;

use fan_out::lock::FanOut;
use fan_out::{ItemError, lock};
use futures_util::FutureExt as _;
use reqwest::Url;
use tokio::time::{Instant, advance};

#[path = "../examples/fetch_all.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod fetch_all;
#[path = "web/standing_clock.rs"]
mod standing_clock;

use fetch_all::Job;
use fetch_all::arguments::Refusal;
use fetch_all::fetch::{FetchError, fetch, loopback_client};
use fetch_all::server::Server;
use standing_clock::StandingClock;

type Outcome = fan_out::Outcome<usize, FetchError>;

const TIMEOUT: Duration = Duration::from_secs(5);
const MOST: usize = 50_000;
/// How long the good page is.
const GOOD: usize = "all is well".len();

/// Fetches the first page, which the test is about, beside three good ones.
fn beside_three_good(server: &Server, page: Url) -> lock::Run<usize, FetchError> {
    let client = loopback_client().unwrap();
    let urls = [page, server.url("/ok"), server.url("/moved"), server.url("/ok")];
    let work = move |url| {
        let client = client.clone();
        async move { fetch(&client, url, MOST).await }
    };
    FanOut::with_timeout(4, TIMEOUT).run(urls, work)
}

/// The outcome of a page that is told before any time passes, as are those of the good ones.
async fn told_at_once(page: impl FnOnce(&Server) -> Url) -> Outcome {
    let _clock = StandingClock::new();
    let server = Server::start(0).await.unwrap();
    let start = Instant::now();
    let mut outcomes = beside_three_good(&server, page(&server)).all().await.into_iter();
    assert_eq!(start.elapsed(), Duration::ZERO, "somebody waited for a time-out");
    let outcome = outcomes.next().expect("an outcome for every page");
    assert_eq!(outcomes.map(Result::unwrap).collect::<Vec<_>>(), [GOOD; 3]);
    outcome
}

/// A page that never comes: the others do, and its own outcome is there when its time is up.
async fn told_when_its_time_is_up(path: &str) {
    let _clock = StandingClock::new();
    let server = Server::start(0).await.unwrap();
    let mut run = beside_three_good(&server, server.url(path));
    for _ in 0..3 {
        let (index, outcome) = run.next().await.expect("three good pages and a bad one");
        assert!(index > 0, "{path} was given up before its time");
        assert_eq!(outcome.unwrap(), GOOD);
    }
    advance(TIMEOUT.saturating_sub(Duration::from_millis(1))).await;
    assert_eq!(run.len(), 1);
    assert!(run.next().now_or_never().is_none(), "a bit too early");
    advance(Duration::from_millis(2)).await; // a timer may be a tick late
    let (index, outcome) = run.next().await.expect("the outcome of the bad page");
    assert_eq!(index, 0);
    assert!(matches!(outcome, Err(ItemError::TimedOut)), "{path}: {outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_followed() {
    assert_eq!(told_at_once(|server| server.url("/moved")).await.unwrap(), GOOD);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_itself_is_given_up() {
    let outcome = told_at_once(|server| server.url("/circle")).await;
    let Err(ItemError::Failed(FetchError::Http(error))) = outcome else { panic!("{outcome:?}") };
    assert!(error.is_redirect(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_an_outcome() {
    let outcome = told_at_once(|server| server.refused().unwrap()).await;
    let Err(ItemError::Failed(FetchError::Http(error))) = outcome else { panic!("{outcome:?}") };
    assert!(error.is_connect(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_500_is_an_outcome() {
    let outcome = told_at_once(|server| server.url("/broken")).await;
    let Err(ItemError::Failed(FetchError::Status(status))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(status.as_u16(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_cut_off() {
    let outcome = told_at_once(|server| server.url("/endless")).await;
    assert!(matches!(outcome, Err(ItemError::Failed(FetchError::TooLong(MOST)))), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_costs_its_own_timeout() {
    told_when_its_time_is_up("/silent").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_halfway_costs_its_own_timeout() {
    told_when_its_time_is_up("/stuck").await;
}

#[tokio::test(start_paused = true)]
async fn https_is_spoken() {
    // The server does not speak it, and that is what the client complains about.
    let outcome = told_at_once(|server| {
        let mut url = server.url("/ok");
        url.set_scheme("https").expect("https is a scheme like http");
        url
    });
    let outcome = outcome.await;
    let Err(ItemError::Failed(error)) = outcome else { panic!("{outcome:?}") };
    let error = error.to_string();
    assert!(error.contains("message") && error.contains("corrupt"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn outcomes_stand_in_the_order_of_the_urls() {
    let _clock = StandingClock::new();
    let server = Server::start(0).await.unwrap();
    let urls = ["/broken", "/ok", "/endless", "/moved"].map(|path| server.url(path));
    let job = Job { limit: 4, timeout: TIMEOUT, most: MOST, urls: urls.into() };
    let outcomes = fetch_all::fetch_all(&loopback_client().unwrap(), &job).await;
    let lengths: Vec<_> = outcomes.into_iter().map(Result::ok).collect();
    assert_eq!(lengths, [None, Some(GOOD), None, Some(GOOD)]);
}

fn read(arguments: &[&str]) -> Result<Job, Refusal> {
    Job::read(arguments.iter().map(OsString::from))
}

#[test]
fn arguments_that_make_sense_are_taken() {
    let job = read(&["--limit", "3", "http://a/", "--timeout=0.5", "https://b/c"]).ok().unwrap();
    assert_eq!((job.limit, job.timeout), (3, Duration::from_millis(500)));
    assert_eq!(job.urls.iter().map(Url::as_str).collect::<Vec<_>>(), ["http://a/", "https://b/c"]);
    assert!(read(&[]).is_ok_and(|job| job.urls.is_empty()));
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    for (arguments, hint) in [
        (&["--limit", "0", "http://a/"][..], "--limit wants a whole number above zero, not \"0\""),
        (&["--limit", "many"], "not \"many\""),
        (&["--timeout", "0"], "--timeout wants seconds"),
        (&["--timeout", "NaN"], "--timeout wants seconds"),
        (&["--timeout", "1e300"], "at most a day"),
        (&["--max-bytes"], "--max-bytes needs a value"),
        (&["--lmit", "3"], "there is no option --lmit"),
        (&["example.com"], "is no URL"),
        (&["ftp://a/"], "only http and https, not ftp"),
    ] {
        let Err(Refusal::Mistake(what)) = read(arguments) else { panic!("{arguments:?} is taken") };
        assert!(what.contains(hint), "{arguments:?}: {what}");
    }
    assert_eq!(read(&["--help"]).err(), Some(Refusal::Help));
}
