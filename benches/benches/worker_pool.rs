//! The variants of worker-pool beside the best crates of the field.

fn main() {}
