//! Which task runs next: depth-first over every schedule with at most `bound` preemptions.
//!
//! A schedule is the list of choices made in it. The next one takes the next alternative at the
//! deepest choice that has one left, and the first alternative at every choice below it.

use std::cell::Cell;
use std::rc::Rc;

use crate::calm;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

/// What [`Bounded`] panics with when a schedule, repeated, does not lead to the same choices.
pub(crate) const UNREPEATABLE: &str = "the scenario does not repeat itself: the same choices led \
    to another state. Take time, randomness, hash order, statics and real threads out of it";

/// How far an exploration has come, seen from outside while the scheduler belongs to shuttle.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Finished schedules with exactly `bound` preemptions. Those with fewer were counted at a
    /// lower bound.
    pub(crate) tried: Cell<usize>,
    /// Preemptions in the current schedule.
    pub(crate) preemptions: Cell<usize>,
}

#[derive(Debug)]
pub(crate) struct Bounded {
    bound: usize,
    /// Stop after this many schedules.
    budget: usize,
    /// The choices of the current schedule, outermost first. A point with one alternative is none.
    path: Vec<Choice>,
    /// How many choices of `path` the current schedule has passed.
    depth: usize,
    /// Scheduling decisions in the current schedule; from 1, so that 0 means "never" in a [`Turn`].
    step: usize,
    /// Indexed by task.
    turns: Vec<Turn>,
    /// The tasks that can run at this step.
    able: Vec<usize>,
    /// The alternatives at this step: first those that cost nothing, then those that cost a preemption.
    alternatives: Vec<usize>,
    /// State of the generator behind `shuttle::rand`; the same numbers in every schedule.
    random: u64,
    started: bool,
    progress: Rc<Progress>,
}

#[derive(Debug)]
struct Choice {
    alternatives: Vec<usize>,
    taken: usize,
}

/// When a task last ran, and when it last yielded without having run since.
#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    ran: usize,
    yielded: usize,
}

impl Bounded {
    pub(crate) fn new(bound: usize, budget: usize, progress: Rc<Progress>) -> Self {
        Self {
            bound,
            budget,
            path: Vec::new(),
            depth: 0,
            step: 0,
            turns: Vec::new(),
            able: Vec::new(),
            alternatives: Vec::new(),
            random: 0,
            started: false,
            progress,
        }
    }

    /// Moves `path` to the next schedule; false if there is none.
    fn advance(&mut self) -> bool {
        while let Some(choice) = self.path.last_mut() {
            choice.taken += 1;
            if choice.taken < choice.alternatives.len() {
                return true;
            }
            self.path.pop();
        }
        false
    }

    /// Fills `alternatives`; returns how many of them cost nothing (at least one).
    ///
    /// Free is to let the running task go on, and if it cannot or yields, to switch to any task
    /// that can run. The rest costs a preemption: to take the processor away, to wake a parked task
    /// spuriously, to come back to a task that yielded before the others had a turn.
    fn list(&mut self, candidates: &[&Task], current: Option<usize>, yielding: bool) -> usize {
        self.able.clear();
        self.able.extend(candidates.iter().filter(|task| task.runnable()).map(|task| id(task)));
        self.alternatives.clear();
        match current.filter(|current| self.able.contains(current)) {
            Some(current) if !yielding => self.alternatives.push(current),
            still_able => {
                if let Some(current) = still_able {
                    self.turns[current].yielded = self.step;
                }
                let (able, turns) = (&self.able, &self.turns);
                self.alternatives.extend(able.iter().copied().filter(|&task| {
                    let since = turns[task].yielded;
                    able.iter().all(|&other| other == task || turns[other].ran >= since)
                }));
            }
        }
        let free = self.alternatives.len();
        if self.progress.preemptions.get() < self.bound {
            for task in candidates.iter().map(|task| id(task)) {
                if !self.alternatives[..free].contains(&task) {
                    self.alternatives.push(task);
                }
            }
        }
        free
    }

    /// Takes the alternative that the path prescribes here, or the first one of a new choice.
    fn choose(&mut self) -> usize {
        if self.alternatives.len() == 1 {
            return 0;
        }
        if self.depth == self.path.len() {
            self.path.push(Choice { alternatives: self.alternatives.clone(), taken: 0 });
        }
        let choice = &self.path[self.depth];
        assert!(choice.alternatives == self.alternatives, "{UNREPEATABLE}");
        self.depth += 1;
        choice.taken
    }
}

fn id(task: &Task) -> usize {
    task.id().into()
}

impl Scheduler for Bounded {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.started {
            assert!(self.depth == self.path.len(), "{UNREPEATABLE}");
            let fresh = self.progress.preemptions.get() == self.bound;
            self.progress.tried.set(self.progress.tried.get() + usize::from(fresh));
            if !self.advance() || self.progress.tried.get() >= self.budget {
                return None;
            }
        }
        self.started = true;
        self.depth = 0;
        self.step = 0;
        self.random = 0;
        calm::end();
        self.turns.clear();
        self.progress.preemptions.set(0);
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        candidates: &[&Task],
        current: Option<TaskId>,
        yielding: bool,
    ) -> Option<TaskId> {
        self.step += 1;
        let current = current.map(usize::from);
        let highest = candidates.iter().map(|task| id(task)).chain(current).max()?;
        if self.turns.len() <= highest {
            self.turns.resize(highest + 1, Turn::default());
        }
        let free = self.list(candidates, current, yielding);
        if calm::is_calm() {
            self.alternatives.truncate(1);
        }
        let taken = self.choose();
        if taken >= free {
            self.progress.preemptions.set(self.progress.preemptions.get() + 1);
        }
        let task = self.alternatives[taken];
        self.turns[task] = Turn { ran: self.step, yielded: 0 };
        Some(task.into())
    }

    /// `SplitMix64`.
    fn next_u64(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
