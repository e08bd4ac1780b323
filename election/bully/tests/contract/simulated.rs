//! What may be claimed of the rules, under every fault that a seed can bring.

use std::collections::BTreeMap;
use std::time::Duration;

use bully::{Config, Form, NodeId, Timing, Token};
use simnet::{Fault, Link, Storm, World, seeds};

use super::say;
use super::sim::{self, Node, ms};

const SEEDS: u64 = 1000;

/// For the links of a calm world, which take 2 ms at most.
pub(crate) fn timing() -> Timing {
    Timing::for_delay(ms(2))
}

/// How long a calm world takes at most until the highest leads and all follow: whoever waits for
/// something asks anew, the highest waits for an answer, and one claim may be refused as stale.
pub(crate) fn stated() -> Duration {
    let Timing { silence, answer, takeover, heartbeat } = timing();
    silence.max(takeover) + 3 * answer + 2 * heartbeat
}

#[derive(Default)]
struct Seen {
    /// By token, the life that led under it.
    reigns: BTreeMap<Token, u64>,
    /// The last looked at, so that each reign is entered once.
    last: BTreeMap<NodeId, Token>,
    most_at_once: usize,
}

impl Seen {
    fn look(&mut self, world: &World<Node>) {
        let mut leaders = 0;
        for (id, node) in world.nodes() {
            let Some(token) = node.core.token() else { continue };
            leaders += 1;
            assert_eq!(token.id, id);
            if self.last.insert(id, token) != Some(token) {
                let life = *self.reigns.entry(token).or_insert(node.life);
                assert_eq!(life, node.life, "two lives led under {token}");
            }
        }
        self.most_at_once = self.most_at_once.max(leaders);
    }

    fn epochs_with_two_leaders(&self) -> usize {
        let tokens: Vec<_> = self.reigns.keys().collect();
        tokens.windows(2).filter(|pair| pair[0].epoch == pair[1].epoch).count()
    }
}

/// Three seconds of everything, then calm.
fn run(seed: u64, change: fn(Config) -> Config) -> (World<Node>, Seen) {
    let (mut world, _) = sim::world(seed, 5, timing(), change);
    let mut seen = Seen::default();
    (1..=5).for_each(|id| world.set_disk(id, ms(0)..=ms(1)));
    world.start_all();
    if is_looked_at() {
        world.record();
    }
    let storm = Storm { slowest_write: ms(10), ..Storm::default() };
    storm.rage(&mut world, Duration::from_secs(3), |world| seen.look(world));
    assert!(!world.counts().is_quiet() && !seen.reigns.is_empty(), "seed {seed} proves nothing");
    world.calm();
    // What slow links and disks still have on their way.
    let end = world.now() + ms(100);
    world.run_until(end, |world| seen.look(world));
    let settled = world.run_until_it_holds(stated(), |world| {
        seen.look(world);
        sim::is_settled(world)
    });
    if settled.is_none() && is_looked_at() {
        say(world.trace().as_str());
    }
    assert!(settled.is_some(), "seed {seed}: not settled {:?} after the storm", stated());
    let end = world.now() + Duration::from_secs(1);
    world.run_until(end, |world| {
        seen.look(world);
        assert!(sim::is_settled(world), "seed {seed}: it does not last");
    });
    (world, seen)
}

/// One seed is run alone to be looked at.
fn is_looked_at() -> bool {
    std::env::var_os(simnet::SEED).is_some()
}

