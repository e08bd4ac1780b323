//! `committed cfg=(1,2) cfgj=(2,3) idx=(12,_,5)` and `vote cfg=(1,2) votes=(y,_)`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use datadriven::TestCase;
use raft::quorum::{Tally, committed, tally};
use raft::{Index, NodeId};

type Nodes = BTreeSet<NodeId>;

pub(crate) fn outcome((): &mut (), mut case: TestCase) -> String {
    let ids = list(&mut case, "cfg");
    let others = list(&mut case, "cfgj");
    let mut order: Vec<NodeId> = Vec::new();
    for id in ids.iter().chain(&others).filter_map(|id| id.parse().ok()) {
        if !order.contains(&id) {
            order.push(id);
        }
    }
    let voters: Nodes = ids.iter().map(|id| id.parse().expect("a number")).collect();
    let outgoing: Nodes = others.iter().filter_map(|id| id.parse().ok()).collect();
    match case.directive.as_str() {
        "vote" => {
            let said: BTreeMap<_, _> = order.into_iter().zip(list(&mut case, "votes")).collect();
            votes(&voters, &outgoing, &said)
        }
        "committed" => {
            let said = order.into_iter().zip(list(&mut case, "idx"));
            let known = said.filter_map(|(id, index)| Some((id, index.parse().ok()?))).collect();
            indices(&voters, &outgoing, &known)
        }
        other => panic!("there is no case {other}"),
    }
}

fn list(case: &mut TestCase, key: &str) -> Vec<String> {
    case.try_take_args(key).expect("a list").unwrap_or_default()
}

fn votes(voters: &Nodes, outgoing: &Nodes, said: &BTreeMap<NodeId, String>) -> String {
    let vote = |id| match said.get(&id).map(String::as_str) {
        Some("y") => Some(true),
        Some("n") => Some(false),
        _ => None,
    };
    let (one, other) = (tally(voters, vote), tally(outgoing, vote));
    assert_eq!(one.and(other), other.and(one), "the order of the two groups is all the same");
    let word = match one.and(other) {
        Tally::Won => "VoteWon",
        Tally::Lost => "VoteLost",
        Tally::Pending => "VotePending",
    };
    format!("{word}\n")
}

fn indices(voters: &Nodes, outgoing: &Nodes, known: &BTreeMap<NodeId, Index>) -> String {
    let holds = |id| known.get(&id).copied().unwrap_or(0);
    let index = committed(voters, holds).min(committed(outgoing, holds));
    let mut text = chart(&voters.union(outgoing).copied().collect(), known);
    match index {
        Index::MAX => text.push_str("\u{221e}\n"),
        index => _ = writeln!(text, "{index}"),
    }
    text
}

/// Their picture of what is known. The bar of a node is as long as there are nodes behind it.
fn chart(nodes: &Nodes, known: &BTreeMap<NodeId, Index>) -> String {
    let count = nodes.len();
    if count == 0 {
        return "<empty majority quorum>".to_owned();
    }
    let mut ranks: Vec<_> =
        nodes.iter().map(|id| (known.get(id).copied().unwrap_or(0), *id)).collect();
    ranks.sort_unstable();
    let bar = |id: NodeId| {
        let at = ranks.iter().position(|rank| rank.1 == id).expect("it is one of them");
        if at > 0 && ranks[at - 1].0 < ranks[at].0 { at } else { 0 }
    };
    let mut text = format!("{}    idx\n", " ".repeat(count));
    for id in nodes {
        let (sign, bar) = if known.contains_key(id) { (">", bar(*id)) } else { ("?", 0) };
        let (x, gap) = ("x".repeat(bar), " ".repeat(count - bar));
        let index = known.get(id).copied().unwrap_or(0);
        let _ = writeln!(text, "{x}{sign}{gap} {index:>5}    (id={id})");
    }
    text
}
