//! Names that are drawn.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A name that nobody else has. The keys of the standard library's hash maps are drawn from the system's
/// source of randomness.
pub(crate) fn drawn() -> u64 {
    RandomState::new().build_hasher().finish()
}
