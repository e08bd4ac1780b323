//! What no honest node, disk or caller would say. Each is refused with a word that tells what to do, and
//! nothing has changed then.

#[path = "support/chaos.rs"]
mod chaos;
#[path = "support/dice.rs"]
mod dice;
#[allow(dead_code, reason = "each set of tests uses some of it")]
#[path = "support/solo.rs"]
mod solo;

#[path = "bad_input/fuzz.rs"]
mod fuzz;
#[path = "bad_input/messages.rs"]
mod messages;
#[path = "bad_input/starts.rs"]
mod starts;
