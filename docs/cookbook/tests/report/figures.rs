//! Ratios, verdicts and goals.

use cookbook::report::goals::{self, State};
use cookbook::report::record::Scenario;
use cookbook::report::{numbers, verdict};

use super::{close, measured, point, scenario, spread};

#[test]
fn a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians() {
    // A slow third round slows both; taken round by round it cancels out.
    let lock = point("lock", 2, &[10.0, 12.0, 40.0]);
    let tokio = point("tokio", 2, &[20.0, 30.0, 80.0]);
    close(tokio.ratio(&lock), spread(2.0, 2.0, 2.5));
    close(lock.time(), spread(10.0, 12.0, 40.0));
}

#[test]
fn a_single_round_is_as_sure_as_its_confidence_intervals() {
    let (lock, tokio) = (point("lock", 2, &[10.0]), point("tokio", 2, &[20.0]));
    close(lock.time(), spread(9.0, 10.0, 11.0));
    close(tokio.ratio(&lock), spread(18.0 / 11.0, 2.0, 22.0 / 9.0));
    close(tokio.ratio(&lock).inverse(), lock.ratio(&tokio));
}

#[test]
fn what_cannot_be_told_apart_is_a_tie() {
    assert!(spread(0.9, 1.3, 1.6).is_tie(), "its range holds one");
    assert!(spread(1.02, 1.08, 1.1).is_tie(), "it is near one");
    assert!(!spread(1.05, 1.3, 1.6).is_tie());
    assert!(!spread(0.5, 0.7, 0.8).is_tie());
}

#[test]
fn figures_have_three_digits_and_the_unit_that_fits() {
    let times = [4.062, 9.999, 187.3, 1456.4, 15_230.0, 2e7].map(numbers::time);
    assert_eq!(times, ["4.06 ns", "10.0 ns", "187 ns", "1456 ns", "15.2 us", "20.0 ms"]);
    let shares = [0.0, 0.0004, 0.25, 1.0].map(numbers::percent);
    assert_eq!(shares, ["0 %", "under 1 %", "25 %", "100 %"]);
}

#[test]
fn a_verdict_names_its_conditions_and_its_ties() {
    let mut calm = point("lock", 2, &[10.0, 10.0, 10.0]);
    calm.waited = Some(0.001);
    let points = vec![
        calm,
        point("channel", 2, &[31.0, 30.0, 33.0]),
        point("tokio", 2, &[20.0, 21.0, 19.0]),
        point("lock", 64, &[50.0, 40.0, 45.0]),
        point("channel", 64, &[48.0, 42.0, 44.0]),
        point("tokio", 64, &[20.0, 20.0, 20.0]),
    ];
    let scenario = scenario("fifo", points);
    assert_eq!(
        verdict::verdict(&measured(vec![]), &scenario),
        "With 2 threads (uncontended): `lock` is 3.10 times as fast as `channel` (3.00-3.30); \
         `lock` is 2.00 times as fast as `tokio` (1.90-2.10). With 64 threads: `channel` and \
         `lock` tie (0.95-1.04); `tokio` is 2.20 times as fast as `channel` (2.10-2.40)."
    );
}

#[test]
fn rounds_that_disagree_are_no_finding() {
    let (lock, kanal) =
        (point("lock", 2, &[10.0, 40.0, 10.0]), point("kanal", 2, &[30.0, 9.0, 12.0]));
    let text = "`lock` and `kanal` cannot be told apart (0.23-3.00)";
    assert_eq!(verdict::compare(&lock, &kanal), text);
}

#[test]
fn a_verdict_on_a_ladder_tells_the_climb_and_one_on_a_limit_the_distance() {
    let ladder = scenario(
        "ladder",
        vec![
            point("lock naive", 1, &[250.0]),
            point("lock sleepers", 1, &[9.0]),
            point("channel naive", 1, &[8000.0]),
            point("channel spin", 1, &[400.0]),
        ],
    );
    assert_eq!(
        verdict::verdict(&measured(vec![]), &ladder),
        "`lock` goes from 250 ns (naive) to 9.00 ns (sleepers); `channel` goes from 8000 ns \
         (naive) to 400 ns (spin)."
    );
    let limited =
        scenario("try", vec![point("limit", 1, &[4.0, 4.0]), point("lock", 1, &[5.0, 5.0])]);
    assert_eq!(
        verdict::verdict(&measured(vec![]), &limited),
        "`lock` takes 1.25 times the limit (1.25-1.25)."
    );
}

