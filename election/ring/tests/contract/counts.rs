//! What an election costs, exactly, when nothing is lost; and what other algorithms pay.

use std::time::Duration;

use ring::{NodeId, Timing};
use simnet::{Link, Rng};

use super::rivals;
use super::say;
use super::sim::{self, ms};

/// So slow that nothing is tried twice and no sign of life goes round meanwhile.
fn unhurried() -> Timing {
    let second = Duration::from_secs(1);
    Timing {
        ack: second,
        heartbeat: 100 * second,
        silence: 300 * second,
        election: 200 * second,
        mend: 200 * second,
    }
}

/// All start at once: how many candidates and how many announcements were sent.
fn cost(order: &[NodeId]) -> (u64, u64) {
    let (mut world, mail) = sim::world(1, order, unhurried());
    world.set_links(Link::after(ms(1)..=ms(1)));
    world.start_all();
    let settled = world.run_until_it_holds(Duration::from_secs(1), sim::is_settled);
    assert!(settled.is_some(), "{order:?} does not settle");
    world.run_for(Duration::from_millis(500));
    let mail = mail.borrow();
    (mail["CANDIDATE"].0, mail["ELECTED"].0)
}

fn permutations(items: Vec<NodeId>, from: usize, visit: &mut impl FnMut(&[NodeId])) -> Vec<NodeId> {
    let mut items = items;
    if from == items.len() {
        visit(&items);
    }
    for at in from..items.len() {
        items.swap(from, at);
        items = permutations(items, from + 1, visit);
        items.swap(from, at);
    }
    items
}

#[test]
fn all_rings_up_to_seven_cost_what_the_formulas_say() {
    for n in 2..=7_u64 {
        let (mut least, mut most, mut sum, mut rings) = (u64::MAX, 0, 0, 0);
        permutations((1..=n).collect(), 0, &mut |order| {
            let (candidates, announced) = cost(order);
            assert_eq!(announced, n, "once round");
            assert_eq!(candidates, rivals::chang_roberts(order), "{order:?}");
            (least, most) = (least.min(candidates), most.max(candidates));
            (sum, rings) = (sum + candidates, rings + 1);
        });
        assert_eq!((least, most), (2 * n - 1, n * (n + 1) / 2), "n = {n}");
        say(&format!("COUNT ring_candidates_least_most_{n}={least}..{most}"));
        // The mean is n H(n): sum / rings = n (1 + 1/2 + .. + 1/n), in whole numbers.
        let common: u64 = (1..=n).product();
        let harmonic: u64 = (1..=n).map(|k| common / k).sum();
        assert_eq!(sum * common, rings * n * harmonic, "n = {n}");
    }
}

/// One hundred thousand random rings: the mean lies within four standard errors of n H(n).
#[test]
fn random_rings_cost_what_the_formula_says() {
    let rings = 100_000;
    let mut rng = Rng::new(1);
    for n in [8_u64, 20, 100] {
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..rings {
            let cost = rivals::chang_roberts(&shuffled(n, &mut rng)) as f64;
            (sum, squares) = (sum + cost, squares + cost * cost);
        }
        let mean = sum / f64::from(rings);
        let error = ((squares / f64::from(rings) - mean * mean) / f64::from(rings)).sqrt();
        let expected = n as f64 * (1..=n).map(|k| 1.0 / k as f64).sum::<f64>();
        assert!((mean - expected).abs() < 4.0 * error, "{mean} +- {error}, and not {expected}");
        assert!(error < mean / 500.0, "the test is sharp");
        say(&format!("COUNT ring_mean_of_100000_rings_of_{n}={mean:.2}"));
    }
}

fn shuffled(n: u64, rng: &mut Rng) -> Vec<NodeId> {
    let mut order: Vec<_> = (1..=n).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, rng.below(last as u64 + 1) as usize);
    }
    order
}

#[test]
fn the_other_algorithms_pay_their_bounds_on_the_same_rings() {
    let mut rng = Rng::new(2);
    for n in [8_u64, 64, 512, 1000] {
        let log = f64::from(n.ilog2());
        let (worst, rings) = ((1..=n).rev().collect::<Vec<_>>(), 20);
        let mut sums = [0; 4];
        for _ in 0..rings {
            let order = shuffled(n, &mut rng);
            let costs = [
                rivals::chang_roberts(&order),
                rivals::lelann(&order),
                rivals::hirschberg_sinclair(&order),
                rivals::peterson(&order),
            ];
            sums.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
            assert_eq!(costs[1], n * n, "each candidate goes once round");
            assert!(costs[2] as f64 <= 8.0 * n as f64 * (1.0 + log), "{costs:?}");
            assert!(costs[3] as f64 <= 2.0 * n as f64 * (1.0 + log), "{costs:?}");
        }
        // On the worst ring Chang and Roberts pay n (n + 1) / 2, and those with a guarantee do not.
        assert_eq!(rivals::chang_roberts(&worst), n * (n + 1) / 2);
        let guaranteed = [rivals::hirschberg_sinclair(&worst), rivals::peterson(&worst)];
        assert!(n < 64 || guaranteed.iter().all(|cost| *cost < n * (n + 1) / 2), "{guaranteed:?}");
        let [chang_roberts, lelann, hirschberg_sinclair, peterson] = sums.map(|sum| sum / rings);
        assert!(chang_roberts < peterson, "on average the simplest wins");
        say(&format!("COUNT ring_chang_roberts_mean_{n}={chang_roberts}"));
        say(&format!("COUNT ring_lelann_mean_{n}={lelann}"));
        say(&format!("COUNT ring_hirschberg_sinclair_mean_{n}={hirschberg_sinclair}"));
        say(&format!("COUNT ring_peterson_mean_{n}={peterson}"));
    }
}
