//! A request that comes twice is done once (dissertation, 6.3).

use proptest::prelude::*;
use raft::session::{Reused, Sessions};

/// Adds to a sum, under a name.
fn add(sessions: &mut Sessions<u32, u64, u64>, sum: &mut u64, name: u32, more: u64) -> u64 {
    let answer = sessions.once(&name, more, |more| {
        *sum += more;
        *sum
    });
    *answer.expect("the name is not used for another request")
}

#[test]
fn what_comes_again_is_not_done_again_and_gets_its_first_answer() {
    let (mut sessions, mut sum) = (Sessions::new(10), 0);
    assert_eq!(add(&mut sessions, &mut sum, 1, 5), 5);
    assert_eq!(add(&mut sessions, &mut sum, 2, 7), 12);
    assert_eq!(add(&mut sessions, &mut sum, 1, 5), 5, "the first answer, not the present sum");
    assert_eq!(sum, 12);
}

#[test]
fn a_name_that_is_used_for_another_request_is_refused() {
    let (mut sessions, mut sum) = (Sessions::new(10), 0);
    add(&mut sessions, &mut sum, 1, 5);
    assert_eq!(sessions.once(&1, 6, |_| unreachable!("it must not be done")), Err(Reused));
    assert_eq!(add(&mut sessions, &mut sum, 1, 5), 5, "and the first one is still known");
}

#[test]
fn the_oldest_is_forgotten_first_and_then_it_is_new() {
    let (mut sessions, mut sum) = (Sessions::new(2), 0);
    for name in [1, 2, 1, 3] {
        add(&mut sessions, &mut sum, name, 1);
    }
    // Asking again does not make it younger: only what was done is in the log's order.
    assert_eq!(sessions.answers().map(|(name, ..)| *name).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(add(&mut sessions, &mut sum, 1, 1), 4, "it is done a second time");
}

#[test]
#[should_panic(expected = "remembers nothing")]
fn a_memory_for_nothing_is_refused() {
    let _ = Sessions::<u32, u32, u32>::new(0);
}

proptest! {
    /// A node that starts from a snapshot answers as one that did everything.
    #[test]
    fn a_snapshot_remembers_what_the_log_would(
        requests in prop::collection::vec(0_u32..8, 0..60),
        cut in 0_usize..60,
        most in 1_usize..6,
    ) {
        let (mut whole, mut sum) = (Sessions::new(most), 0);
        let (mut restored, mut their_sum) = (Sessions::new(most), 0);
        for (at, name) in requests.into_iter().enumerate() {
            if at == cut {
                their_sum = sum;
                restored = Sessions::new(most);
                for (name, request, answer) in whole.answers() {
                    restored.remember(*name, *request, *answer);
                }
            }
            let answer = add(&mut whole, &mut sum, name, u64::from(name));
            if at >= cut {
                prop_assert_eq!(answer, add(&mut restored, &mut their_sum, name, u64::from(name)));
            }
        }
    }
}
