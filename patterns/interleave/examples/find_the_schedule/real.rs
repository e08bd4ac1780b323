//! The first world: the primitives of `std`. In a recipe this is `src/lib.rs`.

mod sync {
    pub(crate) use std::sync::Mutex;
}
pub(crate) mod tickets;
