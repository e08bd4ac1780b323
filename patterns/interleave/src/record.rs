//! What a run leaves behind: its notes and its panics.
//!
//! The record belongs to the OS thread of the exploration: shuttle runs all tasks of a scenario on
//! the one thread that started it, so that explorations side by side never share a record.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Display;
use std::panic;
use std::sync::Once;

/// A line that task number `task` wrote.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) task: usize,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    notes: Vec<Note>,
    panics: Vec<Panic>,
}

/// A panic as the hook saw it; it may have been caught since.
#[derive(Debug)]
struct Panic {
    /// `None`: outside every task, by shuttle itself.
    task: Option<usize>,
    message: String,
    /// How many notes stood in the record.
    notes: usize,
}

thread_local! {
    /// `None` on every thread that is not exploring.
    static RECORD: RefCell<Option<Record>> = const { RefCell::new(None) };
}

/// Writes a line into the lane of the current task. Outside an exploration it does nothing.
///
/// The macro [`note!`](crate::note!) takes a format string.
pub fn note(line: impl Display) {
    if !RECORD.with_borrow(Option::is_some) {
        return;
    }
    if let Some(task) = current_task() {
        let text = line.to_string(); // before the borrow: `Display` may note something itself
        RECORD.with_borrow_mut(|record| {
            record.as_mut().expect("checked above").notes.push(Note { task, text });
        });
    }
}

/// Writes a line into the lane of the current task: `note!("acquired {n}")`.
///
/// Outside an exploration it does nothing.
#[macro_export]
macro_rules! note {
    ($($line:tt)*) => { $crate::note(::std::format_args!($($line)*)) };
}

/// Begins the record of a new run on this thread.
pub(crate) fn start() {
    RECORD.set(Some(Record::default()));
}

/// Ends recording on this thread.
pub(crate) fn take() -> Record {
    RECORD.take().unwrap_or_default()
}

impl Record {
    /// The notes before the panic that says `message`, and the task that panicked.
    pub(crate) fn until_panic(mut self, message: &str) -> (Vec<Note>, Option<usize>) {
        let Some(panic) = self.panics.iter().rfind(|panic| panic.message == message) else {
            return (self.notes, None);
        };
        self.notes.truncate(panic.notes);
        (self.notes, panic.task)
    }
}

/// Keeps the panics of explorations off the terminal, and leaves all others as they were.
///
/// Shuttle puts a hook in front of the process's own at its first run, which announces every panic
/// as a failed task. So let it, once, and put ours in its place.
pub(crate) fn quieten_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        shuttle::check_dfs(|| (), None);
        panic::set_hook(Box::new(move |info| {
            if RECORD.with_borrow(Option::is_some) {
                record_panic(text_of(info.payload()));
            } else {
                before(info);
            }
        }));
    });
}

fn record_panic(message: String) {
    let task = current_task();
    RECORD.with_borrow_mut(|record| {
        if let Some(record) = record {
            record.panics.push(Panic { task, message, notes: record.notes.len() });
        }
    });
}

/// The message of a panic, whatever it was raised with.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic whose payload is not text")
        .to_owned()
}

fn current_task() -> Option<usize> {
    shuttle::current::try_get_current_task().map(usize::from)
}
