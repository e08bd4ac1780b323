//! The textbook's semaphore: a bounded channel that holds one token for each permit. Taking is
//! receiving, giving back is sending, which never blocks because there is room for every token.

use crate::contender::Contender;

pub(crate) struct Crossbeam {
    give: crossbeam_channel::Sender<()>,
    take: crossbeam_channel::Receiver<()>,
}

pub(crate) struct CrossbeamToken<'a>(&'a crossbeam_channel::Sender<()>);

impl Contender for Crossbeam {
    type Permit<'a> = CrossbeamToken<'a>;

    fn new(permits: usize) -> Self {
        let (give, take) = crossbeam_channel::bounded(permits);
        (0..permits).for_each(|_| give.send(()).expect("open"));
        Self { give, take }
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.take.try_recv().ok().map(|()| CrossbeamToken(&self.give))
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.take.recv().expect("open");
        CrossbeamToken(&self.give)
    }
}

impl Drop for CrossbeamToken<'_> {
    fn drop(&mut self) {
        self.0.try_send(()).expect("room for every token");
    }
}

/// flume between tasks.
pub(crate) struct Flume {
    give: flume::Sender<()>,
    take: flume::Receiver<()>,
}

pub(crate) struct FlumeToken<'a>(&'a flume::Sender<()>);

impl Contender for Flume {
    type Permit<'a> = FlumeToken<'a>;

    fn new(permits: usize) -> Self {
        let (give, take) = flume::bounded(permits);
        (0..permits).for_each(|_| give.send(()).expect("open"));
        Self { give, take }
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.take.try_recv().ok().map(|()| FlumeToken(&self.give))
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.take.recv_async().await.expect("open");
        FlumeToken(&self.give)
    }
}

impl Drop for FlumeToken<'_> {
    fn drop(&mut self) {
        self.0.try_send(()).expect("room for every token");
    }
}

/// flume between threads.
pub(crate) struct FlumeBlocking(Flume);

impl Contender for FlumeBlocking {
    type Permit<'a> = FlumeToken<'a>;

    fn new(permits: usize) -> Self {
        Self(Flume::new(permits))
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.0.attempt()
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.0.take.recv().expect("open");
        FlumeToken(&self.0.give)
    }
}

/// kanal between tasks.
pub(crate) struct Kanal {
    give: kanal::Sender<()>,
    take: kanal::Receiver<()>,
}

pub(crate) struct KanalToken<'a>(&'a kanal::Sender<()>);

impl Contender for Kanal {
    type Permit<'a> = KanalToken<'a>;

    fn new(permits: usize) -> Self {
        let (give, take) = kanal::bounded(permits);
        (0..permits).for_each(|_| give.send(()).expect("open"));
        Self { give, take }
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.take.try_recv().expect("open").map(|()| KanalToken(&self.give))
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.take.as_async().recv().await.expect("open");
        KanalToken(&self.give)
    }
}

/// kanal between threads.
pub(crate) struct KanalBlocking(Kanal);

impl Contender for KanalBlocking {
    type Permit<'a> = KanalToken<'a>;

    fn new(permits: usize) -> Self {
        Self(Kanal::new(permits))
    }

    fn attempt(&self) -> Option<Self::Permit<'_>> {
        self.0.attempt()
    }

    async fn acquire(&self) -> Self::Permit<'_> {
        self.0.take.recv().expect("open");
        KanalToken(&self.0.give)
    }
}

impl Drop for KanalToken<'_> {
    fn drop(&mut self) {
        assert!(self.0.try_send(()).expect("open"), "room for every token");
    }
}