#[test]
fn claim_b_and_c_two_may_lead_but_never_under_one_token() {
    let (mut reigns, mut crashes, mut doubles, mut shared) = (0, 0, 0, 0);
    let seeds = seeds(SEEDS, |seed| {
        let (world, seen) = run(seed, |config| config);
        reigns += seen.reigns.len();
        crashes += world.counts().crashes;
        doubles += usize::from(seen.most_at_once > 1);
        shared += seen.epochs_with_two_leaders();
    });
    if seeds >= SEEDS {
        assert!(reigns > 5_000 && crashes > 2_000, "{reigns} reigns, {crashes} crashes");
        assert!(doubles > 100, "two at once are an everyday event, and were seen {doubles} times");
        assert!(shared > 0, "two leaders may share an epoch, and none did");
        say(&format!("COUNT bully_seeds={seeds}"));
        say(&format!("COUNT bully_reigns={reigns}"));
        say(&format!("COUNT bully_runs_with_two_leaders={doubles}"));
        say(&format!("COUNT bully_epochs_with_two_leaders={shared}"));
    }
}

#[test]
fn the_modified_form_settles_too() {
    seeds(SEEDS / 2, |seed| _ = run(seed, |config| config.form(Form::Modified)));
}

#[test]
fn asking_twice_settles_too() {
    seeds(SEEDS / 4, |seed| _ = run(seed, |config| config.tries(2)));
}

#[test]
fn claim_d_the_quorum_form_has_at_most_one_leader_in_an_epoch() {
    let mut reigns = 0;
    let seeds = seeds(SEEDS, |seed| {
        let (_, seen) = run(seed, |config| config.form(Form::Quorum));
        assert_eq!(seen.epochs_with_two_leaders(), 0, "seed {seed}: {:?}", seen.reigns);
        reigns += seen.reigns.len();
    });
    assert!(seeds < SEEDS || reigns > 3_000, "only {reigns} reigns");
}

/// Nodes crash and come back; the network is good. Each time a while after the last fault the
/// highest that lives leads, and it alone.
#[test]
fn claim_a_with_bounded_delays_the_highest_leads_within_the_stated_time() {
    let (mut elections, mut longest) = (0, Duration::ZERO);
    let seeds = seeds(200, |seed| {
        let (mut world, _) = sim::world(seed, 5, timing(), |config| config);
        (1..=5).for_each(|id| world.set_disk(id, ms(0)..=ms(1)));
        world.start_all();
        for _ in 0..10 {
            let gap = ms(1)..=ms(40);
            let storm = Storm { faults: vec![Fault::Crash], gap, ..Storm::default() };
            let end = world.now() + ms(200);
            storm.rage(&mut world, end, |_| ());
            let time = world.run_until_it_holds(stated(), sim::is_settled);
            let time = time.unwrap_or_else(|| panic!("seed {seed}: {:?} was not enough", stated()));
            (elections, longest) = (elections + 1, longest.max(time));
            // What is still on its way from the dead may disturb it until then.
            world.run_until(end + stated(), |_| ());
            let end = world.now() + ms(100);
            world.run_until(end, |world| assert!(sim::is_settled(world), "it does not last"));
        }
    });
    assert!(seeds < 200 || longest > timing().silence, "nothing was tried");
    say(&format!("COUNT bully_bounded_elections={elections}"));
}

#[test]
fn chatter_does_not_postpone_an_election() {
    let (mut world, _) = sim::world(1, 3, timing(), |config| config);
    world.start_all();
    world.run_until_it_holds(ms(100), sim::is_settled).expect("they settle");
    world.crash(3);
    // Every millisecond somebody says something that is no word of the leader.
    for _ in 0..stated().as_millis() {
        for (from, to) in [(1, 2), (2, 1)] {
            world.call(from, |_, _, out| out.send(to, bully::Message::Ok { epoch: 0 }));
        }
        world.run_for(ms(1));
    }
    assert!(sim::is_settled(&world), "2 leads in spite of it");
}

