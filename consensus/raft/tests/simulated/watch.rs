//! What must hold after every event, whatever happened (paper, figure 3).

use std::collections::BTreeMap;

use raft::core::Core;
use raft::membership::Membership;
use raft::{HardState, Index, NodeId, Position, Term};
use simnet::World;

use super::ledger::Shared;
use super::machine::digest;
use super::process::Node;

/// Looks at a node only if it changed, and then only at what changed.
pub(crate) struct Watch {
    ledger: Shared,
    nodes: BTreeMap<NodeId, Seen>,
    /// By term: who led in it, and in which life.
    pub(crate) leaders: BTreeMap<Term, (NodeId, u64)>,
    /// By position: the digest of the entry there, and the term of the one before.
    entries: BTreeMap<Position, (u64, Term)>,
    /// By node: the terms of its log, from index 1 on. 0 where nothing was seen.
    terms: BTreeMap<NodeId, Vec<Term>>,
    /// How much of a peer's disk its leader was seen to count.
    matched: BTreeMap<(NodeId, NodeId), (Term, Index)>,
}

/// What a node was like when it was looked at last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    life: u64,
    term: Term,
    leads: bool,
    base: Position,
    last: Position,
    last_change: Index,
    commit: Index,
    applied: Index,
}

impl Seen {
    fn of(node: &Node) -> Self {
        let core = &node.core;
        Self {
            life: node.life,
            term: core.term(),
            leads: core.is_leader(),
            base: core.log().base(),
            last: core.last(),
            last_change: core.log().last_change(),
            commit: core.commit(),
            applied: node.machine.upto,
        }
    }
}

impl Watch {
    pub(crate) fn new(ledger: Shared) -> Self {
        let (nodes, leaders, entries, terms, matched) = <_>::default();
        Self { ledger, nodes, leaders, entries, terms, matched }
    }

    pub(crate) fn look(&mut self, world: &World<Node>) {
        for (id, node) in world.nodes() {
            let now = Seen::of(node);
            let before = self.nodes.get(&id).cloned().unwrap_or_default();
            if before != now {
                self.look_at(world, id, &before, &now);
                self.nodes.insert(id, now);
            }
            if node.core.is_leader() {
                self.look_at_peers(world, id, &node.core);
            }
        }
        self.ledger.borrow_mut().check_told();
        for (id, term, candidate) in self.ledger.borrow_mut().take_votes() {
            let HardState { term: kept, vote } = world.disk(id).stored.hard_state;
            let is_kept = kept > term || (kept == term && vote == Some(candidate));
            assert!(is_kept, "{candidate} heard of a vote of {id} in {term} that it could forget");
        }
        look_at_leases(world);
    }

    fn look_at(&mut self, world: &World<Node>, id: NodeId, before: &Seen, now: &Seen) {
        let core = &world.node(id).expect("it is up").core;
        let none = Seen::default();
        let before = if before.life == now.life { before } else { &none };
        check_course(id, before, now);
        let leads_on = before.leads && now.leads && before.term == now.term;
        self.look_at_log(core, before, leads_on);
        // The base counts as a change if there is none behind it.
        let changed = now.last_change > before.last_change.max(now.base.index);
        if leads_on && changed {
            check_change(core, before);
        }
        self.look_at_commit(world, core, before);
        if leads_on && now.commit > before.commit {
            let term = core.log().term(now.commit);
            assert_eq!(term, Some(now.term), "a leader commits what another may overrule");
        }
        let applied = self.ledger.borrow().term(now.applied);
        if let Some(term) = applied {
            let at = Position { term, index: now.applied };
            assert!(world.disk(id).holds(at), "node {id} applied what its disk lacks");
        }
        if now.leads && !leads_on {
            let kept = world.disk(id).stored.hard_state.term;
            assert!(kept >= now.term, "node {id} leads in term {}, and could forget it", now.term);
            self.look_at_election(core, now.life);
        }
    }

    /// Log matching: who holds a position holds the same entry there, and the same before it. And a
    /// leader only puts entries behind those it has.
    fn look_at_log(&mut self, core: &Core, before: &Seen, leads_on: bool) {
        let log = core.log();
        let terms = self.terms.entry(core.id()).or_default();
        if before.life == 0 {
            terms.clear();
        }
        terms.resize(log.last().index as usize, 0);
        for index in (log.base().index + 1..=log.last().index).rev() {
            let at = log.position(index).expect("it is in the log");
            if terms[index as usize - 1] == at.term {
                return;
            }
            terms[index as usize - 1] = at.term;
            assert!(!leads_on || index > before.last.index, "a leader changed its log at {at}");
            let is = (digest(&log.entry(index)), log.term(index - 1).expect("the base at least"));
            let was = *self.entries.entry(at).or_insert(is);
            assert_eq!(was, is, "node {}: another log ends in {at}", core.id());
        }
    }

