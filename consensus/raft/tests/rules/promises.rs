//! What must never happen, and what must happen in some order.

use raft::core::{Core, Fate};
use raft::message::{Answer, Ballot, Request};
use raft::{NodeId, Position, Term};
use stateright::Property;

use crate::Bound;
use crate::state::{Committed, Node, State};

pub(crate) const A_LEADER: &str = "a leader";
pub(crate) const A_COMMIT: &str = "an entry is committed";
pub(crate) const A_CUT: &str = "a log is cut off";
pub(crate) const A_REFUSAL: &str = "a vote is refused for a shorter log";
pub(crate) const A_FALL: &str = "a leader hears of a later term";

/// Those that hold in every model, and those that it says must happen.
pub(crate) fn all(bound: &Bound) -> Vec<Property<Bound>> {
    let mut all = vec![
        Property::always("one leads in a term, in one life", |_, state| one_leads(state)),
        Property::always("logs that meet are the same before", |_, state| logs_match(state)),
        Property::always("a later leader has what is committed", |_, state| is_complete(state)),
        Property::always(
            "what is committed never differs and never changes",
            |_, state: &State| state.cores().all(|(_, core)| agrees(state, core)),
        ),
        Property::always("whoever leads has its vote on its disk", |_, state: &State| {
            state.leaders().all(|(node, core)| {
                let hard_state = node.disk.hard_state;
                (hard_state.term, hard_state.vote) == (core.term(), Some(core.id()))
            })
        }),
        Property::always("what is committed is on the disks of a majority", |_, state: &State| {
            (1..).zip(&state.past.committed).all(|(index, it)| is_on_disks(state, index, it))
        }),
        Property::always("who proposed was told the truth", |_, state| is_truth(state)),
        Property::always("nobody takes a message for damage", |_, state: &State| {
            state.past.refused.is_none()
        }),
    ];
    let sometimes = [
        Property::sometimes(A_LEADER, |_, state: &State| state.leaders().next().is_some()),
        Property::sometimes(A_COMMIT, |_, state: &State| !state.past.committed.is_empty()),
        Property::sometimes(A_CUT, |_, state: &State| state.past.cut),
        Property::sometimes(A_REFUSAL, |_, state| a_vote_is_refused(state)),
        Property::sometimes(A_FALL, |_, state| a_leader_fell(state)),
    ];
    all.extend(sometimes.into_iter().filter(|it| bound.happens.contains(&it.name)));
    all
}

/// Election safety (section 5.2).
fn one_leads(state: &State) -> bool {
    let led = &state.past.led;
    led.iter().zip(led.iter().skip(1)).all(|((one, ..), (other, ..))| one != other)
}

/// Log matching (section 5.3).
fn logs_match(state: &State) -> bool {
    let is_same = |one: &Core, other: &Core| {
        let upto = one.last().index.min(other.last().index);
        let mut meet =
            (1..=upto).rev().skip_while(|at| one.log().term(*at) != other.log().term(*at));
        meet.all(|at| one.log().entry(at) == other.log().entry(at))
    };
    state.cores().all(|(_, one)| state.cores().all(|(_, other)| is_same(one, other)))
}

/// Leader completeness (section 5.4).
fn is_complete(state: &State) -> bool {
    let has = |core: &Core, index, it: &Committed| {
        core.term() <= it.term || core.log().entry(index) == Some(&it.entry)
    };
    let committed = || (1..).zip(&state.past.committed);
    state.leaders().all(|(_, core)| committed().all(|(index, it)| has(core, index, it)))
}

/// State machine safety (section 5.4.3).
fn agrees(state: &State, core: &Core) -> bool {
    let mut committed = (1..=core.commit()).zip(&state.past.committed);
    committed.all(|(index, it)| core.log().entry(index) == Some(&it.entry))
}

fn is_on_disks(state: &State, index: u64, it: &Committed) -> bool {
    let has = |node: &Node| node.disk.entries.get(index as usize - 1) == Some(&it.entry);
    it.members.committed(|id: NodeId| u64::from(has(state.node(id)))) == 1
}

fn is_truth(state: &State) -> bool {
    let is_committed = |proposal: &Position| {
        let found = state.past.committed.get(proposal.index as usize - 1);
        found.map(|Committed { entry, .. }| entry.term == proposal.term)
    };
    state.past.told.iter().all(|(proposal, fate)| match fate {
        Fate::Committed => is_committed(proposal) == Some(true),
        Fate::Superseded => is_committed(proposal) == Some(false),
        Fate::Unknown => false, // there are no snapshots
    })
}

fn a_vote_is_refused(state: &State) -> bool {
    state.answered.values().any(|answered| {
        let asked = &state.asked[&answered.ticket];
        let Request::Vote(vote) = &asked.request else { return false };
        let is_free = |node: &Node| {
            let hard_state = node.disk.hard_state;
            hard_state.term == vote.term && hard_state.vote.is_none()
        };
        let refused = answered.reply.answer == Answer::No && answered.reply.term == vote.term;
        vote.ballot == Ballot::Real && refused && is_free(state.node(asked.to))
    })
}

fn a_leader_fell(state: &State) -> bool {
    let fell = |node: &Node, core: &Core, term: Term, life| life == node.life && core.term() > term;
    state.past.led.iter().any(|(term, id, life)| {
        let node = state.node(*id);
        node.core.as_ref().is_some_and(|core| fell(node, core, *term, *life))
    })
}
