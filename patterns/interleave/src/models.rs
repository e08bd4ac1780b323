//! Models of what shuttle lacks or has in another form: bounded channels, a clock, and locks with the
//! surface of `parking_lot`'s.
//!
//! A crate whose code takes its primitives from one module, `crate::sync`, is compiled once more in its
//! tests with these in their place. Time stands still until a scenario [advances](clock::advance) it, so
//! that a time-out comes when the scenario wants it, or never.
//!
//! The contract of this crate holds them, call for call, against what they stand for.

pub mod channels;
pub mod clock;
pub mod sync;
