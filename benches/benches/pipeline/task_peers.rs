//! Queues of other crates between tasks.

use crate::contender::ARRAY;
use crate::tasks::{TaskQueue, TaskRow};

/// A queue with methods `send` and `recv`; the expressions name what differs.
macro_rules! queue {
    ($name:ident, $doc:literal, $bounded:path, $sender:ty, $receiver:ty, $send:ident, $recv:ident) => {
        #[doc = $doc]
        pub(crate) struct $name;

        impl TaskQueue for $name {
            type Sender = $sender;
            type Receiver = $receiver;

            fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
                $bounded(capacity)
            }

            async fn send(sender: &mut Self::Sender, number: u64) {
                sender.$send(number).await.expect("the receiver is there");
            }

            async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
                Option::from(receiver.$recv().await.ok())
            }
        }
    };
}

queue!(
    Crossfire,
    "crossfire, the form for one sender and one receiver.",
    crossfire::spsc::bounded_async,
    crossfire::AsyncTx<crossfire::spsc::Array<u64>>,
    crossfire::AsyncRx<crossfire::spsc::Array<u64>>,
    send,
    recv
);
queue!(
    Kanal,
    "kanal: many to many.",
    kanal::bounded_async,
    kanal::AsyncSender<u64>,
    kanal::AsyncReceiver<u64>,
    send,
    recv
);
queue!(
    Flume,
    "flume: many to many.",
    flume::bounded,
    flume::Sender<u64>,
    flume::Receiver<u64>,
    send_async,
    recv_async
);

/// tokio's: many to one.
pub(crate) struct Tokio;

impl TaskQueue for Tokio {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(capacity)
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver is there");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await
    }
}

/// tokio's, which gives what is there in one call.
pub(crate) struct TokioMany;

impl TaskQueue for TokioMany {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = (tokio::sync::mpsc::Receiver<u64>, std::vec::IntoIter<u64>);

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        let (give, take) = tokio::sync::mpsc::channel(capacity);
        (give, (take, Vec::new().into_iter()))
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver is there");
    }

    async fn receive((take, ready): &mut Self::Receiver) -> Option<u64> {
        if let Some(number) = ready.next() {
            return Some(number);
        }
        let mut many = Vec::with_capacity(ARRAY);
        take.recv_many(&mut many, ARRAY).await;
        *ready = many.into_iter();
        ready.next()
    }
}

/// tokio's, whose callers send vectors of 64 numbers.
pub(crate) struct TokioVectors;

type Sender = tokio::sync::mpsc::Sender<Vec<u64>>;

impl TaskRow for TokioVectors {
    async fn run(
        hops: usize,
        capacity: usize,
        mut source: impl Iterator<Item = u64> + Send + 'static,
        step: impl Fn(u64) -> u64 + Clone + Send + Sync + 'static,
        mut sink: impl FnMut(u64) + Send + 'static,
    ) {
        let queue = || tokio::sync::mpsc::channel(capacity / ARRAY);
        let (give, mut take): (Sender, _) = queue();
        tokio::spawn(async move {
            loop {
                let vector: Vec<u64> = source.by_ref().take(ARRAY).collect();
                if vector.is_empty() {
                    return;
                }
                give.send(vector).await.expect("the receiver is there");
            }
        });
        for _ in 1..hops {
            let (give, taken): (Sender, _) = queue();
            let mut from = std::mem::replace(&mut take, taken);
            let step = step.clone();
            tokio::spawn(async move {
                while let Some(vector) = from.recv().await {
                    let vector = vector.into_iter().map(&step).collect();
                    give.send(vector).await.expect("the receiver is there");
                }
            });
        }
        let last = tokio::spawn(async move {
            while let Some(vector) = take.recv().await {
                vector.into_iter().for_each(&mut sink);
            }
        });
        last.await.expect("no task panics");
    }
}
