//! One connection: what its client says goes to the room, what the room says goes to its client.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use broadcast_hub::RecvError;
use broadcast_hub::lock::Subscriber;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::end::End;
use super::room::Room;

/// The longest message, in bytes: the page sends up to 500 characters.
pub(crate) const LONGEST: usize = 2_000;

/// A longer frame is not even read.
pub(crate) const LONGEST_FRAME: usize = 64 * 1024;

/// How often a client is asked whether it is still there; after three times it is not.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// From the first frame to the last.
pub(crate) async fn serve(socket: WebSocket, room: Arc<Room>) {
    let _counted = room.connection();
    let (mut to, mut from) = socket.split();
    let end = stay(&mut to, &mut from, &room).await;
    // Who does not read cannot be told, and who does may need time to take the last frame: to hang
    // up while something of theirs is unread would tear it from their hands.
    let farewell = async {
        let _ = to.send(end.into_message()).await;
        while let Some(Ok(_)) = from.next().await {}
    };
    let _ = timeout(room.patience, farewell).await;
}

type To = SplitSink<WebSocket, Message>;
type From = SplitStream<WebSocket>;

async fn stay(to: &mut To, from: &mut From, room: &Arc<Room>) -> End {
    let entered = match timeout(room.patience, text(from)).await {
        Ok(Ok(name)) => room.enter(&name),
        Ok(Err(end)) => Err(end),
        Err(_) => Err(End::BadName),
    };
    let (seat, mut inbox) = match entered {
        Ok(entered) => entered,
        Err(end) => return end,
    };
    let end = tokio::select! {
        end = listen(from, &seat.name, room) => end,
        end = forward(to, &mut inbox, room.patience) => end,
    };
    seat.leave(end);
    end
}

/// What the client says goes to the room.
async fn listen(from: &mut From, name: &str, room: &Room) -> End {
    loop {
        let said = match text(from).await {
            Ok(said) => said,
            Err(end) => return end,
        };
        if !said.trim().is_empty()
            && let Err(end) = room.say(name, &said)
        {
            return end;
        }
    }
}

/// The client's next text.
async fn text(from: &mut From) -> Result<Utf8Bytes, End> {
    loop {
        match timeout(3 * HEARTBEAT, from.next()).await {
            Ok(Some(Ok(Message::Text(text)))) if text.len() > LONGEST => return Err(End::TooLong),
            Ok(Some(Ok(Message::Text(text)))) => return Ok(text),
            Ok(Some(Ok(Message::Binary(_)))) => return Err(End::NotText),
            Ok(Some(Ok(Message::Close(_)))) => return Err(End::Left),
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Err(error))) => return Err(End::of(error)),
            Ok(None) | Err(_) => return Err(End::Gone),
        }
    }
}

/// What the room says goes to the client. One that takes no frame for too long is too slow, and so
/// is one that the hub has put out meanwhile.
async fn forward(to: &mut To, inbox: &mut Subscriber<Utf8Bytes>, patience: Duration) -> End {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            message = inbox.recv() => match message {
                Ok(text) => Message::Text(text),
                Err(RecvError::Closed) => return End::Closing,
                Err(RecvError::Evicted | RecvError::Lagged(_)) => return End::TooSlow,
            },
            _ = heartbeat.tick() => Message::Ping(Bytes::new()),
        };
        match timeout(patience, to.send(frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Gone,
            Err(_) => return End::TooSlow,
        }
    }
}
