//! The variants of pipeline beside the best crates of the field.

fn main() {}
