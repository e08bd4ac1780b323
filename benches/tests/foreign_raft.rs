//! The cases of quorums and membership changes that the crate `raft` (`TiKV`'s, after etcd's) carries,
//! replayed against ours. The 14 of `joint_group_commit.txt` concern an extension of `TiKV`'s.

use std::io::Write as _;

use datadriven::{TestCase, TestFile, walk_exclusive};

#[path = "foreign_raft/membership.rs"]
mod membership;
#[path = "foreign_raft/quorum.rs"]
mod quorum;
#[path = "../../consensus/simnet/tests/contract/registry.rs"]
mod registry;

/// Replays all files of a folder, each from its own beginning; says how many cases there were.
fn replay<S: Default>(folder: &str, one: fn(&mut S, TestCase) -> String) -> usize {
    let mut cases = 0;
    let folder = registry::folder_of("raft").join("src").join(folder).join("testdata");
    let is_theirs_alone = |file: &TestFile| file.filename.ends_with("joint_group_commit.txt");
    walk_exclusive(
        folder.to_str().expect("its path is text"),
        |file| {
            let mut state = S::default();
            file.run(|case| {
                cases += 1;
                one(&mut state, case.clone())
            });
        },
        is_theirs_alone,
    );
    cases
}

#[test]
fn every_foreign_case_has_the_same_outcome() {
    let cases = replay("quorum", quorum::outcome) + replay("confchange", membership::outcome);
    assert_eq!(cases, 182, "some were not found");
    writeln!(std::io::stderr(), "COUNT foreign_raft_cases={cases}/182").expect("stderr is open");
}
