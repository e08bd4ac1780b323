//! The recipe's variants.

use broadcast_hub::{Slow, channel, copied, lock};

use crate::contender::{Payload, Tasks, Threads, Turns};
use crate::turns::BURST;

/// A hub whose subscribers take many messages in one call.
pub(crate) struct Many<H, P> {
    hub: H,
    taken: Vec<P>,
}

/// A variant on one thread, by itself and with `recv_many`. A slow subscriber loses the oldest, as
/// with tokio.
macro_rules! turns {
    ([$($generics:tt)*] $hub:ty, $message:ty, $subscriber:ty, |$it:ident| $subscribe:expr) => {
        impl $($generics)* Turns<$message> for $hub {
            type Subscriber = $subscriber;

            fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
                let $it = Self::new(room);
                let subscriber = |_| $subscribe.expect("the hub is open");
                let subscribers = (0..subscribers).map(subscriber).collect();
                ($it, subscribers)
            }

            #[inline]
            fn publish(&mut self, message: $message) {
                self.try_publish(message).ok().expect("nobody makes it wait");
            }

            #[inline]
            fn receive(
                &mut self,
                subscriber: &mut Self::Subscriber,
                count: usize,
                mut each: impl FnMut($message),
            ) {
                for _ in 0..count {
                    each(subscriber.try_recv().expect("nobody lags"));
                }
            }
        }

        impl $($generics)* Turns<$message> for Many<$hub, $message> {
            type Subscriber = $subscriber;

            fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
                let (hub, subscribers) = <$hub as Turns<$message>>::new(room, subscribers);
                (Self { hub, taken: Vec::with_capacity(BURST) }, subscribers)
            }

            #[inline]
            fn publish(&mut self, message: $message) {
                Turns::publish(&mut self.hub, message);
            }

            #[inline]
            fn receive(
                &mut self,
                subscriber: &mut Self::Subscriber,
                count: usize,
                each: impl FnMut($message),
            ) {
                while self.taken.len() < count {
                    let left = count - self.taken.len();
                    subscriber.try_recv_many(&mut self.taken, left).expect("nobody lags");
                }
                self.taken.drain(..).for_each(each);
            }
        }
    };
}

turns!([<P: Payload>] lock::Hub<P>, P, lock::Subscriber<P>, |hub| hub.subscribe(Slow::DropOldest));
turns!(
    [<P: Payload>] channel::Hub<P>, P, channel::Subscriber<P>,
    |hub| hub.subscribe(Slow::DropOldest)
);
turns!([] copied::Hub<u64>, u64, copied::Subscriber<u64>, |hub| hub.subscribe());

/// A variant between tasks.
macro_rules! tasks {
    ($module:ident) => {
        impl Tasks for $module::Hub<u64> {
            type Subscriber = $module::Subscriber<u64>;

            fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
                Turns::new(room, subscribers)
            }

            async fn publish(&mut self, number: u64) {
                Turns::publish(self, number);
            }

            async fn receive(subscriber: &mut Self::Subscriber) -> u64 {
                subscriber.recv().await.expect("nobody lags")
            }
        }
    };
}

tasks!(lock);
tasks!(channel);
tasks!(copied);

/// A variant between threads, whose publisher waits for the slowest; by itself and with
/// `recv_many`.
macro_rules! threads {
    ($module:ident) => {
        impl Threads for $module::Hub<u64> {
            type Subscriber = $module::Subscriber<u64>;

            fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
                let hub = Self::new(room);
                let subscriber = |_| hub.subscribe(Slow::Wait).expect("the hub is open");
                let subscribers = (0..subscribers).map(subscriber).collect();
                (hub, subscribers)
            }

            #[inline]
            fn publish(&mut self, number: u64) {
                self.publish_blocking(number).expect("the hub is open");
            }

            #[inline]
            fn receive(subscriber: &mut Self::Subscriber, mut each: impl FnMut(u64)) -> bool {
                subscriber.recv_blocking().map(&mut each).is_ok()
            }
        }

        impl Threads for Many<$module::Hub<u64>, u64> {
            type Subscriber = ($module::Subscriber<u64>, Vec<u64>);

            fn new(room: usize, subscribers: usize) -> (Self, Vec<Self::Subscriber>) {
                let (hub, readers) = <$module::Hub<u64> as Threads>::new(room, subscribers);
                let buffer = |reader| (reader, Vec::with_capacity(BURST));
                (Self { hub, taken: Vec::new() }, readers.into_iter().map(buffer).collect())
            }

            #[inline]
            fn publish(&mut self, number: u64) {
                self.hub.publish_blocking(number).expect("the hub is open");
            }

            #[inline]
            fn receive((reader, taken): &mut Self::Subscriber, each: impl FnMut(u64)) -> bool {
                let any = reader.recv_many_blocking(taken, BURST).is_ok();
                taken.drain(..).for_each(each);
                any
            }
        }
    };
}

threads!(lock);
threads!(channel);
