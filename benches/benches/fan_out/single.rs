//! Peers that poll all work from the one task that gathers it.

use std::num::NonZeroUsize;

use futures_buffered::BufferedStreamExt as _;
use futures_concurrency::prelude::*;
use futures_util::stream::{self, FuturesUnordered, StreamExt as _};

use crate::contender::{Gather, Said, plain};
use crate::slots::Slots;

/// Declares a contender with plain values.
macro_rules! peer {
    ($(#[$about:meta])* $name:ident, |$items:ident, $limit:ident, $work:ident| $body:expr) => {
        $(#[$about])*
        pub(crate) struct $name;

        impl Gather for $name {
            type Said = Vec<Said>;

            async fn gather<W, F>($items: u64, $limit: usize, $work: W) -> Vec<Said>
            where
                W: Fn(u64) -> F + Clone + Send + Sync + 'static,
                F: Future<Output = Said> + Send + 'static,
            {
                $body
            }

            fn values(said: Vec<Said>) -> Vec<u64> {
                plain(said)
            }
        }
    };
}
pub(crate) use peer;

peer! {
    /// futures-concurrency, all at once.
    Join, |items, _limit, work| (0..items).map(work).collect::<Vec<_>>().join().await
}

peer! {
    /// futures-concurrency, some at once.
    CoStream, |items, limit, work| {
        let numbered = (0..items).collect::<Vec<_>>().into_co_stream();
        let work = |item| {
            let running = work(item);
            async move { (item, running.await) }
        };
        let said: Vec<_> = numbered.limit(NonZeroUsize::new(limit)).map(work).collect().await;
        let mut slots = Slots::new(items);
        for (item, said) in said {
 slots.fill(item, said);
}
        slots.all()
    }
}

peer! {
    /// futures-util, all at once.
    JoinAll, |items, _limit, work| futures_util::future::join_all((0..items).map(work)).await
}

peer! {
    /// futures-buffered, all at once.
    BufferedJoinAll, |items, _limit, work| futures_buffered::join_all((0..items).map(work)).await
}

peer! {
    /// futures-util, as they finish, topped up to the limit.
    Unordered, |items, limit, work| {
        let numbered = |item| {
            let running = work(item);
            async move { (item, running.await) }
        };
        let mut waiting = (0..items).map(numbered);
        let mut running: FuturesUnordered<_> = waiting.by_ref().take(limit).collect();
        let mut slots = Slots::new(items);
        while let Some((item, said)) = running.next().await {
            slots.fill(item, said);
            running.extend(waiting.next());
        }
        slots.all()
    }
}

peer! {
    /// futures-util, as they finish.
    BufferUnordered, |items, limit, work| {
        let numbered = move |item| {
            let running = work(item);
            async move { (item, running.await) }
        };
        let mut said = stream::iter((0..items).map(numbered)).buffer_unordered(limit);
        let mut slots = Slots::new(items);
        while let Some((item, said)) = said.next().await {
            slots.fill(item, said);
        }
        slots.all()
    }
}

peer! {
    /// futures-util, in order.
    Buffered, |items, limit, work| {
        stream::iter((0..items).map(work)).buffered(limit).collect().await
    }
}

peer! {
    /// futures-buffered, as they finish.
    BufferedUnordered, |items, limit, work| {
        let numbered = move |item| {
            let running = work(item);
            async move { (item, running.await) }
        };
        let said = stream::iter((0..items).map(numbered)).buffered_unordered(limit);
        let mut said = std::pin::pin!(said);
        let mut slots = Slots::new(items);
        while let Some((item, said)) = said.next().await {
            slots.fill(item, said);
        }
        slots.all()
    }
}
