//! A client that reads events and remembers the number of the last.

use std::error::Error;
use std::net::SocketAddr;

use reqwest::Response;

/// What came over the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Tick {
        id: u64,
        price: String,
    },
    /// So many were skipped.
    Missed(u64),
}

/// An open stream.
#[derive(Debug)]
pub(crate) struct Client {
    response: Response,
    /// What has arrived of events that are not complete yet.
    rest: Vec<u8>,
}

impl Client {
    /// Connects, and says what it saw last.
    pub(crate) async fn connect(
        address: SocketAddr,
        last_seen: Option<u64>,
    ) -> Result<Self, reqwest::Error> {
        // A proxy is for the world outside.
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut request = client.get(format!("http://{address}/ticks"));
        if let Some(id) = last_seen {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await?.error_for_status()?;
        Ok(Self { response, rest: Vec::new() })
    }

    /// The next event; nothing when the server has ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, Box<dyn Error>> {
        loop {
            while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
                let block = self.rest.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8(block)?)? {
                    return Ok(Some(event));
                }
            }
            match self.response.chunk().await? {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }

    /// The numbers of the next `count` ticks.
    pub(crate) async fn ids(&mut self, count: usize) -> Result<Vec<u64>, Box<dyn Error>> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            match self.next().await?.ok_or("the stream ended")? {
                Event::Tick { id, .. } => ids.push(id),
                Event::Missed(count) => return Err(format!("{count} were missed").into()),
            }
        }
        Ok(ids)
    }
}

/// One event; a comment alone is none.
fn parse(block: &str) -> Result<Option<Event>, Box<dyn Error>> {
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    match (field("event"), field("id"), field("data")) {
        (Some("missed"), _, Some(count)) => Ok(Some(Event::Missed(count.parse()?))),
        (None, Some(id), Some(price)) => {
            Ok(Some(Event::Tick { id: id.parse()?, price: price.to_owned() }))
        }
        (None, None, None) => Ok(None),
        _ => Err(format!("not understood: {block:?}").into()),
    }
}
