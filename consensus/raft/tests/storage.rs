//! What a folder holds is what a disk in memory would hold that was told the same, at every start.

#[path = "storage/against.rs"]
mod against;
#[path = "storage/damage.rs"]
mod damage;
#[path = "storage/room.rs"]
mod room;
