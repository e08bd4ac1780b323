//! Peers between tasks.

use crate::contender::Tasks;
use crate::turn_peers;

/// tokio's broadcast channel.
pub(crate) type Tokio = turn_peers::Tokio<u64>;

impl Tasks for Tokio {
    type Subscriber = tokio::sync::broadcast::Receiver<u64>;
    const WHOLE: bool = true;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        crate::contender::Turns::new(room, subscribers)
    }

    async fn publish(&mut self, number: u64) {
        crate::contender::Turns::publish(self, number);
    }

    async fn receive(subscriber: &mut Self::Subscriber) -> u64 {
        subscriber.recv().await.expect("nobody lags")
    }
}

/// flume: a channel for each subscriber.
pub(crate) struct Flume(Vec<flume::Sender<u64>>);

impl Tasks for Flume {
    type Subscriber = flume::Receiver<u64>;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let (senders, subscribers) = (0..subscribers).map(|_| flume::bounded(room)).unzip();
        (Self(senders), subscribers)
    }

    async fn publish(&mut self, number: u64) {
        for sender in &self.0 {
            sender.try_send(number).expect("there is room");
        }
    }

    async fn receive(subscriber: &mut Self::Subscriber) -> u64 {
        subscriber.recv_async().await.expect("the publisher is there")
    }
}
