//! The variants of fan-out beside the best crates of the field.

fn main() {}
