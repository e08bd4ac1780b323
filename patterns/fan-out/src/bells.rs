//! Which of many futures want to be polled. Each has a bell; one task owns all the bells, and is
//! woken once, however many ring while it sleeps.

use std::task::{Context, Wake, Waker};

use super::sync::{Arc, AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering};

/// The bells of one task.
///
/// A bell that rings sets its bit, then looks whether the owner is awake. An owner that wants to
/// sleep says so, then looks at the bits. Both sides write before they look, and all four steps
/// are `SeqCst`, so at least one of them sees the other: no ring is slept through.
pub(crate) struct Bells {
    /// One bit for each bell: it has rung since [`take`](Self::take) looked.
    rung: Box<[AtomicU64]>,
    /// The owner is awake, or somebody has set out to wake it.
    awake: AtomicBool,
    owner: Mutex<Option<Waker>>,
}

impl Bells {
    /// As many bells as that, all of them rung.
    pub(crate) fn new(count: usize) -> Self {
        let word = |first: usize| AtomicU64::new(u64::MAX >> (64 - (count - first).min(64)));
        Self {
            rung: (0..count).step_by(64).map(word).collect(),
            awake: AtomicBool::new(true),
            owner: Mutex::new(None),
        }
    }

    /// How many words of 64 bells there are.
    pub(crate) fn words(&self) -> usize {
        self.rung.len()
    }

    /// Which bells of a word have rung; they have not any more.
    pub(crate) fn take(&self, word: usize) -> u64 {
        match self.rung[word].load(Ordering::Relaxed) {
            0 => 0,
            _ => self.rung[word].swap(0, Ordering::SeqCst),
        }
    }

    /// Rings a bell for the owner itself, who is awake.
    pub(crate) fn mark(&self, bell: usize) {
        self.rung[bell / 64].fetch_or(1 << (bell % 64), Ordering::SeqCst);
    }

    // ANCHOR: bells
    fn ring(&self, bell: usize) {
        self.mark(bell);
        if !self.awake.load(Ordering::SeqCst) && !self.awake.swap(true, Ordering::SeqCst) {
            let owner = self.owner().take();
            if let Some(owner) = owner {
                owner.wake();
            }
        }
    }

    /// The owner returns `Pending`: it is woken by the next bell, or now, if one has rung already.
    pub(crate) fn sleep(&self, context: &Context<'_>) {
        if !self.any() {
            let waker = context.waker().clone(); // foreign code, so not under the mutex
            drop(self.owner().replace(waker));
            self.awake.store(false, Ordering::SeqCst);
            if !self.any() || self.awake.swap(true, Ordering::SeqCst) {
                return;
            }
        }
        context.waker().wake_by_ref();
    }
    // ANCHOR_END: bells

    /// The owner is polled, for whatever reason, and will look at the bits before it sleeps.
    pub(crate) fn rouse(&self) {
        self.awake.store(true, Ordering::SeqCst);
    }

    fn owner(&self) -> MutexGuard<'_, Option<Waker>> {
        self.owner.lock().expect("nothing panics under this mutex")
    }

    fn any(&self) -> bool {
        self.rung.iter().any(|word| word.load(Ordering::SeqCst) != 0)
    }
}

/// One bell, as the waker of one future.
pub(crate) struct Bell {
    pub(crate) bells: Arc<Bells>,
    pub(crate) bell: usize,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.bells.ring(self.bell);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bells.ring(self.bell);
    }
}
