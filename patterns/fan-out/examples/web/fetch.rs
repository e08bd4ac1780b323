//! One page, with a limit to its size. How long it may take is for the fan-out to say.

use std::error::Error;

use reqwest::{Client, ClientBuilder, Url};
use thiserror::Error;

/// Why a page did not come.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    #[error("the server says {0}")]
    Status(reqwest::StatusCode),
    #[error("the page is longer than {0} bytes")]
    TooLong(usize),
    #[error("{}", causes(.0))]
    Http(reqwest::Error),
}

impl From<reqwest::Error> for FetchError {
    /// The URL is known to whoever asked.
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

/// A client for the wide world, which trusts whom this machine trusts.
pub(crate) fn client() -> Result<Client, FetchError> {
    Ok(builder().build()?)
}

/// A client for loopback: no proxy, and no certificates, which this machine may not have.
pub(crate) fn loopback_client() -> Result<Client, FetchError> {
    Ok(builder().no_proxy().tls_certs_only([]).build()?)
}

fn builder() -> ClientBuilder {
    Client::builder().user_agent("concurrency-cookbook-example")
}

/// Fetches a page and says how long it is. Redirects are followed, up to ten. The body is read
/// here, piece by piece, and given up when it gets longer than `most`: whoever only awaits the
/// head, as the textbook does, has bounded neither the time nor the memory that the body takes.
pub(crate) async fn fetch(client: &Client, url: Url, most: usize) -> Result<usize, FetchError> {
    let mut response = client.get(url).send().await?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status()));
    }
    let mut length = 0;
    while let Some(piece) = response.chunk().await? {
        length += piece.len();
        if length > most {
            return Err(FetchError::TooLong(most));
        }
    }
    Ok(length)
}

/// The error and what lies beneath it, on one line.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
