//! What a node does with what should not be: it is refused with a sentence, or it changes nothing.

use std::time::Duration;

use bully::core::Core;
use bully::{Config, Form, Message, NodeId, Stored, Timing, Token};

use super::sim::{self, ms};
use super::simulated::{stated, timing};

/// Node 3 of five, in a form, with what its disk holds.
fn third(form: Form, stored: Stored) -> Core {
    let mut core = Core::new(Config::new(3, 1..=5, timing()).form(form), stored);
    core.start(ms(0));
    core.take_messages();
    core
}

/// Every role that node 3 can play, with nothing left to save or to send.
fn all_roles(form: Form) -> [Core; 5] {
    let asking = third(form, Stored { epoch: 6, granted: None });
    let heard = |message| {
        let mut core = asking.clone();
        core.receive(ms(0), 5, message);
        core
    };
    let mut claiming = asking.clone();
    claiming.tick(timing().answer);
    let mut leading = claiming.clone();
    settle(&mut leading, timing().answer);
    for id in [1, 2] {
        let token = Token { epoch: 7, id: 3 };
        leading.receive(timing().answer, id, Message::Grant(token));
    }
    let mut following = heard(Message::Coordinator(Token { epoch: 7, id: 5 }));
    settle(&mut following, ms(0));
    leading.take_messages();
    assert!(leading.token().is_some() && following.leader().is_some());
    [asking.clone(), heard(Message::Ok { epoch: 6 }), following, claiming, leading]
}

/// Saves what there is to save.
fn settle(core: &mut Core, now: Duration) {
    while let Some((number, _)) = core.take_save() {
        core.saved(now, number);
    }
}

/// One of each, with this token and its epoch.
fn one_of_each(token: Token) -> [Message; 8] {
    let epoch = token.epoch;
    [
        Message::Election { epoch },
        Message::Ok { epoch },
        Message::Coordinator(token),
        Message::Alive(token),
        Message::Stale { refused: token, epoch },
        Message::Appoint { epoch },
        Message::Propose(token),
        Message::Grant(token),
    ]
}

const FORMS: [Form; 3] = [Form::Classic, Form::Modified, Form::Quorum];

/// Says each of these to node 3 in every form and role; nothing may come of it.
fn they_change_nothing(from: NodeId, messages: &[Message]) {
    for core in FORMS.into_iter().flat_map(all_roles) {
        for message in messages {
            let mut after = core.clone();
            after.receive(ms(1), from, *message);
            assert_eq!(after, core, "{message} from {from}");
        }
    }
}

#[test]
#[should_panic(expected = "node 1 is not among all the nodes; name it too")]
fn an_empty_cluster_is_refused() {
    Config::new(1, [], timing());
}

#[test]
#[should_panic(expected = "node 9 is not among all the nodes; name it too")]
fn a_node_outside_the_cluster_is_refused() {
    Config::new(9, 1..=3, timing());
}

#[test]
#[should_panic(expected = "nodes have the same name: Some([2, 2]); give each its own")]
fn two_nodes_of_one_name_are_refused() {
    Config::new(1, [1, 2, 3, 2], timing());
}

#[test]
fn waits_that_make_no_sense_are_refused() {
    let good = timing();
    let zero = Duration::ZERO;
    let bad = [
        (Timing { heartbeat: zero, ..good }, "takes time"),
        (Timing { answer: zero, ..good }, "takes time"),
        (Timing { silence: good.heartbeat, ..good }, "the silence must be longer"),
        (Timing { takeover: good.answer, ..good }, "the takeover must be longer"),
        (Timing { silence: Duration::MAX, ..good }, "a hundred years at most"),
        (Timing::for_delay(Duration::MAX), "must be longer"),
    ];
    for (timing, why) in bad {
        let refused = std::panic::catch_unwind(|| Config::new(1, 1..=3, timing)).unwrap_err();
        let said = refused.downcast_ref::<String>().expect("a sentence");
        assert!(said.contains(why), "{timing:?}: {said}");
    }
}

#[test]
#[should_panic(expected = "ask at least once")]
fn a_node_that_never_asks_is_refused() {
    let _ = Config::new(1, 1..=3, timing()).tries(0);
}

#[test]
#[should_panic(expected = "cannot be; restore the disk")]
fn a_damaged_disk_is_refused() {
    third(Form::Classic, Stored { epoch: u64::MAX, granted: None });
}

