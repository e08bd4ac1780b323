//! The example `per_user`: each user gets a share, whatever the others do, and a log that makes no
//! sense is refused with the reason.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rate_limiter::Quota;

#[path = "../examples/per_user.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod per_user;

use per_user::arguments::{self, Refusal};
use per_user::log::{self, Request, request, ten_seconds};
use per_user::{Replayed, Share, replay};

fn shares(quota: Quota, requests: impl IntoIterator<Item = Request>) -> Replayed {
    let Ok(replayed) = replay(quota, requests.into_iter().map(Ok::<_, Infallible>));
    replayed
}

fn at(seconds: f64, user: &str) -> Request {
    (Duration::from_secs_f64(seconds), user.to_owned())
}

#[test]
fn a_greedy_user_takes_nothing_from_the_others() {
    let quota = Quota::per_second(5, 10).unwrap();
    let all = shares(quota, ten_seconds()).shares;
    let without = ten_seconds().into_iter().filter(|(_, user)| user != "greedy");
    let others = shares(quota, without).shares;
    assert_eq!(all.len(), others.len() + 1);
    assert!(others.iter().all(|(user, share)| all[user] == *share));
    assert!(all["greedy"].refused > 400, "it was not greedy: {:?}", all["greedy"]);
}

#[test]
fn a_burst_passes_and_comes_back_with_time() {
    let quota = Quota::per_second(1, 2).unwrap();
    let log = [0.0, 0.0, 0.0, 1.1, 1.1, 9.0].map(|seconds| at(seconds, "ada"));
    assert_eq!(shares(quota, log).shares["ada"], Share { passed: 4, refused: 2 });
}

#[test]
fn a_log_may_begin_at_any_time_and_one_line_may_be_late() {
    let quota = Quota::per_second(1, 1).unwrap();
    let now = 1_790_000_000.0;
    let log = [at(now, "ada"), at(now + 1.1, "ada"), at(now, "bob"), at(now + 1.2, "ada")];
    let found = shares(quota, log).shares;
    assert_eq!(found["ada"], Share { passed: 2, refused: 1 });
    assert_eq!(found["bob"], Share { passed: 1, refused: 0 });
}

#[test]
fn idle_users_cost_no_memory() {
    let quota = Quota::per_second(10, 1).unwrap();
    let log = (0..1_000).map(|n| at(f64::from(n), &format!("visitor {n}")));
    let Replayed { shares, peak } = shares(quota, log);
    assert_eq!(shares.len(), 1_000);
    assert!(peak < 100, "{peak} were in memory");
}

#[test]
fn lines_are_read_or_refused_with_the_reason() {
    assert_eq!(request("1.5 ada"), Ok((Duration::from_millis(1500), "ada".to_owned())));
    for (line, reason) in [
        ("ada", "a request is"),
        ("soon ada", "\"soon\" are no seconds"),
        ("-1 ada", "no seconds"),
        ("NaN ada", "no seconds"),
        ("1e300 ada", "no seconds"),
    ] {
        assert!(request(line).unwrap_err().contains(reason), "{line}: {:?}", request(line));
    }
    let log = ["0 ada", "ada 1"].map(request);
    assert!(replay(Quota::per_second(1, 1).unwrap(), log).is_err());
}

#[test]
fn a_file_is_read_and_its_bad_line_named() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("requests.log");
    fs::write(&path, "0 ada\n0.1 ada\nnever bob\n").unwrap();
    let read: Vec<_> = log::open(&path).unwrap().collect();
    assert_eq!(read[..2], [Ok(at(0.0, "ada")), Ok(at(0.1, "ada"))]);
    assert!(read[2].as_ref().unwrap_err().contains("line 3: \"never\" are no seconds"));
    assert!(log::open(Path::new("/there is no such file")).is_err());
}

fn read(arguments: &[&str]) -> Result<(Quota, Option<PathBuf>), Refusal> {
    arguments::read(arguments.iter().map(OsString::from))
}

#[test]
fn arguments_that_make_sense_are_taken() {
    let (quota, log) = read(&["--rate", "2", "requests.log", "--burst", "20"]).unwrap();
    assert_eq!(quota, Quota::per_second(2, 20).unwrap());
    assert_eq!(log.as_deref(), Some(Path::new("requests.log")));
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    for (arguments, hint) in [
        (&["--rate"][..], "--rate needs a value"),
        (&["--rate", "many"], "not \"many\""),
        (&["--rate", "0"], ""),
        (&["--speed", "1"], "there is no option --speed"),
        (&["a.log", "b.log"], "one LOG is enough"),
    ] {
        let Err(Refusal::Mistake(what)) = read(arguments) else { panic!("{arguments:?} is taken") };
        assert!(what.contains(hint), "{arguments:?}: {what}");
    }
    assert_eq!(read(&["--help"]).err(), Some(Refusal::Help));
}
