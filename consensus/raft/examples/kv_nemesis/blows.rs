//! Three nodes are killed and paused, one or two at a time.

use std::io;
use std::time::Duration;

use super::cluster::{Cluster, FOUNDERS};
use super::storm::{Dice, Harm, Stage, pause};

/// Kills and pauses, one node or more, and brings them back.
pub(crate) fn harm(
    stage: &Stage<'_>,
    cluster: &mut Cluster,
    time: Duration,
    seed: u64,
    tell: impl Fn(&str),
) -> io::Result<Harm> {
    let (mut dice, mut harm) = (Dice(seed), Harm::default());
    while stage.start.elapsed() < time {
        pause(Duration::from_millis(200 + dice.upto(1500)));
        let node = dice.upto(FOUNDERS as u64) as usize;
        // One of five blows takes the majority away.
        let nodes = if dice.upto(5) == 0 { vec![node, (node + 1) % FOUNDERS] } else { vec![node] };
        let length = Duration::from_millis(100 + dice.upto(1500));
        let blow = Blow::new(dice.upto(3) < 2, nodes);
        blow.begin(cluster, &mut harm)?;
        pause(length);
        blow.end(cluster)?;
        tell(&stage.news(harm));
    }
    Ok(harm)
}

/// One harm, and whom it concerns.
pub(crate) struct Blow {
    kills: bool,
    nodes: Vec<usize>,
}

impl Blow {
    /// Either they are killed, or paused.
    pub(crate) fn new(kills: bool, nodes: Vec<usize>) -> Self {
        Self { kills, nodes }
    }

    pub(crate) fn begin(&self, cluster: &mut Cluster, harm: &mut Harm) -> io::Result<()> {
        let count = self.nodes.len() as u64;
        if self.kills {
            harm.kills += count;
            self.nodes.iter().try_for_each(|node| cluster.kill(*node))
        } else {
            harm.pauses += count;
            self.nodes.iter().try_for_each(|node| cluster.pause(*node))
        }
    }

    pub(crate) fn end(&self, cluster: &mut Cluster) -> io::Result<()> {
        if self.kills {
            self.nodes.iter().try_for_each(|node| cluster.revive(*node))
        } else {
            self.nodes.iter().try_for_each(|node| cluster.resume(*node))
        }
    }
}
