//! Many pages at once: each has its own time-out and its own outcome, and none holds up the rest.
//!
//! Run it with `cargo run -p fan-out --example fetch_all`. It starts a server on loopback that is
//! sometimes slow and sometimes fails (the seed decides), and that has a page which moved, one that
//! redirects to itself, one that never answers, one that gets stuck and one without end. It fetches
//! them all, eight at a time, prints each as it comes, and checks that each had the outcome it
//! should.
//!
//! Your own pages: `.. --example fetch_all -- --limit 4 --timeout 2.5 https://example.com/ ..`

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use fan_out::lock::FanOut;
use fan_out::{ItemError, Outcome};
use reqwest::{Client, Url};

#[path = "web/arguments.rs"]
pub(crate) mod arguments;
#[path = "web/fetch.rs"]
pub(crate) mod fetch;
#[path = "web/server.rs"]
pub(crate) mod server;

use arguments::{Arguments, Refusal};
use fetch::{FetchError, fetch};
use server::{Server, fate};

const USAGE: &str = "\
usage: fetch_all [--limit N] [--timeout SECONDS] [--max-bytes N] [URL ..]
  --limit N          pages at the same time (8)
  --timeout SECONDS  for each page, from its first byte sent to its last received (10)
  --max-bytes N      give up on a page that is longer (10000000)
Without a URL it fetches from a server of its own.";

const SEED: u64 = 16;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Job::read(std::env::args_os().skip(1)) {
        Ok(job) if job.urls.is_empty() => demonstrate().await,
        Ok(job) => {
            let outcomes = fetch_all(&fetch::client()?, &job).await;
            let bad = outcomes.iter().filter(|outcome| outcome.is_err()).count();
            println!("{} of {} pages", outcomes.len() - bad, outcomes.len());
            Ok(ExitCode::from(u8::from(bad > 0)))
        }
        Err(refusal) => Ok(refusal.tell(USAGE)),
    }
}

/// What to fetch, and what it may cost.
pub(crate) struct Job {
    pub(crate) limit: usize,
    pub(crate) timeout: Duration,
    pub(crate) most: usize,
    pub(crate) urls: Vec<Url>,
}

impl Job {
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = std::ffi::OsString>,
    ) -> Result<Self, Refusal> {
        let read = Arguments::read(arguments, &["--limit", "--timeout", "--max-bytes"])?;
        Ok(Self {
            limit: read.count("--limit", 8)?,
            timeout: read.seconds("--timeout", Duration::from_secs(10))?,
            most: read.count("--max-bytes", 10_000_000)?,
            urls: read.urls,
        })
    }
}

/// Fetches all pages, prints each as it comes, and returns their lengths or what went wrong, in the
/// order of the URLs.
pub(crate) async fn fetch_all(client: &Client, job: &Job) -> Vec<Outcome<usize, FetchError>> {
    let (client, most) = (client.clone(), job.most);
    let work = move |url| {
        let client = client.clone();
        async move { fetch(&client, url, most).await }
    };
    let mut run = FanOut::with_timeout(job.limit, job.timeout).run(job.urls.clone(), work);
    let mut outcomes: Vec<_> = job.urls.iter().map(|_| None).collect();
    while let Some((index, outcome)) = run.next().await {
        match &outcome {
            Ok(length) => println!("{:>8} bytes  {}", length, job.urls[index]),
            Err(error) => println!("{:>14}  {}: {error}", "", job.urls[index]),
        }
        outcomes[index] = Some(outcome);
    }
    outcomes.into_iter().flatten().collect()
}

/// Fetches from a server that misbehaves in every way, and checks each outcome.
async fn demonstrate() -> Result<ExitCode, Box<dyn Error>> {
    let server = Server::start(SEED).await?;
    // Those that will cost their whole time-out first, so that they wait side by side.
    let mut urls: Vec<_> = ["silent", "stuck", "endless", "circle", "broken", "moved"]
        .map(|name| server.url(&format!("/{name}")))
        .into();
    urls.push(server.refused()?);
    let first_page = urls.len();
    urls.extend((0..24).map(|number| server.url(&format!("/page/{number}"))));
    let job = Job { limit: 8, timeout: Duration::from_millis(600), most: 100_000, urls };
    let outcomes = fetch_all(&fetch::loopback_client()?, &job).await;

    let (special, pages) = outcomes.split_at(first_page);
    let [silent, stuck, endless, circle, broken, moved, refused] = special else {
        return Err("an outcome is missing".into());
    };
    assert!(matches!(silent, Err(ItemError::TimedOut)), "no answer: {silent:?}");
    assert!(matches!(stuck, Err(ItemError::TimedOut)), "half an answer: {stuck:?}");
    assert!(matches!(endless, Err(ItemError::Failed(FetchError::TooLong(_)))), "{endless:?}");
    assert!(matches!(circle, Err(ItemError::Failed(FetchError::Http(e))) if e.is_redirect()));
    assert!(matches!(broken, Err(ItemError::Failed(FetchError::Status(_)))), "{broken:?}");
    assert!(matches!(moved, Ok(length) if *length > 0), "followed: {moved:?}");
    assert!(matches!(refused, Err(ItemError::Failed(FetchError::Http(e))) if e.is_connect()));
    for (number, page) in pages.iter().enumerate() {
        let (_, fails) = fate(SEED, number as u64);
        assert_eq!(page.is_err(), fails, "page {number}: {page:?}");
        assert!(fails || page.as_ref().is_ok_and(|length| *length == 5 * number));
    }
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    println!("{} outcomes of {} items, {failed} of them bad", outcomes.len(), job.urls.len());
    Ok(ExitCode::SUCCESS)
}
