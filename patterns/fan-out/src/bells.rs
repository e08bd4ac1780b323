//! Which of many futures want to be polled. Each has a bell; one task owns all the bells, and is
//! woken once, however many ring while it sleeps.

use std::task::{Context, Wake, Waker};

use super::sync::{Arc, AtomicBool, AtomicU64, Mutex, MutexGuard, Ordering};

/// The bells of one task.
///
/// A bell that rings sets its bit, then looks whether the owner is awake. An owner that wants to
/// sleep says so, then looks at the bits. Both sides write before they look, and all four steps
/// are `SeqCst`, so at least one of them sees the other: no ring is slept through. For the same
/// reason a bell sets its bit even if it is set: only the write makes sure that what the bell is
/// about can be seen by an owner who clears the bit now.
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
        Self {
            rung: (0..count).step_by(64).map(|first| AtomicU64::new(row(count - first))).collect(),
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

    /// Whether any bell has rung.
    pub(crate) fn any(&self) -> bool {
        self.rung.iter().any(|word| word.load(Ordering::SeqCst) != 0)
    }

    /// The owner is polled, for whatever reason, and will look at the bits before it sleeps.
    pub(crate) fn rouse(&self) {
        self.awake.store(true, Ordering::SeqCst);
    }

    // ANCHOR: bells
    fn ring(&self, word: usize, bells: u64) {
        self.rung[word].fetch_or(bells, Ordering::SeqCst);
        if !self.awake.load(Ordering::SeqCst) && !self.awake.swap(true, Ordering::SeqCst) {
            let owner = self.owner().take();
            if let Some(owner) = owner {
                owner.wake();
            }
        }
    }

    /// The owner is about to return `Pending`: the next bell wakes it. If one has rung already, it
    /// wakes itself, and so lets other tasks run in between.
    pub(crate) fn sleep(&self, context: &Context<'_>) {
        if !self.any() {
            let waker = context.waker().clone(); // foreign code, so not under the mutex
            let before = self.owner().replace(waker);
            drop(before);
            self.awake.store(false, Ordering::SeqCst);
            if !self.any() || self.awake.swap(true, Ordering::SeqCst) {
                return;
            }
        }
        context.waker().wake_by_ref();
    }
    // ANCHOR_END: bells

    fn owner(&self) -> MutexGuard<'_, Option<Waker>> {
        self.owner.lock().expect("nothing panics under this mutex")
    }
}

/// The first so many bits of a word, or all.
fn row(count: usize) -> u64 {
    u64::MAX >> (64 - count.min(64))
}

/// A bell, or a whole word of them, as a waker.
pub(crate) struct Bell {
    bells: Arc<Bells>,
    word: usize,
    rings: u64,
}

impl Bell {
    /// The waker of one bell.
    pub(crate) fn one(bells: &Arc<Bells>, bell: usize) -> Waker {
        let (word, rings) = (bell / 64, 1 << (bell % 64));
        Waker::from(Arc::new(Self { bells: Arc::clone(bells), word, rings }))
    }

    /// A waker for each word, which rings all bells of that word.
    pub(crate) fn words(bells: &Arc<Bells>, count: usize) -> Vec<Waker> {
        let word = |word| Self { bells: Arc::clone(bells), word, rings: row(count - word * 64) };
        (0..bells.words()).map(|it| Waker::from(Arc::new(word(it)))).collect()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bells.ring(self.word, self.rings);
    }
}
