use super::{View, svg};

const TRACE: &str = r#"{"us":0,"event":"start","node":1}
{"us":0,"event":"start","node":2}
{"us":0,"event":"note","node":2,"text":"leads (3, 2)"}
{"us":0,"event":"send","id":1,"from":1,"to":2,"text":"a < b"}
{"us":0,"event":"disk","node":2,"slowest_us":4000}
{"us":1500,"event":"deliver","id":1,"from":1,"to":2,"text":"a < b"}
{"us":1500,"event":"send","id":2,"from":2,"to":1,"text":"no"}
{"us":1500,"event":"drop","id":2,"from":2,"to":1,"why":"cut"}
{"us":2000,"event":"time","node":2}
{"us":2000,"event":"send","id":3,"from":2,"to":1,"text":"well"}
{"us":2000,"event":"cut","from":1,"to":2}
{"us":2000,"event":"cut","from":2,"to":1}
{"us":2500,"event":"crash","node":2,"unsaved":1}
{"us":3000,"event":"heal"}
"#;

fn whole() -> String {
    svg("demo: a", TRACE, &View::default()).unwrap()
}

fn part(events: &str) -> String {
    svg("a", TRACE, &View::of_events(Some(events.to_owned()))).unwrap()
}

#[test]
fn messages_are_arrows_and_what_happens_is_named() {
    let drawing = whole();
    assert!(drawing.contains("<title>demo: a</title>"), "{drawing}");
    for text in ["a &lt; b", "no (cut)", "crashes", "leads (3, 2)", "cut: 1 from 2", "starts"] {
        assert!(drawing.contains(&format!(">{text}</text>")), "{text} is not in\n{drawing}");
    }
    assert!(drawing.contains(">1.5</text>"), "{drawing}");
    let names = drawing.matches("font-weight=\"bold\"").count();
    assert_eq!(names, 2, "one lane a node\n{drawing}");
}

#[test]
fn what_is_lost_is_a_broken_line_that_the_legend_explains() {
    assert_eq!(whole().matches("stroke-dasharray=\"4 3\"").count(), 2, "one there, one below");
    assert!(whole().contains(">lost, and why</text>"));
    assert!(!part("1..6").contains("lost, and why"), "nothing is lost in it");
}

#[test]
fn a_reign_is_a_wide_lane_with_its_epoch_until_the_crash() {
    assert!(whole().contains(">leads in epoch 3</text>"));
    assert_eq!(whole().matches("stroke-width=\"7\"").count(), 2, "one there, one below");
    assert!(part("6..8").contains(">leads in epoch 3</text>"), "it began before the part");
    assert!(!part("14..14").contains("leads in epoch"), "and it was over before this one");
}

#[test]
fn a_lock_is_a_wide_lane_until_it_is_released() {
    let note = |us: u64, text: &str| {
        format!("{{\"us\":{us},\"event\":\"note\",\"node\":1,\"text\":\"{text}\"}}\n")
    };
    let trace = [note(1, "locked"), note(2, "unlocked: 90"), note(3, "goes on")].concat();
    let drawing = svg("a", &trace, &View::default()).unwrap();
    assert_eq!(drawing.matches("stroke-width=\"5\"").count(), 2, "one there, one below");
    assert!(drawing.contains(">holds a lock</text>"));
    assert!(!svg("a", &note(1, "goes on"), &View::default()).unwrap().contains("holds a lock"));
}

#[test]
fn a_deadline_is_shown_if_something_came_of_it() {
    assert!(whole().contains(">its deadline came</text>"));
    let idle = "{\"us\":1,\"event\":\"time\",\"node\":1}\n{\"us\":1,\"event\":\"heal\"}\n";
    assert!(!svg("a", idle, &View::default()).unwrap().contains("deadline"));
}

#[test]
fn a_part_begins_where_it_is_told_with_what_was_under_way() {
    let drawing = part("6..8");
    assert!(drawing.contains(">a &lt; b</text>"), "it was sent before\n{drawing}");
    assert!(drawing.contains(">0.0</text>") && !drawing.contains("crashes"), "{drawing}");
    assert_eq!(part("6.."), svg("a", TRACE, &View::of_events(Some("6..14".into()))).unwrap());
}

#[test]
fn a_part_that_is_none_is_refused() {
    for events in ["", "6", "0..3", "5..4", "a..b"] {
        let view = View::of_events(Some(events.to_owned()));
        let error = svg("a", TRACE, &view).unwrap_err().to_string();
        assert!(error.contains("write them as in 12..40"), "{error}");
    }
    let error = svg("a", TRACE, &View::of_events(Some("20..30".into()))).unwrap_err().to_string();
    assert!(error.contains("no event that could be drawn"), "{error}");
}

#[test]
fn a_cut_that_is_not_clean_names_its_links() {
    let trace = "{\"us\":1,\"event\":\"cut\",\"from\":1,\"to\":2}\n";
    assert!(svg("a", trace, &View::default()).unwrap().contains(">cut: 1 to 2</text>"));
}

#[test]
fn the_same_trace_gives_the_same_drawing() {
    assert_eq!(whole(), whole());
}

#[test]
fn what_is_no_trace_is_named_by_its_line() {
    let whole = View::default();
    let error = svg("a", "{\"us\":1,\"event\":\"heal\"}\nno\n", &whole).unwrap_err();
    assert!(format!("{error:#}").contains("line 2"), "{error:#}");
    let error = svg("a", "{\"us\":1,\"event\":\"links\"}\n", &whole).unwrap_err().to_string();
    assert!(error.contains("no event that could be drawn"), "{error}");
}
