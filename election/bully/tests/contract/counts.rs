//! What an election costs, exactly, when nothing is lost.

use std::ops::RangeInclusive;
use std::time::Duration;

use bully::{Form, Message, NodeId, Timing, Token};
use simnet::{Link, World};

use super::say;
use super::sim::{self, Node, ms};

/// So slow that nobody notices by itself that the leader is dead. An answer may take 9 ms.
pub(crate) fn unhurried() -> Timing {
    let second = Duration::from_secs(1);
    Timing { heartbeat: 100 * second, silence: 300 * second, answer: ms(9), takeover: ms(27) }
}

/// An election of the nodes 1 to `count`.
struct Election {
    world: World<Node>,
    mail: sim::Mail,
    /// What the world had counted before.
    before: simnet::Counts,
}

#[derive(Debug, PartialEq, Eq)]
struct Cost {
    sent: u64,
    delivered: u64,
    to_the_dead: u64,
}

impl Election {
    /// All follow the highest; then these die.
    fn without(
        dead: &[NodeId],
        count: NodeId,
        form: Form,
        delay: RangeInclusive<Duration>,
        seed: u64,
    ) -> Self {
        let change = move |config: bully::Config| config.form(form);
        let (mut world, mail) = sim::world(seed, count, unhurried(), change);
        world.set_links(Link::after(delay));
        world.start_all();
        let settled = world.run_until_it_holds(Duration::from_secs(1), sim::is_settled);
        assert!(settled.is_some(), "{count} nodes do not settle");
        world.run_for(Duration::from_secs(1));
        for id in dead {
            world.crash(*id);
        }
        mail.borrow_mut().clear();
        let before = world.counts().clone();
        Self { world, mail, before }
    }

    /// The leader of `count` nodes is dead, and each message takes a millisecond.
    fn of(count: NodeId, form: Form) -> Self {
        Self::without(&[count], count, form, ms(1)..=ms(1), 1)
    }

    /// This one notices, if it has heard nothing yet.
    fn notice(&mut self, starter: NodeId) {
        self.world.call(starter, |node, now, out| {
            if node.core.leader().is_some() {
                node.core.elect(now);
                node.settle(out);
            }
        });
    }

    /// Says how long it takes until all follow, and lets all messages arrive.
    fn end(&mut self) -> Duration {
        let time = self.world.run_until_it_holds(Duration::from_secs(1), sim::is_settled);
        self.world.run_for(Duration::from_secs(1));
        assert!(sim::is_settled(&self.world));
        time.expect("the highest that lives leads")
    }

    fn cost(&self) -> Cost {
        let (now, before) = (self.world.counts(), &self.before);
        Cost {
            sent: now.sent - before.sent,
            delivered: now.delivered - before.delivered,
            to_the_dead: now.to_the_dead - before.to_the_dead,
        }
    }

    fn sent(&self, kind: &str) -> u64 {
        self.mail.borrow().get(kind).map_or(0, |(sent, _)| *sent)
    }
}

/// What it costs when this one notices that the leader is dead.
fn cost(count: NodeId, starter: NodeId, form: Form) -> Cost {
    let mut election = Election::of(count, form);
    election.notice(starter);
    election.end();
    election.cost()
}

const SIZES: [u64; 8] = [2, 3, 4, 5, 6, 7, 10, 50];

#[test]
fn the_cheapest_election_delivers_n_minus_2_messages() {
    for n in SIZES {
        // One COORDINATOR to each lower node, and the ELECTION to the dead leader.
        let cheapest = Cost { sent: n - 1, delivered: n - 2, to_the_dead: 1 };
        assert_eq!(cost(n, n - 1, Form::Classic), cheapest, "n = {n}");
    }
}

#[test]
fn the_dearest_election_delivers_n_times_n_minus_2_messages() {
    for n in SIZES {
        // Every living node asks the dead leader too.
        let sent = n * n - n - 1;
        let dearest = Cost { sent, delivered: n * (n - 2), to_the_dead: n - 1 };
        assert_eq!(cost(n, 1, Form::Classic), dearest, "n = {n}");
    }
}

/// Some count a COORDINATOR to the dead leader too. Ours does not send it.
#[test]
fn whoever_tells_the_dead_leader_too_sends_n_and_n_times_n_minus_1_messages() {
    for n in SIZES {
        for (starter, sent) in [(n - 1, n), (1, n * n - n)] {
            let mut election = Election::of(n, Form::Classic);
            election.notice(starter);
            election.end();
            let token = election.world.node(n - 1).unwrap().core.token().unwrap();
            election.world.call(n - 1, |_, _, out| out.send(n, Message::Coordinator(token)));
            election.world.run_for(ms(1));
            assert_eq!(election.cost().sent, sent, "n = {n}, {starter} starts");
        }
    }
}

#[test]
fn an_election_costs_the_square_of_how_many_live_from_the_starter_up() {
    for n in SIZES {
        for starter in 1..n {
            let m = n - starter;
            // Each of these m asks those above it and the dead leader, and is answered by the
            // living; then the lower n - 2 are told.
            let (sent, delivered) = (m * m + n - 2, m * (m - 1) + n - 2);
            let expected = Cost { sent, delivered, to_the_dead: m };
            assert_eq!(cost(n, starter, Form::Classic), expected, "n = {n}, {starter} starts");
        }
    }
}

