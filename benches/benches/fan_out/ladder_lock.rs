//! The ladder of the shared-state structure: a slot for each item and a countdown under one mutex.
//! The levers are those of [`crate::ladder`].

use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use crate::contender::{Gather, Said, plain};
use crate::ladder::{Letter, spawn_batches};
use crate::work::turn;

pub(crate) type Naive = LockLadder<false, 1, 0>;
pub(crate) type Sleepers = LockLadder<true, 1, 0>;
pub(crate) type Batch = LockLadder<true, 64, 0>;
pub(crate) type Spin = LockLadder<true, 64, 100>;

pub(crate) struct LockLadder<const ONCE: bool, const BATCH: u64, const LOOKS: u32>;

struct State {
    slots: Vec<Option<Said>>,
    left: usize,
    caller: Option<Waker>,
}

impl<const ONCE: bool, const BATCH: u64, const LOOKS: u32> LockLadder<ONCE, BATCH, LOOKS> {
    /// Writes results into their slots. The last of all wakes the caller; with all levers off every
    /// one does.
    fn write(state: &Mutex<State>, letters: &mut dyn Iterator<Item = Letter>) {
        let mut state = state.lock().unwrap();
        for (item, said) in letters {
            state.slots[item as usize] = Some(said);
            state.left -= 1;
        }
        let caller = match state.left {
            0 => state.caller.take(),
            _ if ONCE => None,
            _ => state.caller.clone(),
        };
        drop(state);
        caller.into_iter().for_each(Waker::wake);
    }
}

impl<const ONCE: bool, const BATCH: u64, const LOOKS: u32> Gather
    for LockLadder<ONCE, BATCH, LOOKS>
{
    type Said = Vec<Said>;

    async fn gather<W, F>(items: u64, _limit: usize, work: W) -> Vec<Said>
    where
        W: Fn(u64) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Said> + Send + 'static,
    {
        let slots = (0..items).map(|_| None).collect();
        let state = Arc::new(Mutex::new(State { slots, left: items as usize, caller: None }));
        let shared = Arc::clone(&state);
        spawn_batches(items, BATCH, work, move |letters| Self::write(&shared, letters));
        for _ in 0..LOOKS {
            if state.lock().unwrap().left == 0 {
                break;
            }
            turn().await;
        }
        let slots = poll_fn(|context| {
            let mut state = state.lock().unwrap();
            if state.left == 0 {
                return Poll::Ready(mem::take(&mut state.slots));
            }
            state.caller = Some(context.waker().clone());
            Poll::Pending
        });
        slots.await.into_iter().flatten().collect()
    }

    fn values(said: Vec<Said>) -> Vec<u64> {
        plain(said)
    }
}
