//! The judge of histories: could one object, used by one client at a time, have answered so?
//!
//! A history is *linearizable* when each operation can be given one moment between its call and its
//! answer, so that the answers are those of a plain object to which the operations are done in the
//! order of these moments. Wing and Gong's search, with Lowe's memory of what was tried already.

mod order;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use order::Order;

/// The object, as it would be for one client alone.
pub trait Model {
    /// What it holds.
    type State: Clone + Eq + Hash;
    /// What can be asked of it.
    type Op;
    /// What it may answer.
    type Answer;

    /// What it holds in the beginning.
    fn start(&self) -> Self::State;

    /// What it holds after `op`; `None` if it could not have given this answer.
    ///
    /// `answer` is `None` when the caller never learnt it, but the operation is done here and now.
    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        answer: Option<&Self::Answer>,
    ) -> Option<Self::State>;
}

/// One operation of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation<O, A> {
    /// What was asked.
    pub op: O,
    /// When it was called.
    pub called: Duration,
    /// When it was answered, and what. `None` if the caller gave up, crashed or still waits: then it
    /// may be done at any time after the call, or never.
    pub answered: Option<(Duration, A)>,
}

/// What clients saw, in the order of their calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History<O, A> {
    operations: Vec<Operation<O, A>>,
}

/// What the judge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// One object could have answered so, by doing these operations in this order. Those of unknown
    /// outcome that are not among them were not needed.
    Linearizable(Vec<usize>),
    /// No object could.
    Violation {
        /// The longest order that still works.
        longest: Vec<usize>,
        /// After it, this one had to come next and could not.
        stuck: usize,
    },
    /// The budget is spent. Too many operations overlap: take fewer clients, or judge each key.
    GaveUp,
}

impl Verdict {
    /// Whether it is a clear yes.
    pub fn is_linearizable(&self) -> bool {
        matches!(self, Self::Linearizable(_))
    }
}

impl<O, A> History<O, A> {
    /// One without operations.
    pub fn new() -> Self {
        Self { operations: Vec::new() }
    }

    /// A client calls. The number is for [`answer`](Self::answer).
    pub fn call(&mut self, now: Duration, op: O) -> usize {
        self.operations.push(Operation { op, called: now, answered: None });
        self.operations.len() - 1
    }

    /// A call is answered. One that never is has an unknown outcome.
    ///
    /// # Panics
    ///
    /// When there was no such call, when it was answered already, and when it was called later.
    pub fn answer(&mut self, now: Duration, call: usize, answer: A) {
        let operation = self.operations.get_mut(call).expect("there was no such call");
        assert!(operation.answered.is_none(), "call {call} was answered already");
        assert!(operation.called <= now, "call {call} was answered before it was made");
        operation.answered = Some((now, answer));
    }

    /// The operations, in the order of `call`.
    pub fn operations(&self) -> &[Operation<O, A>] {
        &self.operations
    }

    /// Parts it by key. If the keys are objects of their own, the whole is linearizable exactly when
    /// each part is, and the parts are much quicker to judge.
    pub fn by_key<K: Ord>(self, key: impl Fn(&O) -> K) -> BTreeMap<K, Self> {
        let mut parts = BTreeMap::<K, Self>::new();
        for operation in self.operations {
            parts.entry(key(&operation.op)).or_default().operations.push(operation);
        }
        parts
    }

    /// Judges it, trying at most `budget` steps.
    pub fn judge<M: Model<Op = O, Answer = A>>(&self, model: &M, budget: u64) -> Verdict {
        Search::new(model, &self.operations).run(budget)
    }
}

impl<O, A> Default for History<O, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O, A> From<Vec<Operation<O, A>>> for History<O, A> {
    fn from(operations: Vec<Operation<O, A>>) -> Self {
        Self { operations }
    }
}

/// One line for each operation, with its interval in microseconds.
impl<O: fmt::Display, A: fmt::Display> fmt::Display for History<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, operation) in self.operations.iter().enumerate() {
            let called = operation.called.as_micros();
            write!(f, "{number:>4}  {called:>9} ..")?;
            match &operation.answered {
                Some((at, answer)) => {
                    writeln!(f, " {:>9}  {} -> {answer}", at.as_micros(), operation.op)?;
                }
                None => writeln!(f, " {:>9}  {} -> unknown", "?", operation.op)?,
            }
        }
        Ok(())
    }
}

/// A depth-first search for an order.
struct Search<'a, M: Model> {
    model: &'a M,
    operations: &'a [Operation<M::Op, M::Answer>],
    /// Calls and answers that are not placed yet, in time.
    order: Order,
    /// What was placed, and the state before each.
    placed: Vec<(usize, M::State)>,
    state: M::State,
    /// Answered operations that are not placed yet. When there is none, we are done.
    missing: usize,
    /// Sets of placed operations, each with the state it led to. Whoever comes to one again will
    /// fail again.
    seen: HashSet<(order::Set, M::State)>,
    longest: Vec<usize>,
    stuck: usize,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, operations: &'a [Operation<M::Op, M::Answer>]) -> Self {
        let times =
            operations.iter().map(|it| (it.called, it.answered.as_ref().map(|(at, _)| *at)));
        Self {
            model,
            operations,
            order: Order::new(times),
            placed: Vec::new(),
            state: model.start(),
            missing: operations.iter().filter(|it| it.answered.is_some()).count(),
            seen: HashSet::new(),
            longest: Vec::new(),
            stuck: 0,
        }
    }

    fn run(mut self, budget: u64) -> Verdict {
        let mut steps = 0;
        let mut at = self.order.first();
        while self.missing > 0 {
            // An answer bars the way to all calls after it: its own operation comes before them.
            if let Some(call) = order::call(at) {
                steps += 1;
                if steps > budget {
                    return Verdict::GaveUp;
                }
                at = if self.place(call) { self.order.first() } else { self.order.after(at) };
            } else {
                self.remember_how_far(order::operation(at));
                let Some(call) = self.take_back() else {
                    return Verdict::Violation { longest: self.longest, stuck: self.stuck };
                };
                at = self.order.after(order::call_of(call));
            }
        }
        Verdict::Linearizable(self.placed.into_iter().map(|(call, _)| call).collect())
    }

    /// Does an operation next, unless it cannot be or leads where we were before.
    fn place(&mut self, call: usize) -> bool {
        let operation = &self.operations[call];
        let answer = operation.answered.as_ref().map(|(_, answer)| answer);
        let Some(state) = self.model.step(&self.state, &operation.op, answer) else { return false };
        // Of unknown outcome and without effect: whether it was done here makes no difference.
        if answer.is_none() && state == self.state {
            return false;
        }
        self.order.remove(call);
        if !self.seen.insert((self.order.removed(), state.clone())) {
            self.order.put_back(call);
            return false;
        }
        self.missing -= usize::from(operation.answered.is_some());
        self.placed.push((call, std::mem::replace(&mut self.state, state)));
        true
    }

    /// Undoes the last one.
    fn take_back(&mut self) -> Option<usize> {
        let (call, state) = self.placed.pop()?;
        self.state = state;
        self.missing += usize::from(self.operations[call].answered.is_some());
        self.order.put_back(call);
        Some(call)
    }

    fn remember_how_far(&mut self, stuck: usize) {
        if self.longest.is_empty() || self.placed.len() > self.longest.len() {
            self.longest = self.placed.iter().map(|(call, _)| *call).collect();
            self.stuck = stuck;
        }
    }
}