#[test]
fn the_modified_form_sends_at_most_3_n_minus_4_messages() {
    for n in SIZES {
        for starter in 1..n {
            let m = n - starter;
            // ELECTION to m, OK from all but the dead, APPOINT unless nobody answered.
            let asked = m + (m - 1) + u64::from(m > 1);
            let expected = Cost { sent: asked + n - 2, delivered: asked + n - 3, to_the_dead: 1 };
            assert_eq!(cost(n, starter, Form::Modified), expected, "n = {n}, {starter} starts");
        }
        let most = if n > 2 { 3 * n - 4 } else { 1 };
        assert_eq!(cost(n, 1, Form::Modified).sent, most);
    }
}

#[test]
fn the_quorum_form_asks_everybody_once_more() {
    // Of two nodes one is no majority.
    for n in SIZES.into_iter().skip(1) {
        for starter in 1..n {
            let classic = cost(n, starter, Form::Classic);
            let quorum = cost(n, starter, Form::Quorum);
            // PROPOSE to n - 1, GRANT from n - 2.
            assert_eq!(quorum.sent - classic.sent, 2 * n - 3, "n = {n}, {starter} starts");
        }
    }
}

/// The members of a set that is written as the bits of a number.
fn members(set: u64) -> Vec<NodeId> {
    (1..=7).filter(|id| set >> (id - 1) & 1 == 1).collect()
}

/// Whoever is dead beside the leader, and whoever notices it at the same moment, however long each
/// message takes: each node from the lowest starter up asks once, though it is asked again while it
/// waits.
#[test]
fn all_sets_of_dead_and_of_starters_cost_what_the_formula_says() {
    let mut counted = 0;
    for n in 2..=7 {
        let (all, leader) = ((1 << n) - 1, 1 << (n - 1));
        for dead in (leader..=all).filter(|dead| dead & leader != 0) {
            for starters in (1..leader).filter(|starters| starters & dead == 0) {
                counted += 1;
                let (living, dead, starters) =
                    (members(all & !dead), members(dead), members(starters));
                let delay = ms(1)..=ms(3);
                let mut election = Election::without(&dead, n, Form::Classic, delay, counted);
                for id in &starters {
                    election.notice(*id);
                }
                election.end();
                let asking = living.iter().filter(|id| **id >= starters[0]);
                let (m, asked) = asking.fold((0, 0), |(m, asked), id| (m + 1, asked + n - id));
                let expected = [asked, m * (m - 1) / 2, living[living.len() - 1] - 1];
                let sent = ["ELECTION", "OK", "COORDINATOR"].map(|kind| election.sent(kind));
                assert_eq!(sent, expected, "n = {n}, {dead:?} are dead, {starters:?} start");
                assert_eq!(election.cost().sent, expected.iter().sum(), "and nothing else");
            }
        }
    }
    assert_eq!(counted, 1 + 5 + 19 + 65 + 211 + 665);
    say(&format!("COUNT bully_sets_counted={counted}"));
}

/// One after the other, a millisecond apart, in every order. Whoever was asked before has noticed.
#[test]
fn all_orders_in_which_they_notice_cost_the_same() {
    let mut counted = 0;
    for n in 2..=7 {
        orders(&mut (1..n).collect::<Vec<_>>(), 0, &mut |order| {
            counted += 1;
            let mut election = Election::of(n, Form::Classic);
            for starter in order {
                election.notice(*starter);
                election.world.run_for(ms(1));
            }
            election.end();
            assert_eq!(election.cost().sent, n * n - n - 1, "n = {n}, {order:?}");
        });
    }
    assert_eq!(counted, 1 + 2 + 6 + 24 + 120 + 720);
    say(&format!("COUNT bully_orders_counted={counted}"));
}

/// Calls `visit` with every order of what stands from `fixed` on.
fn orders(items: &mut [NodeId], fixed: usize, visit: &mut impl FnMut(&[NodeId])) {
    if fixed == items.len() {
        return visit(items);
    }
    for at in fixed..items.len() {
        items.swap(fixed, at);
        orders(items, fixed + 1, visit);
        items.swap(fixed, at);
    }
}

/// It is told so by each, and only the first word makes it claim anew.
#[test]
fn a_leader_that_lags_behind_is_told_once_by_each() {
    for n in SIZES {
        let mut election = Election::of(n, Form::Classic);
        for _ in 0..3 {
            election.world.call(n - 1, |node, now, out| {
                node.core.elect(now);
                node.settle(out);
            });
            election.end();
        }
        let before = election.world.node(n - 1).unwrap().core.token().unwrap();
        election.mail.borrow_mut().clear();
        election.world.start(n);
        election.end();
        let sent = ["COORDINATOR", "STALE"].map(|kind| election.sent(kind));
        assert_eq!(sent, [2 * (n - 1), n - 1], "n = {n}");
        let token = election.world.node(n).unwrap().core.token();
        assert_eq!(token, Some(Token { epoch: before.epoch + 1, id: n }));
    }
}

#[test]
fn the_costs_grow_as_the_formulas_say() {
    for n in [3, 10, 30, 100, 300, 1000] {
        let [(classic, slow), (modified, quick)] = [Form::Classic, Form::Modified].map(|form| {
            let mut election = Election::of(n, form);
            election.notice(1);
            let time = election.end();
            (election.cost().sent, time)
        });
        assert_eq!((classic, modified), (n * n - n - 1, 3 * n - 4));
        // The highest asked waits in vain for an answer, then tells: one way there and one way
        // back. Modified, the starter waits, and the appointment is one more way.
        assert_eq!((slow, quick), (ms(1 + 9 + 1), ms(9 + 1 + 1)));
        say(&format!("COUNT bully_messages_classic_{n}={classic}"));
        say(&format!("COUNT bully_messages_modified_{n}={modified}"));
    }
}
