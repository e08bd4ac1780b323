//! A client that keeps to the limit of an API, so that the API never has to refuse it.
//!
//! Run it with `cargo run -p rate-limiter --example api_client`. It starts a server on loopback that
//! answers 20 requests in any 200 ms and refuses the rest with 429, and calls it 60 times. You will
//! see that none is refused: whatever the network does, what arrives in 200 ms was sent in 200 ms
//! (60 a second make 12, and a burst of 4), or was on its way before (4 at once). `strict()` is what
//! makes the first part true of every moment: without it, calls whose timers are late catch up. Then
//! it calls without a limiter, until it is refused.
//!
//! A real server: `.. --example api_client -- --rate 5 --requests 20 https://api.example.com/`

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rate_limiter::Quota;
use rate_limiter::lock::Limiter;
use reqwest::{Client, StatusCode, Url};
use tokio::task::JoinSet;

#[path = "api_client/arguments.rs"]
pub(crate) mod arguments;
#[path = "api_client/server.rs"]
pub(crate) mod server;

use arguments::{Job, Refusal, USAGE};
use server::Server;

/// Without a limiter, far fewer calls are enough to be refused.
const MANY: usize = 10_000;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Job::read(std::env::args_os().skip(1)) {
        Ok((None, _)) => demonstrate().await,
        Ok((Some(url), job)) => {
            let client = Client::builder().timeout(Duration::from_secs(10)).build()?;
            let Tally { answered, refused, failed } = call(&client, &job, &url).await;
            println!("{answered} answered, {refused} refused, {failed} failed");
            Ok(ExitCode::from(u8::from(answered < job.requests)))
        }
        Err(Refusal::Help) => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Err(Refusal::Mistake(what)) => {
            eprintln!("{what}\n{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

/// What became of the requests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) answered: usize,
    /// By 429.
    pub(crate) refused: usize,
    /// By any other status, or by no answer at all.
    pub(crate) failed: usize,
}

impl Tally {
    fn fail(&mut self, url: &Url, why: &dyn Display) {
        eprintln!("{url}: {why}");
        self.failed += 1;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            refused: self.refused + other.refused,
            failed: self.failed + other.failed,
        }
    }
}

/// Makes all requests of the job, `at_once` at a time and each when it is its turn. Prints what
/// fails.
pub(crate) async fn call(client: &Client, job: &Job, url: &Url) -> Tally {
    let limiter = Arc::new(Limiter::new(job.quota));
    let left = Arc::new(AtomicUsize::new(job.requests));
    let mut workers = JoinSet::new();
    for _ in 0..job.at_once {
        let (client, url) = (client.clone(), url.clone());
        let (limiter, left) = (Arc::clone(&limiter), Arc::clone(&left));
        workers.spawn(async move {
            let mut tally = Tally::default();
            while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                limiter.acquire(1).await.expect("nobody closes it");
                match get(&client, &url).await {
                    Ok(status) if status.is_success() => tally.answered += 1,
                    Ok(StatusCode::TOO_MANY_REQUESTS) => tally.refused += 1,
                    Ok(status) => tally.fail(&url, &status),
                    Err(error) => tally.fail(&url, &error),
                }
            }
            tally
        });
    }
    workers.join_all().await.into_iter().fold(Tally::default(), Tally::plus)
}

/// The status of the answer, once all of it has come: until then the call is on its way.
async fn get(client: &Client, url: &Url) -> reqwest::Result<StatusCode> {
    let mut response = client.get(url.clone()).send().await?;
    while response.chunk().await?.is_some() {}
    Ok(response.status())
}

async fn demonstrate() -> Result<ExitCode, Box<dyn Error>> {
    let (limit, window) = (20, Duration::from_millis(200));
    let server = Server::start(limit, window).await?;
    let url = server.url();
    let job = Job { quota: Quota::per_second(60, 4)?.strict(), requests: 60, at_once: 4 };
    // No proxy and no certificates: this is loopback.
    let client = Client::builder().no_proxy().tls_certs_only([]).build()?;

    let start = Instant::now();
    let tally = call(&client, &job, &url).await;
    let took = start.elapsed();
    println!("with a limiter: {} of {} answered in {took:.2?}", tally.answered, job.requests);
    assert_eq!(tally, Tally { answered: job.requests, ..Tally::default() });
    assert_eq!(server.refused(), 0, "the server refused what nobody saw");
    let least = Duration::from_secs(1) * 56 / 60; // the burst is free
    assert!(took >= least, "60 calls came in {took:?}, which is too fast for the limiter");

    let mut answered = 0;
    while get(&client, &url).await? != StatusCode::TOO_MANY_REQUESTS {
        answered += 1;
        assert!(answered < MANY, "the server refuses nothing");
    }
    println!("without one: {answered} answered, and the next was refused");
    assert_eq!(server.refused(), 1);
    Ok(ExitCode::SUCCESS)
}
