//! Peers between threads that lose nothing.

use crate::contender::Threads;

/// A channel for each subscriber, and the way to make one.
macro_rules! channel_each {
    ($(#[$about:meta])* $name:ident, $sender:ty, $receiver:ty, $new:expr) => {
        $(#[$about])*
        pub(crate) struct $name(Vec<$sender>);

        impl Threads for $name {
            type Subscriber = $receiver;

            fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
                let (senders, subscribers) = (0..subscribers).map(|_| $new(room)).unzip();
                (Self(senders), subscribers)
            }

            #[inline]
            fn publish(&mut self, number: u64) {
                for sender in &self.0 {
                    sender.send(number).expect("the subscribers are there");
                }
            }

            #[inline]
            fn receive(subscriber: &mut Self::Subscriber, mut each: impl FnMut(u64)) -> bool {
                subscriber.recv().map(&mut each).is_ok()
            }
        }
    };
}

channel_each! {
    /// crossfire.
    Crossfire, crossfire::Tx<crossfire::spsc::Array<u64>>, crossfire::Rx<crossfire::spsc::Array<u64>>,
    crossfire::spsc::bounded_blocking
}
channel_each! {
    /// crossbeam.
    Crossbeam, crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>,
    crossbeam_channel::bounded
}
channel_each! {
    /// std.
    Std, std::sync::mpsc::SyncSender<u64>, std::sync::mpsc::Receiver<u64>,
    std::sync::mpsc::sync_channel
}

/// bus: one ring for all.
pub(crate) struct Bus(bus::Bus<u64>);

impl Threads for Bus {
    type Subscriber = bus::BusReader<u64>;

    fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
        let mut bus = bus::Bus::new(room);
        let subscribers = (0..subscribers).map(|_| bus.add_rx()).collect();
        (Self(bus), subscribers)
    }

    #[inline]
    fn publish(&mut self, number: u64) {
        self.0.broadcast(number);
    }

    #[inline]
    fn receive(subscriber: &mut Self::Subscriber, mut each: impl FnMut(u64)) -> bool {
        subscriber.recv().map(&mut each).is_ok()
    }
}
