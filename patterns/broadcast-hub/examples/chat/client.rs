//! A client that is no browser.

use std::error::Error;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error as Broken, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A member of the room.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Connects and says its name.
    pub(crate) async fn enter(address: SocketAddr, name: &str) -> Result<Self, Broken> {
        let (socket, _) = connect_async(format!("ws://{address}/room")).await?;
        let mut client = Self { socket };
        client.say(name).await?;
        Ok(client)
    }

    pub(crate) async fn say(&mut self, text: &str) -> Result<(), Broken> {
        self.socket.send(Message::text(text)).await
    }

    /// The next `count` lines, as a reader would see them.
    pub(crate) async fn hear(&mut self, count: usize) -> Result<Vec<String>, Box<dyn Error>> {
        let mut heard = Vec::with_capacity(count);
        while heard.len() < count {
            match self.socket.next().await.ok_or("the connection is gone")?? {
                Message::Text(text) => heard.push(line(&text)?),
                Message::Close(why) => return Err(format!("put out: {why:?}").into()),
                _ => {}
            }
        }
        Ok(heard)
    }

    /// Listens until it is put out, and says why.
    pub(crate) async fn until_the_end(mut self) -> Result<String, Box<dyn Error>> {
        loop {
            match self.socket.next().await.ok_or("the end was not announced")?? {
                Message::Close(Some(why)) => return Ok(why.reason.as_str().to_owned()),
                Message::Close(None) => return Err("the end came without a reason".into()),
                _ => {}
            }
        }
    }
}

fn line(text: &str) -> Result<String, Box<dyn Error>> {
    let message: serde_json::Value = serde_json::from_str(text)?;
    let part = |name: &str| message[name].as_str().unwrap_or_default();
    let joint = if part("kind") == "said" { ": " } else { " " };
    Ok(format!("{}{joint}{}", part("from"), part("text")))
}
