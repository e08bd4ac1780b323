//! A failing schedule: how it prints, and how it is compared with the one stored beside the test.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::record::Note;

/// A schedule under which a scenario fails.
///
/// It displays as lanes, a column for each task that wrote a [`note!`](crate::note!), the failure
/// in the last line. Task 0, which runs the scenario itself, is `main`; the tasks it spawns are
/// `T1`, `T2` and so on.
#[derive(Clone, Debug)]
#[must_use = "compare it with the stored schedule: `schedule.matches(\"tests/schedules/name.txt\")`"]
pub struct Schedule {
    pub(crate) index: usize,
    pub(crate) preemptions: usize,
    pub(crate) notes: Vec<Note>,
    /// The task that failed; `None` for a deadlock and for a run that does not end.
    pub(crate) task: Option<usize>,
    pub(crate) message: String,
}

impl Schedule {
    /// How many schedules were tried, this one included.
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many preemptions it holds: interruptions of a task that could have gone on.
    pub fn preemptions(&self) -> usize {
        self.preemptions
    }

    /// What went wrong: the message of the panic, or which tasks are deadlocked.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Compares the schedule with the one stored in `file`, a path relative to the package.
    ///
    /// With `INTERLEAVE_ACCEPT=1` in the environment it writes the file instead.
    ///
    /// # Panics
    /// If they differ, with both texts and the command that accepts the new one.
    pub fn matches(&self, file: impl AsRef<Path>) {
        let found = format!("{self}\n");
        let path = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let path = path.join(file.as_ref());
        let stored = fs::read_to_string(&path).unwrap_or_default();
        if stored == found {
            return;
        }
        if is_set("INTERLEAVE_ACCEPT") {
            return store(&path, &found);
        }
        let package = env::var("CARGO_PKG_NAME").map(|name| format!(" -p {name}"));
        panic!(
            "the failing schedule is not the one stored in {}\n\nstored:\n{stored}\nfound:\n{found}\n\
             If the new one is right, accept it: INTERLEAVE_ACCEPT=1 cargo test{}\n",
            file.as_ref().display(),
            package.unwrap_or_default(),
        );
    }
}

fn store(path: &Path, text: &str) {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all);
    if let Err(error) = written.and_then(|()| fs::write(path, text)) {
        panic!("cannot store the schedule in {}: {error}", path.display());
    }
}

/// Whether the environment variable has a value other than 0.
pub(crate) fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}

/// What the lanes call a task.
pub(crate) fn name(task: usize) -> String {
    if task == 0 { "main".to_owned() } else { format!("T{task}") }
}

impl Display for Schedule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut tasks: Vec<usize> = self.notes.iter().map(|note| note.task).collect();
        tasks.extend(self.task);
        tasks.sort_unstable();
        tasks.dedup();
        let lane = |task: usize| {
            let column = tasks.iter().position(|other| *other == task).unwrap_or(0);
            format!("{:1$}{2}", "", 4 * column, name(task))
        };
        let line = |note: &Note| format!("{} {}", lane(note.task), note.text);
        let mut lines: Vec<String> = self.notes.iter().map(line).collect();
        let reason = self.message.lines().map(str::trim).collect::<Vec<_>>().join(", ");
        match (self.task, self.notes.last(), lines.last_mut()) {
            (Some(task), Some(note), Some(line)) if note.task == task => {
                line.push_str("      <- ");
                line.push_str(&reason);
            }
            (Some(task), ..) => lines.push(format!("{} <- {reason}", lane(task))),
            (None, ..) => lines.push(format!("<- {reason}")),
        }
        f.write_str(&lines.join("\n"))
    }
}
