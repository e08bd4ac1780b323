//! `simple`, `enter-joint` and `leave-joint`, with changes such as `v1 l2 r3`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use datadriven::TestCase;
use raft::membership::{Change, ChangeError, Membership};
use raft::{Index, NodeId};

/// What one file leads to, case by case.
#[derive(Default)]
pub(crate) struct State {
    membership: Membership,
    /// By node, at which case it came in: what the leader would send it first.
    next: BTreeMap<NodeId, Index>,
    cases: Index,
}

pub(crate) fn outcome(state: &mut State, mut case: TestCase) -> String {
    let changes: Vec<_> = case.input.split_whitespace().map(change).collect();
    let old = &state.membership;
    let new = match case.directive.as_str() {
        "simple" => old.simple(&changes),
        "enter-joint" => {
            let auto_leave = case.try_take_arg("autoleave").expect("true or false");
            old.enter_joint(&changes, auto_leave.unwrap_or(false))
        }
        "leave-joint" => old.leave_joint(),
        other => panic!("there is no case {other}"),
    };
    let text = match new {
        Ok(new) => state.describe(new),
        Err(error) => format!("{}\n", foreign(error, &case.directive)),
    };
    state.cases += 1;
    text
}

impl State {
    fn describe(&mut self, new: Membership) -> String {
        let nodes = new.nodes();
        self.next.retain(|id, _| nodes.contains(id));
        for id in nodes {
            self.next.entry(id).or_insert(self.cases);
        }
        let mut text = format!("{new}\n");
        for (id, next) in &self.next {
            let learner = if new.is_learner(*id) { " learner" } else { "" };
            let _ = writeln!(text, "{id}: StateProbe match=0 next={next}{learner}");
        }
        self.membership = new;
        text
    }
}

fn change(word: &str) -> Change {
    let (kind, id) = word.split_at(1);
    let id = id.parse().expect("a number");
    match kind {
        "v" => Change::Voter(id),
        "l" => Change::Learner(id),
        "r" => Change::Remove(id),
        other => panic!("there is no change {other}"),
    }
}

/// The same, in their words.
fn foreign(error: ChangeError, directive: &str) -> &'static str {
    match error {
        ChangeError::Joint if directive == "simple" => {
            "can't apply simple config change in joint config"
        }
        ChangeError::Joint => "config is already joint",
        ChangeError::NotJoint => "can't leave a non-joint config",
        ChangeError::NoVoter => "removed all voters",
        ChangeError::NoVoterYet => "can't make a zero-voter config joint",
        ChangeError::TooMany => "more than one voter changed without entering joint config",
    }
}
