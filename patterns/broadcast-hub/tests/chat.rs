//! The example `chat`, with real clients: what one says all hear in one order, and nobody who
//! misbehaves harms the rest.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};
use tokio_tungstenite::tungstenite::{Error, Message};

#[path = "../examples/chat.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod chat;

use chat::client::Client;
use chat::connection::LONGEST;
use chat::room::Room;

/// Far more than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// A server in its own room.
struct Server {
    address: SocketAddr,
    room: Arc<Room>,
    told: oneshot::Sender<()>,
    running: JoinHandle<bool>,
}

impl Server {
    fn start(unread: usize, patience: Duration) -> Self {
        // The kernel's buffers are small, so that who does not read is soon known for it.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(8 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let (told, is_told) = oneshot::channel();
        let room = Room::new(unread, patience);
        let running = tokio::spawn(chat::open(Arc::clone(&room), listener, is_told));
        Self { address, room, told, running }
    }

    async fn enter(&self, name: &str) -> Client {
        Client::enter(self.address, name).await.unwrap()
    }

    /// Ends it; whether everybody was out before the deadline.
    async fn stop(self) -> bool {
        drop(self.told);
        timeout(LONG, self.running).await.expect("it ends").unwrap()
    }
}

/// Everything a test does, or it hangs.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(LONG, work).await.expect("somebody waits for ever")
}

#[tokio::test]
async fn all_hear_the_same_in_the_same_order() {
    let server = Server::start(1_000, LONG);
    let talk = async {
        let mut ann = server.enter("Ann").await;
        ann.hear(1).await.unwrap();
        let mut bob = server.enter("Bob").await;
        ann.hear(1).await.unwrap();
        bob.hear(2).await.unwrap();
        for number in 0..50 {
            let (a, b) = (format!("a{number}"), format!("b{number}"));
            tokio::try_join!(ann.say(&a), bob.say(&b)).unwrap();
        }
        let heard = ann.hear(100).await.unwrap();
        assert_eq!(heard, bob.hear(100).await.unwrap());
        for name in ["Ann", "Bob"] {
            let said = heard.iter().filter_map(|line| line.strip_prefix(&format!("{name}: ")));
            let letter = name[..1].to_lowercase();
            assert!(said.eq((0..50).map(|number| format!("{letter}{number}"))), "{heard:?}");
        }
    };
    in_time(talk).await;
    assert!(server.stop().await);
}

#[tokio::test]
async fn a_newcomer_hears_what_was_said_last() {
    let server = Server::start(64, LONG);
    let talk = async {
        let mut ann = server.enter("Ann").await;
        for number in 0..30 {
            ann.say(&number.to_string()).await.unwrap();
        }
        ann.hear(31).await.unwrap();
        let mut bob = server.enter("Bob").await;
        let heard = bob.hear(21).await.unwrap();
        assert!(heard[..20].iter().cloned().eq((10..30).map(|number| format!("Ann: {number}"))));
        assert_eq!(heard[20], "Bob came");
    };
    in_time(talk).await;
}

#[tokio::test]
async fn who_leaves_is_gone() {
    let server = Server::start(64, LONG);
    let talk = async {
        let mut ann = server.enter("Ann").await;
        let mut bob = server.enter("Bob").await;
        ann.hear(2).await.unwrap();
        bob.socket.close(None).await.unwrap();
        assert_eq!(ann.hear(1).await.unwrap(), ["Bob left"]);
        drop(server.enter("Cyd").await); // the connection breaks, without a word
        assert_eq!(ann.hear(2).await.unwrap(), ["Cyd came", "Cyd left"]);
        assert_eq!(server.room.here(), 1);
        assert_eq!(server.enter("Bob").await.hear(1).await.unwrap().len(), 1, "the name is free");
    };
    in_time(talk).await;
}

#[tokio::test]
async fn a_name_is_short_and_nobody_elses() {
    let server = Server::start(64, LONG);
    let talk = async {
        let mut ann = server.enter("Ann").await;
        let rule = "a name has 1 to 24 characters";
        let long = "n".repeat(25);
        for name in ["", "  \t ", &long, "line\nbreak", "\u{1b}[2J"] {
            let end = server.enter(name).await.until_the_end().await.unwrap();
            assert_eq!(end, rule, "{name:?}");
        }
        let end = server.enter(" Ann ").await.until_the_end().await.unwrap();
        assert_eq!(end, "somebody has this name already");
        let mut widest = server.enter(&"\u{1f980}".repeat(24)).await;
        assert_eq!(widest.hear(2).await.unwrap()[0], "Ann came");
        assert_eq!(ann.hear(2).await.unwrap()[0], "Ann came");
        assert_eq!(server.room.here(), 2);
    };
    in_time(talk).await;
}

/// Ann and Bob are in. Bob misbehaves, hears `expected` and is out; the room goes on.
async fn bob_is_put_out(expected: &str, seen: &str, misbehave: impl AsyncFnOnce(&mut Client)) {
    let server = Server::start(64, LONG);
    let talk = async {
        let mut ann = server.enter("Ann").await;
        let mut bob = server.enter("Bob").await;
        bob.hear(2).await.unwrap();
        ann.hear(2).await.unwrap();
        misbehave(&mut bob).await;
        assert_eq!(bob.until_the_end().await.unwrap(), expected);
        let mut heard = ann.hear(1).await.unwrap();
        while heard[0].starts_with("Bob: ") {
            heard = ann.hear(1).await.unwrap();
        }
        assert_eq!(heard, [seen]);
        ann.say("still here").await.unwrap();
        assert_eq!(ann.hear(1).await.unwrap(), ["Ann: still here"]);
    };
    in_time(talk).await;
    assert!(server.stop().await);
}

