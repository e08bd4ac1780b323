//! Four algorithms in a ring where all start at once and nothing is lost: how many messages each
//! sends until one knows that it leads. A letter's way is counted hop by hop.

use ring::NodeId;

/// Candidates go one way; the smaller is swallowed.
pub(crate) fn chang_roberts(ring: &[NodeId]) -> u64 {
    let n = ring.len();
    let way = |start: usize| {
        let swallowed = (1..n).find(|hop| ring[(start + hop) % n] > ring[start]);
        swallowed.unwrap_or(n) as u64
    };
    (0..n).map(way).sum()
}

/// Candidates go one way, all of them once round, and each node takes the greatest it saw.
pub(crate) fn lelann(ring: &[NodeId]) -> u64 {
    let once_round = ring.len() as u64;
    ring.iter().map(|_| once_round).sum()
}

/// Candidates go both ways, twice as far in each phase, and come back if they met none greater.
pub(crate) fn hirschberg_sinclair(ring: &[NodeId]) -> u64 {
    let n = ring.len();
    let mut candidates: Vec<usize> = (0..n).collect();
    let (mut sent, mut reach) = (0, 1);
    let mut is_over = false;
    while !is_over {
        let mut winners = Vec::new();
        for &start in &candidates {
            let mut answers = 0;
            for step in [1, n - 1] {
                let end = |hop: &usize| *hop == n || ring[(start + hop * step) % n] > ring[start];
                if let Some(hop) = (1..=reach.min(n)).find(end) {
                    sent += hop as u64;
                    is_over |= hop == n; // its own came back: it leads
                } else {
                    sent += 2 * reach as u64; // there and back
                    answers += 1;
                }
            }
            if answers == 2 {
                winners.push(start);
            }
        }
        (candidates, reach) = (winners, reach * 2);
    }
    sent
}

/// Candidates go one way; in each phase those who still play learn of the two before them, and only
/// a local maximum plays on, under that maximum's name.
pub(crate) fn peterson(ring: &[NodeId]) -> u64 {
    let n = ring.len() as u64;
    let mut players = ring.to_vec();
    let mut sent = 0;
    while players.len() > 1 {
        // Each player's name and the one before it pass over all that only hand on: twice n hops.
        sent += 2 * n;
        let m = players.len();
        let plays_on = |at: usize| {
            let (own, one, two) =
                (players[at], players[(at + m - 1) % m], players[(at + m - 2) % m]);
            (one > own && one > two).then_some(one)
        };
        players = (0..m).filter_map(plays_on).collect();
    }
    // Its own name comes back to the last.
    sent + n
}