    fn look_at_commit(&mut self, world: &World<Node>, core: &Core, before: &Seen) {
        let mut ledger = self.ledger.borrow_mut();
        let log = core.log();
        for index in before.commit.max(log.base().index).max(1)..=core.commit() {
            let at = log.position(index).expect("it is in the log");
            if ledger.commit(at, log.entry(index), core.term()) {
                // One that commits its own removal leads no more; and one that was paused does much
                // in a moment.
                let led = before.leads || core.is_leader() || index <= ledger.vouched;
                assert!(led, "{at} is committed, and no leader did it");
                if core.is_leader() || before.term == core.term() {
                    check_majority(world, core, at);
                    check_leaders(world, core.term(), at);
                }
            }
        }
    }

    /// Election safety and leader completeness.
    fn look_at_election(&mut self, core: &Core, life: u64) {
        let (id, term, log) = (core.id(), core.term(), core.log());
        let leader = *self.leaders.entry(term).or_insert((id, life));
        assert_eq!(leader, (id, life), "two lead in term {term}");
        let ledger = self.ledger.borrow();
        for at in ledger.before(term, log.base().index) {
            assert_eq!(log.position(at.index), Some(at), "leader {id} of term {term} lacks it");
        }
    }

    /// What a leader counts is on the disk of its peer, unless that has seen a later leader.
    fn look_at_peers(&mut self, world: &World<Node>, id: NodeId, core: &Core) {
        for peer in world.ids().filter(|peer| *peer != id) {
            let now = (core.term(), core.matched(peer).unwrap_or(0));
            let before = self.matched.insert((id, peer), now).unwrap_or_default();
            if before == now {
                continue;
            }
            let is_known = core.matched(peer).is_some();
            assert!(!is_known || before.0 < now.0 || before.1 <= now.1, "it counts less of {peer}");
            let disk = world.disk(peer);
            let (Some(at), false) =
                (core.log().position(now.1), disk.stored.hard_state.term > now.0)
            else {
                continue;
            };
            assert!(disk.holds(at), "leader {id} counts {at}, which is not on the disk of {peer}");
        }
    }
}

/// What only rises within a life, and in which order.
fn check_course(id: NodeId, before: &Seen, now: &Seen) {
    assert!(now.term >= before.term, "node {id}: the term falls");
    assert!(now.commit >= before.commit, "node {id}: the commit index falls");
    assert!(now.applied >= before.applied, "node {id}: it undoes what was applied");
    assert!(now.applied <= now.commit && now.commit <= now.last.index, "node {id}: {now:?}");
}

/// What is committed is on the disks of a majority. Counted here anew, unless two groups must agree.
fn check_majority(world: &World<Node>, leader: &Core, at: Position) {
    let members = leader.log().membership();
    let holds = |id: NodeId| world.disk(id).holds(at);
    let voters: Vec<_> = world.ids().filter(|id| members.is_voter(*id)).collect();
    let is_safe = if members.is_joint() {
        members.committed(|id| u64::from(holds(id))) > 0
    } else {
        2 * voters.iter().filter(|id| holds(**id)).count() > voters.len()
    };
    assert!(is_safe, "{at} is committed, and not on the disks of a majority of {members}");
}

/// A leader of a later term has it, and will give it to everybody.
fn check_leaders(world: &World<Node>, term: Term, at: Position) {
    for (id, node) in world.nodes() {
        let core = &node.core;
        if core.is_leader() && core.term() > term {
            let has =
                at.index <= core.log().base().index || core.log().term(at.index) == Some(at.term);
            assert!(has, "{at} is committed, and leader {id} of a later term lacks it");
        }
    }
}

/// One change at a time, by a leader that has committed something, so that any two majorities meet.
fn check_change(core: &Core, before: &Seen) {
    let (log, commit) = (core.log(), core.commit());
    assert!(before.last_change <= commit, "a change begins before the last is committed");
    assert_eq!(log.term(commit), Some(core.term()), "a change before the leader's first commit");
    let (old, new) = (log.membership_at(before.last.index), log.membership());
    let voters = |of: &Membership| (1..=9).filter(|id| of.is_voter(*id)).collect::<Vec<_>>();
    let (old_voters, new_voters) = (voters(old), voters(new));
    let moved = (1..=9).filter(|id| old_voters.contains(id) != new_voters.contains(id)).count();
    assert!(moved <= 1 || old.is_joint() || new.is_joint(), "from {old} to {new} at once");
    assert!(!(old.is_joint() && new.is_joint()), "from {old} to {new} at once");
}

/// While one may read without asking, no other leads in a later term.
fn look_at_leases(world: &World<Node>) {
    let leaders = || world.nodes().filter(|(_, node)| node.core.is_leader());
    if leaders().nth(1).is_none() {
        return;
    }
    for (id, Node { core, .. }) in leaders() {
        let knows = core.log().term(core.commit()) == Some(core.term());
        if knows && core.lease_ends().is_some_and(|until| world.clock(id) < until) {
            let later = leaders().find(|(_, other)| other.core.term() > core.term());
            assert!(
                later.is_none(),
                "node {id} has the lease of term {}, and is no leader",
                core.term()
            );
        }
    }
}