#[test]
fn who_was_answered_asks_again_when_nobody_leads() {
    let (mut world, _) = sim::world(1, 3, timing(), |config| config);
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    world.run_for(ms(100));
    world.crash(3);
    world.run_for(ms(1));
    // Nothing is on its way any more. 2 answers 1, and dies before it can lead.
    world.call(1, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
    world.run_for(ms(2));
    world.crash(2);
    // So 1 waits for a leader, then for an answer, and nothing else can wake it.
    let time = world.run_until_it_holds(stated(), sim::is_settled);
    assert_eq!(time, Some(timing().takeover + timing().answer));
}

#[test]
fn a_returning_highest_takes_over_with_a_greater_token() {
    let (mut world, _) = sim::world(1, 4, timing(), |config| config);
    world.start_all();
    world.run_until_it_holds(ms(100), sim::is_settled).expect("they settle");
    world.crash(4);
    // So often that 4's own epoch lags far behind.
    for _ in 0..5 {
        world.crash(3);
        world.run_until_it_holds(stated(), sim::is_settled).expect("2 leads");
        world.start(3);
        world.run_until_it_holds(stated(), sim::is_settled).expect("3 leads");
    }
    let before = world.node(3).unwrap().core.token();
    world.start(4);
    world.run_until_it_holds(stated(), sim::is_settled).expect("4 leads");
    assert!(world.node(4).unwrap().core.token() > before);
}

#[test]
fn a_slow_disk_has_no_line_of_writes_before_it() {
    let (mut world, _) = sim::world(1, 2, timing(), |config| config);
    world.set_disk(1, ms(50)..=ms(50));
    world.start(1);
    for epoch in 1..=100 {
        world.call(1, |node, now, out| {
            node.core.outbid(now, epoch);
            node.settle(out);
        });
    }
    assert_eq!(world.counts().writes, 1, "the first is on its way");
    world.run_for(ms(100));
    assert_eq!(world.counts().writes, 2, "the rest went together");
    assert!(world.disk(1).epoch >= 100);
}

#[test]
fn a_disk_slower_than_every_wait_delays_a_claim_and_no_more() {
    for form in [Form::Classic, Form::Modified, Form::Quorum] {
        let (mut world, _) = sim::world(1, 3, timing(), move |config| config.form(form));
        let slow = 10 * timing().takeover;
        world.set_disk(3, slow..=slow);
        world.start_all();
        let time = world.run_until_it_holds(2 * slow, sim::is_settled);
        assert!(time.is_some_and(|time| time >= slow), "{form:?}: {time:?}");
        let own = world.disk(3).epoch;
        assert!(own <= 2, "{form:?}: it claimed again and again, up to epoch {own}");
    }
}

/// What keeps data safe with two leaders: it remembers the greatest token, and refuses smaller ones.
#[derive(Default)]
struct Store {
    greatest: Option<Token>,
    written: Vec<Token>,
}

impl Store {
    fn write(&mut self, token: Token) -> Result<(), u64> {
        match self.greatest {
            Some(greatest) if token < greatest => Err(greatest.epoch),
            _ => {
                self.greatest = Some(token);
                self.written.push(token);
                Ok(())
            }
        }
    }
}

#[test]
fn claim_c_a_store_that_refuses_smaller_tokens_cures_a_split_brain() {
    let (mut world, _) = sim::world(1, 5, timing(), |config| config);
    let mut store = Store::default();
    world.start_all();
    world.run_until_it_holds(ms(100), sim::is_settled).expect("they settle");
    let token = |world: &World<Node>, id| world.node(id).unwrap().core.token();
    let old = token(&world, 5).unwrap();
    store.write(old).unwrap();
    world.split(&[5]);
    world.run_for(stated());
    let new = token(&world, 4).expect("the others elect 4");
    assert_eq!(token(&world, 5), Some(old), "and 5 leads on: the brain is split");
    store.write(new).unwrap();
    assert_eq!(store.write(old), Err(new.epoch), "the old leader can do no harm");

    // Told of it, 5 claims anew, even before the cut is healed, and now its word counts.
    world.call(5, |node, now, out| {
        node.core.outbid(now, new.epoch);
        node.settle(out);
    });
    world.run_for(ms(1));
    let newer = token(&world, 5).expect("it leads again");
    assert!(newer > new && store.write(newer).is_ok());
    world.heal();
    world.run_until_it_holds(stated(), sim::is_settled).expect("one leader again");
    assert!(store.written.is_sorted());
}
