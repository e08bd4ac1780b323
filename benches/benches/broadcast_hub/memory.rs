//! All contenders get the same memory, hub and subscribers together, and make of it what room they
//! can. So that nobody has to believe a formula, the allocator counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static BYTES: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator, which counts while it is told to.
struct Counting;

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call goes to the system's allocator as it came, and the counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the contract that is ours too.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: as above.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    // SAFETY: as above.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    // SAFETY: as above.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[inline]
fn count(bytes: isize) {
    if COUNTS.load(Relaxed) {
        BYTES.fetch_add(bytes, Relaxed);
    }
}

/// What `make` made, and the memory that it holds.
pub(crate) fn held<T>(make: impl FnOnce() -> T) -> (T, usize) {
    BYTES.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let made = make();
    COUNTS.store(false, Relaxed);
    (made, BYTES.load(Relaxed).max(0).cast_unsigned())
}

/// What hub and subscribers may hold together.
pub(crate) fn budget(subscribers: usize) -> usize {
    (subscribers * 1024).max(32 * 1024)
}

/// The largest room, a power of two and no less than `least`, with which what `fill` makes holds no
/// more than the budget. Prints it.
pub(crate) fn room<T>(
    name: &str,
    subscribers: usize,
    least: usize,
    fill: impl Fn(usize) -> T,
) -> usize {
    let budget = budget(subscribers);
    let mut best = None;
    let mut room = least.next_power_of_two();
    loop {
        let (made, bytes) = held(|| fill(room));
        drop(made);
        if bytes > budget {
            break;
        }
        best = Some((room, bytes));
        room *= 2;
    }
    let (room, bytes) =
        best.unwrap_or_else(|| panic!("{name} cannot hold {least} messages in {budget} bytes"));
    let mut stderr = std::io::stderr();
    let _ = writeln!(
        stderr,
        "memory: {name}, {subscribers} subscribers: {bytes} of {budget} bytes, room for {room}"
    );
    room
}
