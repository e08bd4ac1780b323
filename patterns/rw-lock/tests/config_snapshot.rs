//! The example `config_snapshot`: what it says of either store, and that an edit of the file is
//! served, or told and left out.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use arc_swap::ArcSwap;
use rw_lock::sharded::RwLock;

#[path = "../examples/config_snapshot.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod config_snapshot;

use config_snapshot::arguments::{Refusal, read};
use config_snapshot::routes::Config;
use config_snapshot::stores::Store as _;
use config_snapshot::{live, traffic};

/// Every reader serves by every version, at least once.
const LEAST: u64 = traffic::READERS as u64 * traffic::VERSIONS;

#[test]
fn no_request_sees_a_torn_or_stale_configuration() {
    assert!(traffic::run::<RwLock<Config>>() >= LEAST);
    assert!(traffic::run::<ArcSwap<Config>>() >= LEAST);
}

#[test]
fn only_the_snapshot_lets_an_edit_pass_a_reader() {
    let config = || Config::parse("/ a").unwrap();
    assert!(!RwLock::new(config()).lets_edits_pass_readers());
    assert!(ArcSwap::from_pointee(config()).lets_edits_pass_readers());
}

/// What is served by `store` for two requests.
fn served(store: &RwLock<Config>) -> Vec<String> {
    let mut answers = Vec::new();
    let requests = "/img/cat.png\n/other\n";
    live::serve(store, requests.as_bytes(), |answer| answers.push(answer.to_owned())).unwrap();
    answers
}

/// A file of this test alone.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-routes.txt"))
}

#[test]
fn an_edit_of_the_file_is_served() {
    let file = file("edited");
    fs::write(&file, "/img a # pictures\n").unwrap();
    let store = RwLock::new(Config::load(&file).unwrap());
    assert_eq!(served(&store), ["/img/cat.png -> a", "/other -> nowhere"]);
    assert!(!live::look(&store, &file).unwrap(), "nobody edited it");

    fs::write(&file, "/img b\n/ c\n").unwrap();
    assert!(live::look(&store, &file).unwrap(), "somebody edited it");
    assert_eq!(served(&store), ["/img/cat.png -> b", "/other -> c"]);
}

#[test]
fn a_bad_edit_changes_nothing() {
    let file = file("bad");
    fs::write(&file, "/img a\n").unwrap();
    let store = RwLock::new(Config::load(&file).unwrap());
    for (text, hint) in [
        ("/img b\n/api\n", "line 2: a route is a path and a backend, not \"/api\""),
        ("/img b c\n", "line 1: a route is a path and a backend"),
        ("img b\n", "line 1: a path begins with a slash, and \"img\" does not"),
        ("/img b\n\n/img c\n", "line 3: /img has a backend already"),
        ("# nothing\n", "it has no route at all"),
    ] {
        fs::write(&file, text).unwrap();
        let error = live::look(&store, &file).unwrap_err().to_string();
        assert!(error.contains(hint), "{text:?}: {error}");
        assert_eq!(served(&store), ["/img/cat.png -> a", "/other -> nowhere"]);
    }
    fs::remove_file(&file).unwrap();
    assert!(live::look(&store, &file).unwrap_err().to_string().contains("cannot be read"));
    assert_eq!(served(&store), ["/img/cat.png -> a", "/other -> nowhere"]);
}

#[test]
fn a_request_goes_to_the_longest_path_it_begins_with() {
    let config = Config::parse("/ a\n/api/users b\n/api c").unwrap();
    for (request, backend) in [("/api/users/7", "b"), ("/api/7", "c"), ("/7", "a")] {
        assert_eq!(config.backend(request), Some(backend), "{request}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    let read = |arguments: &[&str]| read(arguments.iter().map(OsString::from));
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&["routes.txt"]), Ok(Some("routes.txt".into())));
    assert_eq!(read(&["--help"]), Err(Refusal::Help));
    for (arguments, hint) in
        [(&["--file", "a"][..], "there is no option --file"), (&["a", "b"], "one file, please")]
    {
        assert_eq!(read(arguments), Err(Refusal::Mistake(hint.to_owned())));
    }
}
