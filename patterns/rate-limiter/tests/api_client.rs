//! The example `api_client`: a server that counts strictly never has to refuse a client that keeps
//! to its limit, and what fails is told.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use rate_limiter::Quota;
use reqwest::{Client, Url};
use tokio::net::TcpListener;

#[path = "../examples/api_client.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod api_client;

use api_client::arguments::{Job, Refusal};
use api_client::server::{Server, Window};
use api_client::{Tally, call};

fn client() -> Client {
    Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

fn job(rate: u64, burst: u64, requests: usize, at_once: usize) -> Job {
    Job { quota: Quota::per_second(rate, burst).unwrap().strict(), requests, at_once }
}

#[test]
fn the_server_counts_every_window() {
    let start = Instant::now();
    let mut window = Window::new(2, Duration::from_millis(10));
    let outcomes = [0, 4, 9, 10, 13, 14].map(|ms| window.admits(start + Duration::from_millis(ms)));
    assert_eq!(outcomes, [true, true, false, true, false, true]);
    assert_eq!(window.refused, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_keeps_to_the_limit_is_never_refused() {
    // In 100 ms: 10 by its rate, a burst of 5, and 3 that were on their way.
    let server = Server::start(18, Duration::from_millis(100)).await.unwrap();
    let job = job(100, 5, 40, 3);
    let start = Instant::now();
    let tally = call(&client(), &job, &server.url()).await;
    assert_eq!(tally, Tally { answered: 40, refused: 0, failed: 0 });
    assert_eq!(server.refused(), 0);
    assert!(start.elapsed() >= Duration::from_millis(350), "its limit did not limit it");
}

#[tokio::test]
async fn a_client_that_exceeds_the_limit_is_refused() {
    let server = Server::start(5, Duration::from_hours(1)).await.unwrap();
    let tally = call(&client(), &job(10_000, 100, 20, 4), &server.url()).await;
    assert_eq!(tally, Tally { answered: 5, refused: 15, failed: 0 });
    assert_eq!(server.refused(), 15);
}

#[tokio::test]
async fn no_answer_is_a_failure_that_is_counted() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", mute.local_addr().unwrap()).parse().unwrap();
    drop(mute); // whoever connects is refused
    let tally = call(&client(), &job(1_000, 10, 3, 1), &url).await;
    assert_eq!(tally, Tally { answered: 0, refused: 0, failed: 3 });

    let server = Server::start(5, Duration::from_hours(1)).await.unwrap();
    let elsewhere = server.url().join("/nowhere").unwrap();
    let tally = call(&client(), &job(1_000, 10, 2, 2), &elsewhere).await;
    assert_eq!(tally, Tally { answered: 0, refused: 0, failed: 2 });
}

fn read(arguments: &[&str]) -> Result<(Option<Url>, Job), Refusal> {
    Job::read(arguments.iter().map(OsString::from))
}

#[test]
fn arguments_that_make_sense_are_taken() {
    let (url, job) = read(&["--rate", "7", "--burst", "2", "https://b/c"]).unwrap();
    assert_eq!(url.unwrap().as_str(), "https://b/c");
    assert_eq!((job.quota.rate(), job.quota.burst()), ((7, Duration::from_secs(1)), 2));
    assert!(job.quota.is_strict());
    let (url, job) = read(&["--requests", "3", "--at-once", "9"]).unwrap();
    assert_eq!((url, job.requests, job.at_once), (None, 3, 3));
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    for (arguments, hint) in [
        (&["--rate", "0", "http://a/"][..], "--rate wants a number above zero, not \"0\""),
        (&["--burst", "many"], "not \"many\""),
        (&["--at-once"], "--at-once needs a value"),
        (&["--rate", "18446744073709551615"], ""),
        (&["--rte", "3"], "there is no option --rte"),
        (&["example.com"], "is no URL"),
        (&["ftp://a/"], "only http and https, not ftp"),
        (&["http://a/", "http://b/"], "one URL is enough"),
    ] {
        let Err(Refusal::Mistake(what)) = read(arguments) else { panic!("{arguments:?} is taken") };
        assert!(what.contains(hint), "{arguments:?}: {what}");
    }
    assert_eq!(read(&["--help"]).err(), Some(Refusal::Help));
}
