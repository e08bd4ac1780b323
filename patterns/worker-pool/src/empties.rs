//! Boxes of jobs that have run, on their way back to the callers. Memory that one thread allocates
//! and another frees is most of what an empty job costs; a box that goes back is neither.

use std::any::Any;

use super::job::{Parcel, Work};
use super::sync::{EMPTIES, Mutex, REUSE};

/// A larger box is freed at once.
const LARGE: usize = 256;

/// Empty boxes of one pool.
pub(crate) struct Empties {
    /// Nothing of a caller's is in them. About as many as the queue holds, and one load.
    boxes: Mutex<Vec<Box<dyn Work>>>,
    enough: usize,
}

/// What one worker has emptied since it last gave some back.
pub(crate) struct Load(Vec<Box<dyn Work>>);

impl Empties {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { boxes: Mutex::default(), enough: capacity }
    }

    /// Packs a job, into a used box if one is at hand and made for the same kind of job.
    pub(crate) fn pack<F: FnOnce() + Send + 'static>(&self, work: F) -> Box<dyn Work> {
        if let Some(empty) = self.at_hand() {
            let empty: Box<dyn Any> = empty;
            if let Ok(mut parcel) = empty.downcast::<Parcel<F>>() {
                parcel.0 = Some(work);
                return parcel;
            }
        }
        Box::new(Parcel(Some(work)))
    }

    fn at_hand(&self) -> Option<Box<dyn Work>> {
        if REUSE { self.boxes.try_lock().ok()?.pop() } else { None }
    }

    /// Keeps a load, unless there are enough.
    fn keep(&self, load: &mut Vec<Box<dyn Work>>) {
        let mut boxes = self.boxes.lock().expect("nothing panics under this mutex");
        if boxes.len() < self.enough {
            boxes.append(load);
        }
        drop(boxes);
        load.clear();
    }
}

impl Load {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(EMPTIES))
    }

    /// Adds a box, and gives the load back when it is full.
    #[inline]
    pub(crate) fn add(&mut self, empty: Option<Box<dyn Work>>, to: &Empties) {
        let Some(empty) = empty.filter(|empty| REUSE && size_of_val(&**empty) <= LARGE) else {
            return;
        };
        self.0.push(empty);
        if self.0.len() >= EMPTIES {
            to.keep(&mut self.0);
        }
    }
}
