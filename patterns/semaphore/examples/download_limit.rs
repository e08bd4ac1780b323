//! Many downloads, never more than a few at once.
//!
//! Run it with `cargo run -p semaphore --example download_limit`. It starts a slow server on
//! loopback, fetches 24 pages from it with at most 4 connections, and prints each page with the
//! number of connections at that moment. Then it checks that the limit was reached, and never
//! passed.
//!
//! Your own limit and pages: `.. --example download_limit -- 2 http://127.0.0.1:8000/a ..`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use semaphore::lock::Semaphore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let limit = arguments.next().map_or(Ok(4), |limit| limit.parse()).ok().filter(|n| *n > 0);
    let limit = limit.ok_or("the first argument is the limit, a number above zero")?;
    let mut pages: Vec<String> = arguments.collect();
    let embedded = pages.is_empty();
    if embedded {
        let server = TcpListener::bind("127.0.0.1:0").await?;
        let address = server.local_addr()?;
        pages = (0..24).map(|page| format!("http://{address}/{page}")).collect();
        tokio::spawn(serve_slowly(server));
    }

    let semaphore = Arc::new(Semaphore::new(limit));
    let (open, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let expected = pages.len();
    let mut downloads = JoinSet::new();
    for page in pages {
        // Before the spawn: a task that waits for its permit would be there already.
        let permit = semaphore.acquire_owned(1).await?;
        let (open, peak) = (Arc::clone(&open), Arc::clone(&peak));
        downloads.spawn(async move {
            let now = open.fetch_add(1, SeqCst) + 1;
            peak.fetch_max(now, SeqCst);
            let outcome = tokio::time::timeout(PATIENCE, download(&page)).await;
            open.fetch_sub(1, SeqCst);
            drop(permit); // the permit lives in the task, as long as the connection
            match outcome {
                Ok(Ok(bytes)) => println!("{now} open, {bytes:>6} bytes from {page}"),
                Ok(Err(error)) => return Err(format!("{page}: {error}")),
                Err(_) => return Err(format!("{page}: no answer within {PATIENCE:?}")),
            }
            Ok(())
        });
    }
    let outcomes = downloads.join_all().await;
    let failures: Vec<_> = outcomes.into_iter().filter_map(std::result::Result::err).collect();
    for failure in &failures {
        eprintln!("{failure}");
    }
    let peak = peak.load(SeqCst);
    println!("{} of {expected} pages, at most {peak} at once", expected - failures.len());
    assert!(peak <= limit, "{peak} downloads at once, the limit was {limit}");
    assert!(!embedded || peak == limit.min(expected), "the limit was never reached");
    if failures.is_empty() { Ok(()) } else { Err("some downloads failed".into()) }
}

/// Fetches a page by HTTP/1.0 and returns how many bytes came, head included.
async fn download(page: &str) -> Result<usize> {
    let rest = page.strip_prefix("http://").ok_or("only http:// here, and no TLS")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let mut server = TcpStream::connect(address).await?;
    server.write_all(format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    if !answer.starts_with(b"HTTP/1.") || answer.get(8..12) != Some(b" 200") {
        return Err("the answer is not 200".into());
    }
    Ok(answer.len())
}

/// Answers each request after a while, with a page whose length is its number in kilobytes.
async fn serve_slowly(server: TcpListener) {
    while let Ok((mut client, _)) = server.accept().await {
        tokio::spawn(async move {
            let mut request = [0; 1024];
            let read = client.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]);
            let number = request.split(['/', ' ']).nth(2).and_then(|number| number.parse().ok());
            #[expect(clippy::disallowed_methods, reason = "stands for a slow network")]
            tokio::time::sleep(Duration::from_millis(20)).await;
            let body = vec![b'.'; 1024 * number.unwrap_or(0_usize)];
            let _ = client.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
            let _ = client.write_all(&body).await;
        });
    }
}