const ODD: &str = "Bob said something odd and was put out";

#[tokio::test]
async fn a_message_that_is_too_long_is_refused() {
    bob_is_put_out("that message was too long", ODD, async |bob: &mut Client| {
        bob.say(&"x".repeat(LONGEST)).await.unwrap(); // just fits
        let mut echo = bob.hear(1).await.unwrap();
        assert_eq!(echo.remove(0).len(), "Bob: ".len() + LONGEST);
        bob.say(&"x".repeat(LONGEST + 1)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_not_text_is_refused() {
    let not_text = "that message was not text";
    bob_is_put_out(not_text, ODD, async |bob: &mut Client| {
        bob.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    })
    .await;
    bob_is_put_out(not_text, ODD, async |bob: &mut Client| {
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let frame = Frame::from_payload(header, vec![b'h', 0xff, 0xfe].into());
        bob.socket.send(Message::Frame(frame)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_frame_without_end_is_not_even_read() {
    let server = Server::start(64, LONG);
    let talk = async {
        let mut ann = server.enter("Ann").await;
        let mut bob = server.enter("Bob").await;
        ann.hear(2).await.unwrap();
        // The server hangs up while this is on its way, which may break it.
        let _ = bob.say(&"x".repeat(16 << 20)).await;
        assert_eq!(ann.hear(1).await.unwrap(), [ODD]);
    };
    in_time(talk).await;
}

#[tokio::test]
async fn a_page_of_another_site_stays_out() {
    let server = Server::start(64, LONG);
    let enter = async |origin: &str| {
        let mut request = format!("ws://{}/room", server.address).into_client_request().unwrap();
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        let stream = TcpStream::connect(server.address).await.unwrap();
        client_async(request, stream).await.map(drop)
    };
    in_time(async {
        for foreign in ["https://example.org", "null", "http://127.0.0.1:1"] {
            let refused = enter(foreign).await;
            assert!(
                matches!(&refused, Err(Error::Http(answer)) if answer.status() == 403),
                "{foreign}: {refused:?}"
            );
        }
        enter(&format!("http://{}", server.address)).await.unwrap();
    })
    .await;
}

/// A client whose kernel keeps little for it.
async fn enter_with_little_room(address: SocketAddr, name: &str) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let stream = tokio_tungstenite::MaybeTlsStream::Plain(socket.connect(address).await.unwrap());
    let (socket, _) = client_async(format!("ws://{address}/room"), stream).await.unwrap();
    let mut client = Client { socket };
    client.say(name).await.unwrap();
    client
}

/// Ann talks until the room has put Bob out, who does not read.
async fn talk_until_bob_is_out(server: &Server, ann: &mut Client) {
    let text = "x".repeat(LONGEST);
    let mut heard = ann.hear(2).await.unwrap();
    while heard.last().unwrap() != "Bob did not keep up and was put out" {
        ann.say(&text).await.unwrap();
        heard = ann.hear(1).await.unwrap();
    }
    assert_eq!(server.room.here(), 1);
}

#[tokio::test]
async fn who_never_reads_is_put_out_and_holds_nobody_up() {
    let server = Server::start(16, Duration::from_millis(200));
    in_time(async {
        let mut ann = server.enter("Ann").await;
        let _bob = enter_with_little_room(server.address, "Bob").await;
        talk_until_bob_is_out(&server, &mut ann).await;
    })
    .await;
    assert!(server.stop().await, "not even the end waits for Bob");
}

#[tokio::test]
async fn who_reads_too_late_is_told_why_it_is_out() {
    let server = Server::start(16, LONG);
    in_time(async {
        let mut ann = server.enter("Ann").await;
        let mut bob = enter_with_little_room(server.address, "Bob").await;
        ann.hear(2).await.unwrap();
        let text = "x".repeat(LONGEST);
        while server.room.hub.counts().evicted == 0 {
            ann.say(&text).await.unwrap();
            ann.hear(1).await.unwrap();
        }
        let first = bob.hear(2).await.unwrap();
        assert_eq!(first, ["Ann came", "Bob came"], "what was sent is not lost");
        let end = bob.until_the_end().await.unwrap();
        assert_eq!(end, "you did not keep up with what was said");
        assert_eq!(ann.hear(1).await.unwrap(), ["Bob did not keep up and was put out"]);
        drop(ann);
        assert!(server.stop().await);
    })
    .await;
}

#[tokio::test]
async fn who_says_no_name_does_not_stay() {
    let server = Server::start(16, Duration::from_millis(50));
    in_time(async {
        let request = format!("ws://{}/room", server.address);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let end = Client { socket }.until_the_end().await.unwrap();
        assert_eq!(end, "a name has 1 to 24 characters");
    })
    .await;
}

#[tokio::test]
async fn at_the_end_all_hear_what_was_said_before_and_then_the_end() {
    let server = Server::start(64, LONG);
    in_time(async {
        let mut ann = server.enter("Ann").await;
        let mut bob = server.enter("Bob").await;
        ann.hear(2).await.unwrap();
        ann.say("last words").await.unwrap();
        ann.hear(1).await.unwrap();
        let reads = async {
            assert_eq!(bob.hear(3).await.unwrap()[2], "Ann: last words");
            for client in [ann, bob] {
                assert_eq!(client.until_the_end().await.unwrap(), "the server stops");
            }
        };
        let (ended, ()) = tokio::join!(server.stop(), reads);
        assert!(ended, "it waits for farewells, and for nothing else");
    })
    .await;
}
