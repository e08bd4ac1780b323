//! Are all services well? Asked again and again: a round never begins before the last one ended,
//! and one slow server holds nobody up.
//!
//! Run it with `cargo run -p fan-out --example health_checks`. It starts a server on loopback with a
//! few services, one of which never answers, and asks them three times. A round is due before the
//! silent one has had its time, so rounds are late: each begins when the one before it has ended,
//! and not on top of it. Then it checks what each service was found to be.
//!
//! Your own services: `.. --example health_checks -- --every 30 --timeout 5 --rounds 10 URL ..`

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use fan_out::Outcome;
use fan_out::joined::FanOut;
use reqwest::Url;
use tokio::time::{Instant, MissedTickBehavior, interval};

#[path = "web/arguments.rs"]
pub(crate) mod arguments;
#[path = "web/fetch.rs"]
pub(crate) mod fetch;
#[path = "web/server.rs"]
pub(crate) mod server;

use arguments::{Arguments, Refusal};
use fetch::{FetchError, fetch};
use server::Server;

const USAGE: &str = "\
usage: health_checks [--every SECONDS] [--timeout SECONDS] [--rounds N] [URL ..]
  --every SECONDS    from the start of one round to the start of the next (30)
  --timeout SECONDS  for each answer (5)
  --rounds N         then stop (10)
Without a URL it asks a server of its own.";

/// Nobody reads more than that of a health page.
const MOST: usize = 100_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Job::read(std::env::args_os().skip(1)) {
        Ok(job) if job.services.is_empty() => demonstrate().await,
        Ok(job) => {
            let client = fetch::client()?;
            let rounds = watch(&job, |url: &Url| fetch(&client, url.clone(), MOST)).await;
            let well = rounds.last().is_some_and(|round| round.outcomes.iter().all(Result::is_ok));
            Ok(ExitCode::from(u8::from(!well)))
        }
        Err(refusal) => Ok(refusal.tell(USAGE)),
    }
}

/// Whom to ask, and when.
pub(crate) struct Job {
    pub(crate) every: Duration,
    pub(crate) timeout: Duration,
    pub(crate) rounds: usize,
    pub(crate) services: Vec<Url>,
}

impl Job {
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = std::ffi::OsString>,
    ) -> Result<Self, Refusal> {
        let read = Arguments::read(arguments, &["--every", "--timeout", "--rounds"])?;
        Ok(Self {
            every: read.seconds("--every", Duration::from_secs(30))?,
            timeout: read.seconds("--timeout", Duration::from_secs(5))?,
            rounds: read.count("--rounds", 10)?,
            services: read.urls,
        })
    }
}

/// What one round found.
pub(crate) struct Round {
    /// After the first round began.
    pub(crate) began: Duration,
    pub(crate) ended: Duration,
    /// In the order of the services.
    pub(crate) outcomes: Vec<Outcome<usize, FetchError>>,
}

/// Asks every service, all at the same time, once a round. A round begins when it is due, or when
/// the one before it has ended, if that is later; so two rounds never overlap. An item borrows its
/// service, and need not be `Send`: all of this is one task.
pub(crate) async fn watch<'a, F>(job: &'a Job, check: impl Fn(&'a Url) -> F) -> Vec<Round>
where
    F: Future<Output = Result<usize, FetchError>>,
{
    let fan_out = FanOut::with_timeout(job.services.len().max(1), job.timeout);
    let mut ticks = interval(job.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut rounds, start) = (Vec::new(), Instant::now());
    while rounds.len() < job.rounds {
        ticks.tick().await;
        let began = start.elapsed();
        println!("round {}, after {began:.1?}", rounds.len() + 1);
        let mut run = fan_out.run(&job.services, &check);
        let mut outcomes: Vec<_> = job.services.iter().map(|_| None).collect();
        while let Some((index, outcome)) = run.next().await {
            match &outcome {
                Ok(_) => println!("  {} is well", job.services[index]),
                Err(error) => println!("  {}: {error}", job.services[index]),
            }
            outcomes[index] = Some(outcome);
        }
        let outcomes = outcomes.into_iter().flatten().collect();
        rounds.push(Round { began, ended: start.elapsed(), outcomes });
    }
    rounds
}

/// Asks a server of its own three times, and checks what was found.
async fn demonstrate() -> Result<ExitCode, Box<dyn Error>> {
    let server = Server::start(0).await?;
    let mut services: Vec<_> =
        ["/silent", "/ok", "/moved", "/broken"].map(|path| server.url(path)).into();
    services.push(server.refused()?);
    let (every, timeout) = (Duration::from_millis(300), Duration::from_millis(400));
    let job = Job { every, timeout, rounds: 3, services };
    let client = fetch::loopback_client()?;
    let rounds = watch(&job, |url| fetch(&client, url.clone(), MOST)).await;
    for (number, round) in rounds.iter().enumerate() {
        let well: Vec<_> = round.outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(well, [false, true, true, false, false], "round {}", number + 1);
    }
    for pair in rounds.windows(2) {
        assert!(pair[0].ended <= pair[1].began, "a round began on top of another");
    }
    println!("{} rounds, none on top of another", rounds.len());
    Ok(ExitCode::SUCCESS)
}