#[test]
fn a_cluster_of_one_leads_at_once() {
    for form in FORMS {
        let mut core = Core::new(Config::new(7, [7], timing()).form(form), Stored::default());
        core.start(ms(0));
        settle(&mut core, ms(0));
        assert_eq!(core.token(), Some(Token { epoch: 1, id: 7 }), "{form:?}");
        assert_eq!(core.take_messages(), []);
    }
}

#[test]
fn a_strangers_message_changes_nothing() {
    for id in [3, 5, 9] {
        they_change_nothing(9, &one_of_each(Token { epoch: 7, id }));
    }
}

#[test]
fn a_message_in_a_nodes_own_name_changes_nothing() {
    they_change_nothing(3, &one_of_each(Token { epoch: 7, id: 3 }));
}

#[test]
fn a_word_in_the_name_of_a_third_changes_nothing() {
    let third = Token { epoch: 8, id: 5 };
    let [.., coordinator, alive, stale, _, propose, grant] = one_of_each(third);
    they_change_nothing(4, &[coordinator, alive, stale, propose, grant]);
}

#[test]
fn a_message_of_another_form_changes_nothing() {
    let (token, mine) = (Token { epoch: 8, id: 5 }, Token { epoch: 7, id: 3 });
    let foreign = [
        (Form::Classic, Message::Appoint { epoch: 7 }),
        (Form::Quorum, Message::Appoint { epoch: 7 }),
        (Form::Classic, Message::Propose(token)),
        (Form::Modified, Message::Propose(token)),
        (Form::Classic, Message::Grant(mine)),
        (Form::Modified, Message::Grant(mine)),
    ];
    for (form, message) in foreign {
        for core in all_roles(form) {
            let mut after = core.clone();
            after.receive(ms(1), 5, message);
            assert_eq!(after, core, "{form:?}: {message}");
        }
    }
}

/// Nobody was asked for its word before the claim was safe.
#[test]
fn a_word_that_nobody_asked_for_changes_nothing() {
    let [_, _, _, claiming, _] = all_roles(Form::Quorum);
    let mut after = claiming.clone();
    for id in [1, 2, 4] {
        after.receive(ms(1), id, Message::Grant(Token { epoch: 7, id: 3 }));
    }
    assert_eq!(after, claiming);
}

#[test]
fn an_epoch_from_the_future_changes_nothing() {
    for id in [3, 5] {
        for epoch in [u64::MAX, u64::MAX - 1, u64::MAX / 2 + 1, 1 << 41] {
            they_change_nothing(5, &one_of_each(Token { epoch, id }));
        }
    }
    for core in all_roles(Form::Classic) {
        let mut after = core.clone();
        after.outbid(ms(1), u64::MAX);
        assert_eq!(after, core, "a store that says so is damaged too");
    }
}

/// A member whose counter is broken says the greatest epoch there is, to everybody.
#[test]
fn an_epoch_from_the_future_does_not_stop_a_cluster() {
    let (mut world, _) = sim::world(1, 5, timing(), |config| config);
    world.start_all();
    world.run_until_it_holds(stated(), sim::is_settled).expect("they settle");
    let before = world.node(1).unwrap().core.leader().unwrap();
    world.call(2, |_, _, out| {
        for to in [1, 3, 4, 5] {
            for message in one_of_each(Token { epoch: u64::MAX, id: 2 }) {
                out.send(to, message);
            }
        }
    });
    world.run_for(stated());
    assert!(sim::is_settled(&world));
    assert_eq!(world.node(1).unwrap().core.leader(), Some(before), "nobody even noticed");
    world.crash(5);
    world.run_until_it_holds(stated(), sim::is_settled).expect("4 leads");
    let next = world.node(4).unwrap().core.token().unwrap();
    assert!(next.epoch <= before.epoch + 5, "{next} after {before}");
}

/// What a broken counter can do at most: skip epochs. However often, none is used up.
#[test]
fn epochs_that_were_skipped_are_gone_and_no_more() {
    let mut core = third(Form::Classic, Stored { epoch: u64::MAX / 2 - 5, granted: None });
    for epoch in u64::MAX / 2 - 5..=u64::MAX / 2 + 5 {
        core.receive(ms(0), 1, Message::Election { epoch });
    }
    assert_eq!(core.stored().epoch, u64::MAX / 2, "the last that is believed");
    for round in 1..100 {
        core.elect(ms(0));
        core.tick(timing().answer);
        settle(&mut core, timing().answer);
        assert_eq!(core.token(), Some(Token { epoch: u64::MAX / 2 + round, id: 3 }));
    }
}