#[test]
fn a_figure_that_is_no_time_is_told_and_judged_in_its_unit() {
    let in_unit =
        |unit: &str, points| Scenario { unit: Some(unit.to_owned()), ..scenario("s", points) };
    let points = vec![
        point("lock", 2, &[0.03, 0.02, 0.0001]),
        point("lock strict", 2, &[0.01, 0.01, 0.01]),
        point("governor", 2, &[9.7, 9.6, 9.8]),
        point("tower", 2, &[110.0, 120.0, 130.0]),
    ];
    let errors = in_unit("percent", points);
    let told = verdict::verdict(&measured(vec![]), &errors);
    assert_eq!(
        told,
        "`lock` 0.020 %, `lock strict` 0.010 %; of the others at best `governor` 9.70 %."
    );
    let count = in_unit("calls", vec![point("lock", 2, &[11.0])]);
    assert_eq!(verdict::verdict(&measured(vec![]), &count), "`lock` 11 calls.");
    let others = vec![point("paxos", 2, &[11.0]), point("bully", 2, &[8.0])];
    let told = verdict::verdict(&measured(vec![]), &in_unit("messages", others));
    assert_eq!(told, "from `bully` 8 messages to `paxos` 11 messages.");
    assert_eq!(numbers::figure(0.0001, Some("percent")), "under 0.001 %");
    assert_eq!(numbers::figure(998_999.0, Some("messages")), "998,999 messages");
    assert_eq!(numbers::figure(5.4921, Some("messages")), "5.49 messages");

    let file = r#"
        goal = [
          { name = "met", recipe = "r", text = "", numerator = "s/lock/2", max = 0.05 },
          { name = "missed", recipe = "r", text = "", numerator = "s/governor/2", max = 0.05 },
          { name = "a time", recipe = "r", text = "", numerator = "t/lock/2", max = 0.05 },
        ]
    "#;
    let times = Scenario { name: "t".to_owned(), ..scenario("s", vec![point("lock", 2, &[0.01])]) };
    let measured = measured(vec![errors, times]);
    let goals = goals::parse(file).unwrap();
    let outcomes: Vec<_> = goals.iter().map(|goal| goal.judge(Some(&measured))).collect();
    let lines: Vec<_> = outcomes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "GOAL met MET 0.020 0.050",
            "GOAL missed MISSED 9.70 0.050",
            "GOAL a time UNMEASURED - 0.050"
        ]
    );
}

#[test]
fn a_goal_is_met_missed_or_unmeasured() {
    let file = r#"
        goal = [
          { name = "met", recipe = "r", text = "", numerator = "s/lock/2", denominator = "s/tokio/2", max = 0.5 },
          { name = "missed", recipe = "r", text = "", numerator = "s/lock/2", denominator = "s/tokio/2", max = 0.49 },
          { name = "absent", recipe = "r", text = "", numerator = "s/lock/8", denominator = "s/tokio/8", max = 0.5 },
          { name = "price", recipe = "r", text = "", numerator = "s/lock/2", denominator = "s/tokio/2" },
        ]
    "#;
    let points = vec![point("lock", 2, &[10.0, 11.0]), point("tokio", 2, &[20.0, 22.0])];
    let measured = measured(vec![scenario("s", points)]);
    let goals = goals::parse(file).unwrap();
    let outcomes: Vec<_> = goals.iter().map(|goal| goal.judge(Some(&measured))).collect();
    let states: Vec<_> = outcomes.iter().map(goals::Outcome::state).collect();
    assert_eq!(states, [State::Met, State::Missed, State::Unmeasured, State::Price]);
    let lines: Vec<_> = outcomes.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines[..3],
        ["GOAL met MET 0.50 0.50", "GOAL missed MISSED 0.50 0.49", "GOAL absent UNMEASURED - 0.50"]
    );
    assert_eq!(goals[0].judge(None).state(), State::Unmeasured);
    assert!(goals::parse("goal = [{ name = 1 }]").unwrap_err().to_string().contains(goals::FILE));
}
