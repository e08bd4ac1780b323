//! Many seeds, and the command that repeats the one that fails.

/// The environment variable that names one seed to run alone.
pub const SEED: &str = "SIMNET_SEED";
/// The environment variable that says how many seeds to run.
pub const SEEDS: &str = "SIMNET_SEEDS";

/// Runs a scenario with the seeds 1, 2, 3 ... up to `plain`. When one panics, its seed and the
/// command that repeats it are printed. Returns how many were run: what is said of many seeds, such as
/// that each fault occurred, cannot be said of one.
///
/// `SIMNET_SEEDS=100000` runs that many, `SIMNET_SEED=17` runs that one alone, and
/// `COOKBOOK_DEEP=1` a hundred times as many.
///
/// # Panics
///
/// When a scenario does, and when a variable holds no number.
pub fn seeds(plain: u64, mut scenario: impl FnMut(u64)) -> u64 {
    let (first, last) = range(plain, number(SEED), number(SEEDS), is_deep());
    for seed in first..=last {
        let tell = Tell(seed);
        scenario(seed);
        std::mem::forget(tell);
    }
    last - first + 1
}

fn range(plain: u64, one: Option<u64>, many: Option<u64>, deep: bool) -> (u64, u64) {
    match (one, many) {
        (Some(seed), _) => (seed, seed),
        (None, Some(0)) => panic!("{SEEDS}=0 runs nothing; give a number from 1 on, or unset it"),
        (None, Some(many)) => (1, many),
        (None, None) => (1, if deep { plain * 100 } else { plain }),
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number; give one or unset it")),
    )
}

fn is_deep() -> bool {
    std::env::var_os("COOKBOOK_DEEP").is_some_and(|value| value == "1")
}

/// Dropped only by a panic.
struct Tell(u64);

impl Drop for Tell {
    fn drop(&mut self) {
        let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        eprintln!(
            "seed {0} fails; repeat it with: {SEED}={0} cargo test -p {package} -- --exact {test}",
            self.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn one_seed_beats_many_and_many_beat_the_plain_budget() {
        assert_eq!(range(10, None, None, false), (1, 10));
        assert_eq!(range(10, None, None, true), (1, 1000));
        assert_eq!(range(10, None, Some(3), true), (1, 3));
        assert_eq!(range(10, Some(7), Some(3), true), (7, 7));
    }

    #[test]
    #[should_panic(expected = "SIMNET_SEEDS=0 runs nothing")]
    fn no_seed_at_all_is_refused() {
        range(10, None, Some(0), false);
    }
}
