//! What the edges screen shows and what its keys do.

use fluxgate_client::edge::Known;

use crate::app::tests::{Stage, edges, now};
use crate::effect::{Answer, Effect, Query};
use crate::message::{Heard, Message, News};

fn stage(width: u16, height: u16) -> Stage {
    let mut stage = Stage::new(width, height).live();
    stage.keys("5");
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    stage
}

/// Ten minutes go by in which an edge falls behind and catches up.
fn told(stage: &mut Stage) {
    for (minute, behind) in [0, 0, 1, 2, 5, 9, 4, 1, 0, 3].into_iter().enumerate() {
        let minute = chrono::TimeDelta::minutes(i64::try_from(minute).unwrap());
        stage.tell(Message::Tick(now() + minute));
        let mut known = edges();
        known.edges[1].revision = known.revision - behind;
        known.edges[1].in_sync = behind == 0;
        stage.tell(Message::Heard(Heard::News(vec![News::Edges(known.edges)])));
    }
}

#[test]
fn edges_wide() {
    let mut stage = stage(120, 36);
    told(&mut stage);
    stage.keys("j");
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn edges_normal() {
    let mut stage = stage(80, 24);
    told(&mut stage);
    stage.keys("j");
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn more_columns_and_a_filter() {
    let mut stage = stage(120, 36);
    stage.keys("w / 1 3 Enter");
    insta::assert_snapshot!("edges_more", stage.screen());
    stage.keys("/ x");
    assert!(stage.screen().contains("No edge is about \"13x\""));
}

#[test]
fn edges_are_asked_for_and_may_be_none() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("5");
    assert!(stage.screen().contains("asking the server"));
    stage.answer(&Query::Edges, || Answer::Edges(Known { revision: 1, edges: Vec::new() }));
    insta::assert_snapshot!("edges_none", stage.screen());
}

#[test]
fn ascii_is_ascii() {
    let mut stage = stage(120, 36);
    stage.app.desk.look.ascii = true;
    told(&mut stage);
    let shown = stage.screen();
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn what_is_told_is_not_asked() {
    let mut stage = stage(120, 36);
    stage.effects.clear();
    stage.tell(Message::Heard(Heard::News(vec![News::Edges(edges().edges), News::Revision(419)])));
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Ask { .. })));
}

#[test]
fn no_size_is_too_small() {
    let mut stage = stage(120, 36);
    told(&mut stage);
    for keys in ["w", "Z"] {
        stage.keys(keys);
        for (width, height) in [1, 59, 60, 61, 80, 119, 120, 200]
            .into_iter()
            .flat_map(|width| (1..45).step_by(2).map(move |height| (width, height)))
        {
            stage.tell(Message::Resized(width, height));
            stage.screen();
        }
    }
}

#[test]
fn what_changes_stands_out_for_a_moment() {
    let mut stage = stage(120, 36);
    stage.tell(Message::Tick(now() + chrono::TimeDelta::seconds(2)));
    let mut known = edges();
    known.edges[0].in_sync = false;
    let id = known.edges[0].id.to_string();
    stage.tell(Message::Heard(Heard::News(vec![News::Edges(known.edges)])));
    assert!(stage.app.screens.edges.list.is_flashing(&id) && stage.app.wake().as_millis() < 200);
    assert!(!stage.app.screens.edges.list.is_flashing(&edges().edges[1].id.to_string()));
    stage.tell(Message::Tick(now() + chrono::TimeDelta::milliseconds(2_250)));
    assert!(!stage.app.screens.edges.list.flashes());
}
