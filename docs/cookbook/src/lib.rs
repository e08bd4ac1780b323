//! What the `cookbook` program is made of; a library so that the house test can use the same parts.

pub mod book;
pub mod chooser;
pub mod copy;
pub mod house;
pub mod list;
pub mod recipe;
pub mod report;
pub mod sequence;
pub mod serve;
pub mod source;
pub mod splice;
pub mod workspace;
mod wrap;
