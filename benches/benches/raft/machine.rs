//! The state machine that all contenders drive: it notes what it was given, and in which order.

/// What a command weighs.
const SIZE: usize = 64;

/// The entries before the last so many that were applied are forgotten.
pub(crate) const KEPT: u64 = 1_024;

/// What it was given so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) commands: u64,
    /// Other commands, or the same in another order, give another.
    digest: u64,
}

/// The command of this number.
pub(crate) fn command(number: u64) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

impl Machine {
    pub(crate) fn apply(&mut self, command: &[u8]) {
        let number = command.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.commands += 1;
        self.digest = (self.digest ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7);
    }

    /// What it is after so many commands in order.
    pub(crate) fn after(commands: u64) -> Self {
        let mut machine = Self::default();
        (0..commands).for_each(|number| machine.apply(&command(number)));
        machine
    }
}
