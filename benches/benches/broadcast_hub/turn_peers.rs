//! Peers on one thread.

use crate::contender::{Payload, Turns};

/// tokio's: one ring for all, and a lock in each slot.
pub(crate) struct Tokio<P>(tokio::sync::broadcast::Sender<P>);

impl<P: Payload> Turns<P> for Tokio<P> {
    type Subscriber = tokio::sync::broadcast::Receiver<P>;
    const WHOLE: bool = true;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let sender = tokio::sync::broadcast::Sender::new(room);
        let subscribers = (0..subscribers).map(|_| sender.subscribe()).collect();
        (Self(sender), subscribers)
    }

    #[inline]
    fn publish(&mut self, message: P) {
        self.0.send(message).ok().expect("the subscribers are there");
    }

    #[inline]
    fn receive(
        &mut self,
        subscriber: &mut Self::Subscriber,
        count: usize,
        mut each: impl FnMut(P),
    ) {
        for _ in 0..count {
            each(subscriber.try_recv().expect("nobody lags"));
        }
    }
}

/// rtrb: a ring for each subscriber, and a copy for each ring.
pub(crate) struct Rtrb<P>(Vec<rtrb::Producer<P>>);

impl<P: Payload> Turns<P> for Rtrb<P> {
    type Subscriber = rtrb::Consumer<P>;
    const WHOLE: bool = true;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let (producers, subscribers) =
            (0..subscribers).map(|_| rtrb::RingBuffer::new(room)).unzip();
        (Self(producers), subscribers)
    }

    #[inline]
    fn publish(&mut self, message: P) {
        for producer in &mut self.0 {
            producer.push(message.clone()).expect("there is room");
        }
    }

    #[inline]
    fn receive(
        &mut self,
        subscriber: &mut Self::Subscriber,
        count: usize,
        mut each: impl FnMut(P),
    ) {
        for _ in 0..count {
            each(subscriber.pop().expect("it was published"));
        }
    }
}

/// rtrb again: a subscriber takes its burst as a slice.
pub(crate) struct RtrbChunks<P>(Rtrb<P>);

impl<P: Payload> Turns<P> for RtrbChunks<P> {
    type Subscriber = rtrb::Consumer<P>;
    const WHOLE: bool = true;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let (hub, subscribers) = Rtrb::new(room, subscribers);
        (Self(hub), subscribers)
    }

    #[inline]
    fn publish(&mut self, message: P) {
        self.0.publish(message);
    }

    #[inline]
    fn receive(&mut self, subscriber: &mut Self::Subscriber, count: usize, each: impl FnMut(P)) {
        subscriber.read_chunk(count).expect("it was published").into_iter().for_each(each);
    }
}

/// bus: one ring for all, which its publisher cannot lap.
pub(crate) struct Bus<P>(bus::Bus<P>);

impl<P: Payload> Turns<P> for Bus<P> {
    type Subscriber = bus::BusReader<P>;
    const WHOLE: bool = true;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let mut bus = bus::Bus::new(room);
        let subscribers = (0..subscribers).map(|_| bus.add_rx()).collect();
        (Self(bus), subscribers)
    }

    #[inline]
    fn publish(&mut self, message: P) {
        self.0.try_broadcast(message).ok().expect("there is room");
    }

    #[inline]
    fn receive(
        &mut self,
        subscriber: &mut Self::Subscriber,
        count: usize,
        mut each: impl FnMut(P),
    ) {
        for _ in 0..count {
            each(subscriber.try_recv().expect("it was published"));
        }
    }
}
