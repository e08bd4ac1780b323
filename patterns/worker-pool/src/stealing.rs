//! Not built yet.

pub use super::lock::Pool;
