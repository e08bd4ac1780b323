//! Peers that spawn a task for each item.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::contender::{Gather, Said, plain};
use crate::single::peer;
use crate::slots::Slots;
use crate::work::TIME_LIMIT;

peer! {
    /// Spawns all, then awaits each handle.
    Spawn, |items, _limit, work| {
        let running: Vec<_> = (0..items).map(|item| tokio::spawn(work(item))).collect();
        let mut said = Vec::with_capacity(running.len());
        for handle in running {
            said.push(handle.await.expect("no panic"));
        }
        said
    }
}

peer! {
    /// tokio's own collection of tasks, topped up to the limit.
    Set, |items, limit, work| {
        let numbered = |item| {
            let running = work(item);
            async move { (item, running.await) }
        };
        let mut waiting = (0..items).map(numbered);
        let mut running = JoinSet::new();
        let mut slots = Slots::new(items);
        waiting.by_ref().take(limit).for_each(|work| drop(running.spawn(work)));
        while let Some(finished) = running.join_next().await {
            let (item, said) = finished.expect("no panic");
            slots.fill(item, said);
            waiting.next().map(|work| running.spawn(work));
        }
        slots.all()
    }
}

peer! {
    /// The same with a time limit around each item.
    SetTimeout, |items, _limit, work| {
        let mut running = JoinSet::new();
        for item in 0..items {
            let work = work(item);
            running.spawn(async move { (item, timeout(TIME_LIMIT, work).await) });
        }
        let mut slots = Slots::new(items);
        while let Some(finished) = running.join_next().await {
            let (item, said) = finished.expect("no panic");
            slots.fill(item, said.expect("in time"));
        }
        slots.all()
    }
}

peer! {
    /// A task for each item; each sends what it has to say.
    Mpsc, |items, _limit, work| {
        let (sender, mut receiver) = mpsc::channel(items.max(1) as usize);
        for item in 0..items {
            let (sender, work) = (sender.clone(), work(item));
            tokio::spawn(async move { sender.send((item, work.await)).await.expect("room for all") });
        }
        drop(sender);
        let mut slots = Slots::new(items);
        while let Some((item, said)) = receiver.recv().await {
            slots.fill(item, said);
        }
        slots.all()
    }
}

peer! {
    /// A permit before each spawn, which the task keeps.
    Permits, |items, limit, work| {
        let permits = Arc::new(Semaphore::new(limit));
        let mut running = Vec::with_capacity(items as usize);
        for item in 0..items {
            let permit = Arc::clone(&permits).acquire_owned().await.expect("open");
            let work = work(item);
            running.push(tokio::spawn(async move {
                let said = work.await;
                drop(permit);
                said
            }));
        }
        let mut said = Vec::with_capacity(running.len());
        for handle in running {
            said.push(handle.await.expect("no panic"));
        }
        said
    }
}
