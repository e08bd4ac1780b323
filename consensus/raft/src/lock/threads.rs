//! The threads of a node behind a lock, each with what it waits for.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc as StdArc;
use std::time::Duration;

use super::slot::Slot;
use super::{Lane, Replicator, Shared, State};
use crate::desk::{Words, Writer};
use crate::message::{Reply, Request};
use crate::node::{Answerer, Bytes, Machine, Network};
use crate::sync::{Arc, Condvar, JoinHandle, MutexGuard, thread};
use crate::types::{NodeId, Snapshot};

/// How many entries the machine gets at once: others want the lock too.
const MOST: usize = 1024;

/// Stops the node when its thread ends, however that comes about.
struct Stops<'a, M: Machine>(&'a Shared<M>);

impl<M: Machine> Drop for Stops<'_, M> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl<M: Machine> Shared<M> {
    /// Compares the deadline with the clock, now and then; starts a replicator for each new peer.
    pub(super) fn tick(self: Arc<Self>, network: &StdArc<dyn Network>) {
        let _stops = Stops(&self);
        let mut threads = Vec::new();
        let mut state = self.state.lock();
        while !state.desk.is_closed() {
            let mut words = Words::new();
            state.desk.tick(self.now());
            self.settle(&mut state, &mut words);
            MutexGuard::unlocked(&mut state, || words.out());
            threads.extend(self.start_replicators(&mut state, network));
            let wait = self.until_tick(&state);
            // It may have been closed while words went out, when nobody waited to be told.
            if !state.desk.is_closed() {
                self.ticker.wait_for(&mut state, wait);
            }
        }
        drop(state);
        for thread in threads {
            // Its panic has stopped the node, and was printed.
            let _ = thread.join();
        }
    }

    /// No longer than half a heartbeat: then no event has to tell the ticker that it brought a nearer
    /// deadline.
    fn until_tick(&self, state: &State<M>) -> Duration {
        let most = self.config.heartbeat / 2;
        let deadline = state.desk.deadline();
        deadline.map_or(most, |deadline| deadline.saturating_sub(self.now()).min(most))
    }

    fn start_replicators(
        self: &Arc<Self>,
        state: &mut State<M>,
        network: &StdArc<dyn Network>,
    ) -> Vec<JoinHandle<()>> {
        let nodes = state.desk.core.log().membership().nodes();
        let all = nodes.into_iter().filter(|id| *id != self.config.id());
        let all = all.flat_map(|peer| [(peer, Lane::All), (peer, Lane::Beats)]);
        let new: Vec<_> = all.filter(|key| !state.replicators.contains_key(key)).collect();
        let start = |key| {
            let work = Arc::new(Condvar::new());
            let known = Replicator { work: Arc::clone(&work), sleeps: false, call: None };
            state.replicators.insert(key, known);
            let (shared, network) = (Arc::clone(self), StdArc::clone(network));
            thread::spawn(move || shared.replicate(key, &work, &*network))
        };
        new.into_iter().map(start).collect()
    }

    // ANCHOR: replicate
    /// Sends what there is for a peer: one request, its reply, the next.
    fn replicate(&self, me: (NodeId, Lane), work: &Condvar, network: &dyn Network) {
        let _stops = Stops(self);
        let (peer, lane) = me;
        let mut state = self.state.lock();
        while !state.desk.is_closed() {
            let next = match lane {
                Lane::All => state.desk.next_for(self.now(), peer),
                Lane::Beats => state.desk.beat_for(self.now(), peer),
            };
            let Some((context, request)) = next else {
                sleep(&mut state, me, work);
                continue;
            };
            let reply = self.call(&mut state, me, request, network);
            let mut words = Words::new();
            // The term may have changed while nobody held the lock, and more than that: the reply is
            // read beside what was asked.
            state.desk.heard(self.now(), peer, context, reply);
            self.settle(&mut state, &mut words);
            MutexGuard::unlocked(&mut state, || give_way(words));
        }
    }
    // ANCHOR_END: replicate

    /// Asks, with the lock released, and waits for the reply: no longer than an election takes, for
    /// then the rules take it for lost.
    fn call(
        &self,
        state: &mut MutexGuard<'_, State<M>>,
        me: (NodeId, Lane),
        request: Request,
        network: &dyn Network,
    ) -> Option<Reply> {
        let (filler, slot) = Slot::new();
        if let Some(replicator) = state.replicators.get_mut(&me) {
            replicator.call = Some(Arc::clone(&slot));
        }
        let reply = MutexGuard::unlocked(state, || {
            network.ask(me.0, request, Answerer::new(move |reply| filler.fill(reply)));
            slot.wait_timeout(self.config.election).ok().flatten().flatten()
        });
        if let Some(replicator) = state.replicators.get_mut(&me) {
            replicator.call = None;
        }
        reply
    }

    /// Writes all there is, as often as there is something: what comes meanwhile goes together.
    pub(super) fn write(self: Arc<Self>, mut writer: Writer) {
        let _stops = Stops(&*self);
        let mut state = self.state.lock();
        while !state.desk.is_closed() {
            let Some(work) = state.desk.take_work() else {
                state.disk_sleeps = true;
                self.disk.wait(&mut state);
                state.disk_sleeps = false;
                continue;
            };
            // Nobody knows what is on the disk after an error: the node ends.
            let Ok(safe) = MutexGuard::unlocked(&mut state, || writer.work(work)) else { return };
            let mut words = Words::new();
            state.desk.worked(self.now(), safe);
            self.settle(&mut state, &mut words);
            MutexGuard::unlocked(&mut state, || words.out());
        }
    }

    /// To an instant disk. Who finds it taken leaves what there is to whoever has it.
    pub(super) fn write_at_once(&self, state: &mut MutexGuard<'_, State<M>>, words: &mut Words) {
        if !state.desk.has_work() {
            return;
        }
        let Some(mut writer) = state.instant.take() else { return };
        while let Some(work) = state.desk.take_work() {
            let write = AssertUnwindSafe(|| writer.work(work));
            match MutexGuard::unlocked(state, || panic::catch_unwind(write)) {
                Ok(Ok(safe)) => {
                    state.desk.worked(self.now(), safe);
                    state.desk.settle(words);
                }
                // It failed or panicked, which stops the node and not who came by.
                Ok(Err(_)) | Err(_) => return self.close(state, words),
            }
        }
        state.instant = Some(writer);
    }

    /// Has the machine do what is committed, in order.
    pub(super) fn apply(self: Arc<Self>, mut machine: M) {
        let _stops = Stops(&*self);
        let mut state = self.state.lock();
        while !state.desk.is_closed() {
            let Some(job) = state.desk.take_job(MOST) else {
                state.applier_sleeps = true;
                self.applier.wait(&mut state);
                state.applier_sleeps = false;
                MutexGuard::unlocked(&mut state, || give_way(Words::new()));
                continue;
            };
            let upto = MutexGuard::unlocked(&mut state, || job.run(&mut machine, &|| self.now()));
            let mut words = Words::new();
            if let Some(described) = state.desk.applied(upto) {
                let (snapshot, bytes) = snapshot(&mut state, &machine, described);
                state.desk.keep(snapshot, bytes);
            }
            self.settle(&mut state, &mut words);
            MutexGuard::unlocked(&mut state, || give_way(words));
        }
    }
}

/// Lets others go first who are about to bring more: it goes together then. Costs next to nothing when
/// there are none.
fn give_way(words: Words) {
    words.out();
    std::thread::yield_now();
}

/// Until there is something for the peer.
fn sleep<M: Machine>(state: &mut MutexGuard<'_, State<M>>, me: (NodeId, Lane), work: &Condvar) {
    if let Some(replicator) = state.replicators.get_mut(&me) {
        replicator.sleeps = true;
    }
    work.wait(state);
    if let Some(replicator) = state.replicators.get_mut(&me) {
        replicator.sleeps = false;
    }
    MutexGuard::unlocked(state, || give_way(Words::new()));
}

/// Of the machine, which nobody else touches: the lock is not needed.
fn snapshot<M: Machine>(
    state: &mut MutexGuard<'_, State<M>>,
    machine: &M,
    snapshot: Snapshot,
) -> (Snapshot, Bytes) {
    let bytes = Bytes::from(MutexGuard::unlocked(state, || machine.snapshot()));
    (Snapshot { size: bytes.len() as u64, ..snapshot }, bytes)
}
