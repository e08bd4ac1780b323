//! The example `ticker`, with real clients: who returns gets what it missed, and who idles does not
//! hold up the end.

use std::net::SocketAddr;
use std::time::Duration;

use broadcast_hub::lock::Hub;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

#[path = "../examples/ticker.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod ticker;

use ticker::client::{Client, Event};
use ticker::feed::{Tick, site};
use ticker::serving::serve_until;

/// Far more than anything here takes.
const LONG: Duration = Duration::from_mins(1);

/// A feed that publishes what the test says.
struct Server {
    address: SocketAddr,
    hub: Hub<Tick>,
    told: oneshot::Sender<()>,
    running: JoinHandle<bool>,
}

impl Server {
    async fn start(kept: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, is_told) = oneshot::channel();
        let hub = Hub::new(kept);
        let (site, closing) = (site(hub.clone()), hub.clone());
        let running = tokio::spawn(async move {
            serve_until(listener, site, is_told, || closing.close(), async {}).await
        });
        Self { address, hub, told, running }
    }

    async fn connect(&self, last_seen: Option<u64>) -> Client {
        Client::connect(self.address, last_seen).await.unwrap()
    }

    fn publish(&self, count: u32) {
        for cents in 0..count {
            self.hub.try_publish(Tick(cents)).unwrap();
        }
    }

    /// Ends it; whether all streams ended before the deadline.
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
async fn prices_come_as_they_are_published() {
    let server = Server::start(8).await;
    in_time(async {
        let mut reader = server.connect(None).await;
        for (id, (cents, price)) in
            [(7, "0.07"), (123, "1.23"), (10_050, "100.50")].iter().enumerate()
        {
            server.hub.try_publish(Tick(*cents)).unwrap();
            let event = reader.next().await.unwrap();
            let expected = Event::Tick { id: id as u64 + 1, price: (*price).to_owned() };
            assert_eq!(event, Some(expected));
        }
    })
    .await;
}

#[test]
fn prices_go_on_moving() {
    let (mut price, mut still) = (10_000, 0);
    for number in 1..100_000 {
        let next = ticker::next(price, number);
        still = if next == price { still + 1 } else { 0 };
        assert!(next >= 100 && next.abs_diff(price) < 100 && still < 3, "{price}, then {next}");
        price = next;
    }
}

#[tokio::test]
async fn who_returns_gets_what_it_missed_and_then_what_is_new() {
    let server = Server::start(100).await;
    in_time(async {
        let mut seen = Vec::new();
        let mut last = None;
        for round in 0..5 {
            let mut reader = match last {
                None => server.connect(None).await,
                seen => server.connect(seen).await,
            };
            server.publish(10);
            // It reads some of the old and some of the new, and its connection is lost.
            seen.extend(reader.ids(5 + round).await.unwrap());
            last = seen.last().copied();
            drop(reader);
            server.publish(3);
        }
        assert!(seen.iter().copied().eq(1..=35), "each once, in order: {seen:?}");
    })
    .await;
}

#[tokio::test]
async fn who_was_away_for_too_long_is_told_how_many_are_lost() {
    let server = Server::start(4).await;
    in_time(async {
        server.publish(10);
        let mut reader = server.connect(Some(2)).await;
        assert_eq!(reader.next().await.unwrap(), Some(Event::Missed(4)), "3 to 6 are not kept");
        assert_eq!(reader.ids(4).await.unwrap(), [7, 8, 9, 10]);
    })
    .await;
}

#[tokio::test]
async fn who_comes_from_another_life_of_the_server_gets_all_that_is_kept() {
    let server = Server::start(4).await;
    in_time(async {
        server.publish(3);
        let mut reader = server.connect(Some(1_000_000)).await;
        assert_eq!(reader.ids(3).await.unwrap(), [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_none_is_refused() {
    let server = Server::start(4).await;
    in_time(async {
        for wrong in ["abc", "-1", "1.5", "99999999999999999999999", "1 2"] {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = client.get(format!("http://{}/ticks", server.address));
            let answer = request.header("Last-Event-ID", wrong).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{wrong:?}");
            assert_eq!(answer.text().await.unwrap(), "Last-Event-ID: no number\n");
        }
    })
    .await;
}

#[tokio::test]
async fn who_leaves_is_forgotten() {
    let server = Server::start(4).await;
    in_time(async {
        let reader = server.connect(None).await;
        assert_eq!(server.hub.counts().subscribers(), 1);
        drop(reader);
        // The server sees it when it has something to say, if not before.
        while server.hub.counts().subscribers() > 0 {
            server.publish(1);
            tokio::task::yield_now().await;
        }
        assert_eq!(server.hub.counts().left, 1);
    })
    .await;
}

#[tokio::test]
async fn an_idle_stream_does_not_hold_up_the_end() {
    let server = Server::start(4).await;
    in_time(async {
        let mut idle = server.connect(None).await;
        let mut behind = server.connect(None).await;
        server.publish(2);
        assert_eq!(idle.ids(2).await.unwrap(), [1, 2]);
        let hub = server.hub.clone();
        assert!(server.stop().await, "it ended before its deadline");
        assert!(hub.is_closed());
        assert_eq!(idle.next().await.unwrap(), None, "the stream ended, it did not break");
        assert_eq!(behind.ids(2).await.unwrap(), [1, 2], "what was published arrives");
        assert_eq!(behind.next().await.unwrap(), None);
    })
    .await;
}

/// Why the hub has to be closed: the same server, and a shutdown that only stops accepting.
#[tokio::test]
async fn without_closing_the_hub_an_idle_stream_holds_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, is_told) = oneshot::channel::<()>();
    let hub = Hub::new(4);
    let site = site(hub.clone());
    let running =
        tokio::spawn(async move { serve_until(listener, site, is_told, || (), async {}).await });
    let mut idle = in_time(Client::connect(address, None)).await.unwrap();
    tokio::time::pause(); // the deadline comes as soon as nobody has anything else to do
    drop(told);
    assert!(!running.await.unwrap(), "it was held up to its deadline");
    hub.try_publish(Tick(1)).unwrap();
    tokio::time::resume();
    assert_eq!(in_time(idle.ids(1)).await.unwrap(), [1], "the stream is still open");
}
