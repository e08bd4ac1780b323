//! Lab 3C: leaders that fall, again and again, soon after they were elected (the paper's figure 8).

use std::time::Duration;

use crate::running::cluster::{Cluster, ELECTION};
use crate::running::news::News;
use crate::running::tape::Tape;
use crate::running::wires::Weather;
use crate::running::{Runs, Waits};

/// So many leaders fall. The labs go on for 1,000 rounds, most of which hit nobody.
const LEADERS: u8 = 15;

/// A moment: nothing tells when a leader is about to commit, which is when it should fall.
fn moment(news: &News, round: u8) {
    let long = round.is_multiple_of(10);
    let moment =
        if long { ELECTION / 2 } else { Duration::from_micros(u64::from(round % 7) * 300) };
    news.never(moment, || false);
}

pub(crate) fn figure_8<N: Runs<Machine = Tape>>() {
    let mut cluster = Cluster::<N>::new(5);
    cluster.one([0], 1);
    let mut fallen = 0;
    for round in 1..=LEADERS {
        let Some(leader) = cluster.find_leader() else { continue };
        let _ = cluster.node(leader).submit(vec![1, round]);
        moment(&cluster.news, round);
        cluster.kill(leader);
        fallen += 1;
        let down: Vec<_> = (1..=5).filter(|id| !cluster.is_up(*id)).collect();
        if down.len() > 2 {
            cluster.start(down[usize::from(round) % down.len()]);
        }
    }
    assert!(fallen > LEADERS / 2, "most rounds had a leader");
    (1..=5).filter(|id| !cluster.is_up(*id)).collect::<Vec<_>>().into_iter().for_each(|id| {
        cluster.start(id);
    });
    cluster.one([100], 5);
}

/// As above, but leaders are cut off, and replies come so late that others overtake them.
pub(crate) fn figure_8_unreliable<N: Runs<Machine = Tape>>() {
    let cluster = Cluster::<N>::new(5);
    cluster.wires.set(Weather::BAD);
    cluster.one([0], 1);
    let mut off = Vec::new();
    let mut open = Vec::new();
    for round in 1..=LEADERS {
        if round == LEADERS / 5 {
            cluster.wires.set(Weather { late_replies: true, ..Weather::BAD });
        }
        for (_, node) in cluster.nodes() {
            open.push(node.submit(vec![1, round]));
        }
        let Some(leader) = cluster.find_leader() else { continue };
        moment(&cluster.news, round);
        cluster.cut_off([leader]);
        off.push(leader);
        if off.len() > 2 {
            cluster.mend([off.remove(usize::from(round) % 3)]);
        }
    }
    assert!(off.len() > 1, "leaders were cut off");
    cluster.mend(off);
    cluster.one([100], 5);
    // By then somebody knows what became of each.
    for pending in open {
        let known = pending.fate();
        if let Ok(index) = known {
            assert!(cluster.shelf.count(index) > 0);
        }
    }
}