#[test]
fn the_last_that_lives_leads() {
    for form in [Form::Classic, Form::Modified] {
        for last in 1..=5 {
            let (mut world, _) = sim::world(1, 5, timing(), move |config| config.form(form));
            world.start_all();
            world.run_until_it_holds(stated(), sim::is_settled).expect("they settle");
            (1..=5).filter(|id| *id != last).for_each(|id| world.crash(id));
            let time = world.run_until_it_holds(stated(), sim::is_settled);
            assert!(time.is_some(), "{form:?}: {last} does not lead");
        }
    }
}

#[test]
fn the_last_that_lives_does_not_lead_without_a_majority() {
    let (mut world, _) = sim::world(1, 5, timing(), |config| config.form(Form::Quorum));
    world.start_all();
    world.run_until_it_holds(stated(), sim::is_settled).expect("they settle");
    (3..=5).for_each(|id| world.crash(id));
    let end = world.now() + 10 * stated();
    world.run_until(end, |world| {
        assert!(world.nodes().all(|(_, node)| node.core.token().is_none()));
    });
    world.start(3);
    world.run_until_it_holds(2 * stated(), sim::is_settled).expect("three are a majority");
}

/// After each event of an election of three, 4 comes back: from before the first until all is over.
#[test]
fn the_highest_may_come_back_at_any_moment_of_an_election() {
    for form in FORMS {
        let mut moments = 0;
        loop {
            let (mut world, _) = sim::world(1, 4, timing(), move |config| config.form(form));
            world.start_all();
            world.run_until_it_holds(stated(), sim::is_settled).expect("they settle");
            world.crash(4);
            world.call(1, |node, now, out| {
                node.core.elect(now);
                node.settle(out);
            });
            let is_over = (0..moments).any(|_| {
                world.step();
                sim::is_settled(&world)
            });
            world.start(4);
            let time = world.run_until_it_holds(stated(), |world| {
                sim::is_settled(world) && world.node(4).unwrap().core.token().is_some()
            });
            assert!(time.is_some(), "{form:?}: 4 comes back after {moments} events");
            if is_over {
                break;
            }
            moments += 1;
        }
        assert!(moments > 10, "{form:?}: an election has more than {moments} events");
    }
}

/// Ours tell only those below them. Others may tell all.
#[test]
fn a_lower_node_that_leads_is_bullied() {
    for core in all_roles(Form::Classic) {
        let mut after = core.clone();
        after.receive(ms(1), 2, Message::Coordinator(Token { epoch: 9, id: 2 }));
        assert_eq!(after.stored().epoch, 9);
        assert!(after.leader().is_none(), "it asks, or waits for an answer");
    }
}

#[test]
fn a_late_appointment_deposes_nobody() {
    let [.., following, claiming, leading] = all_roles(Form::Modified);
    for core in [following, claiming, leading] {
        let mut after = core.clone();
        after.receive(ms(1), 1, Message::Appoint { epoch: 6 });
        assert_eq!((after.leader(), after.stored()), (core.leader(), core.stored()));
    }
}

#[test]
fn another_is_appointed_when_the_first_dies() {
    let (mut world, _) = sim::world(1, 4, timing(), |config| config.form(Form::Modified));
    world.start_all();
    world.run_until_it_holds(stated(), sim::is_settled).expect("they settle");
    world.crash(4);
    world.call(1, |node, now, out| {
        node.core.elect(now);
        node.settle(out);
    });
    // 3 answered; its appointment is on its way.
    world.run_for(timing().answer);
    world.crash(3);
    world.run_until_it_holds(stated(), sim::is_settled).expect("2 leads");
}

#[test]
fn a_slow_disk_has_no_line_of_words_before_it() {
    let mut core = third(Form::Quorum, Stored::default());
    core.receive(ms(0), 5, Message::Propose(Token { epoch: 1, id: 5 }));
    let (first, _) = core.take_save().expect("the first is on its way");
    let last = Token { epoch: 1000, id: 4 };
    for epoch in 2..=1000 {
        core.receive(ms(0), 4, Message::Propose(Token { epoch, id: 4 }));
    }
    core.saved(ms(0), first);
    assert_eq!(core.take_messages(), [], "its word for 5 is withdrawn: it said more since");
    settle(&mut core, ms(0));
    assert_eq!(core.take_messages(), [(4, Message::Grant(last))]);
}
