//! A node's clock: it runs steadily, but not at the world's rate.

/// Whole microseconds, of the world or of a clock.
pub(crate) type Micros = u64;

const MILLION: i128 = 1_000_000;

/// Maps the world's time to the node's. It never runs backwards: it is what `Instant` reads.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// When the rate last changed, by the world's time and by this clock.
    world: Micros,
    local: Micros,
    /// How much faster than the world, in millionths.
    drift: i32,
}

impl Clock {
    pub(crate) const TRUE: Self = Self { world: 0, local: 0, drift: 0 };

    /// What it shows.
    pub(crate) fn read(&self, world: Micros) -> Micros {
        let passed = i128::from(world - self.world);
        self.local + (passed * (MILLION + i128::from(self.drift)) / MILLION) as u64
    }

    /// The first moment of the world at which it shows `local` or more.
    pub(crate) fn when(&self, local: Micros) -> Micros {
        let wanted = i128::from(local.saturating_sub(self.local));
        let rate = MILLION + i128::from(self.drift);
        // Rounded up: a timer that fires early would find that its time has not come.
        let wait = (wanted * MILLION + rate - 1) / rate;
        self.world.saturating_add(wait.try_into().unwrap_or(Micros::MAX))
    }

    /// From now on it runs at this rate.
    pub(crate) fn set_drift(&mut self, now: Micros, drift: i32) {
        (self.local, self.world) = (self.read(now), now);
        self.drift = drift;
    }

    /// It jumps ahead, as after a nap of the machine.
    pub(crate) fn jump(&mut self, ahead: Micros) {
        self.local += ahead;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_due_when_it_fires_and_not_before() {
        for drift in [-500_000, -7, 0, 1, 300_000, 999_999] {
            let mut clock = Clock::TRUE;
            clock.jump(5);
            clock.set_drift(1_234, drift);
            for local in (0..200_000).step_by(17) {
                let at = clock.when(local);
                assert!(clock.read(at) >= local, "early by {drift} at {local}");
                assert!(at == 1_234 || clock.read(at - 1) < local, "late by {drift} at {local}");
            }
        }
    }
}
