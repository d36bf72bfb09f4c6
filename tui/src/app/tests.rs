//! Keys in, state and effects out: the dashboard without a terminal and without a server.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fluxgate_client::caller::Answered;
use fluxgate_client::caller::Caller;
use fluxgate_client::edge::Known;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::App;
use crate::effect::{Answer, Effect, Query};
use crate::host::Place;
use crate::key::Key;
use crate::load::{Failure, FailureKind};
use crate::look::Look;
use crate::message::{Heard, Message, News};

/// A dashboard that is told what happens.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) effects: Vec<Effect>,
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-20T12:41:07Z".parse().unwrap()
}

impl Stage {
    /// Begins, as an admin who may do everything, in a terminal of this size.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        let place = Place {
            context: "prod-eu".into(),
            server: "https://fluxgate.acme.io".into(),
            team: "payments".into(),
            ..Place::default()
        };
        let mut stage = Self {
            app: App::new(place, vec!["prod-eu".into(), "local".into()], Look::default(), now()),
            effects: Vec::new(),
        };
        stage.effects = stage.app.begin();
        stage.tell(Message::Resized(width, height));
        stage
    }

    pub(crate) fn live(self) -> Self {
        self.live_as(&["APPROVER", "TEAM_ADMIN"])
    }

    /// Begins as somebody with these roles.
    pub(crate) fn live_as(mut self, roles: &[&str]) -> Self {
        // Each is asked again once the subscription begins.
        self.greet(roles);
        self.tell(Message::Heard(Heard::Connected));
        self.greet(roles);
        self
    }

    fn greet(&mut self, roles: &[&str]) {
        self.answer(&Query::Caller, || {
            let me = read(
                json!({"id": "018f0000-0000-7000-8000-000000000002", "username": "lead", "name": "Lead", "email": null, "active": true, "systemAdmin": false, "mustChangePassword": false,
                "memberships": [{"team": "payments", "roles": roles}]}),
            );
            Answer::Caller(Caller { me, token: None, team: None })
        });
        self.answer(&Query::Knock, || {
            let server = read(json!({"version": "0.1.0", "bootstrapped": true, "revision": 418}));
            Answer::Knocked(Answered { server, took: Duration::from_millis(3), ahead: None })
        });
        self.answer(&Query::Environments, || {
            Answer::Environments(["dev", "staging", "prod"].into_iter().map(environment).collect())
        });
    }

    pub(crate) fn tell(&mut self, message: Message) {
        let effects = self.app.update(message);
        self.effects.extend(effects);
    }

    /// Answers all questions like this one that were asked.
    pub(crate) fn answer(&mut self, like: &Query, answer: impl Fn() -> Answer) {
        let asked: Vec<(u64, Query)> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ask { ticket, query } if query.is_like(like) => Some((*ticket, query.clone())),
                _ => None,
            })
            .collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Ask { query, .. } if query.is_like(like)));
        for (ticket, query) in asked {
            self.tell(Message::Answered { ticket, query, answer: Ok(Box::new(answer())) });
        }
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        for word in keys.split(' ') {
            let key = match word {
                "Enter" => Key::Enter,
                "Esc" => Key::Esc,
                "Tab" => Key::Tab,
                "Space" => Key::Char(' '),
                word => Key::Char(word.chars().next().unwrap()),
            };
            self.tell(Message::Key(key));
        }
    }

    /// Returns where the cursor is.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        let (width, height) = self.app.desk.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| crate::view::draw(&self.app, frame)).unwrap();
        let position = terminal.get_cursor_position().unwrap();
        (position.x, position.y)
    }

    /// Returns what is on the screen.
    pub(crate) fn screen(&self) -> String {
        let (width, height) = self.app.desk.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| crate::view::draw(&self.app, frame)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = (0..height).map(|y| {
            let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            format!("{}\n", row.trim_end())
        });
        rows.collect()
    }
}

/// Reads an answer as a server sends it.
pub(crate) fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn environment(key: &str) -> fluxgate_client::environment::Environment {
    let type_ = match key {
        "dev" => "DEVELOPMENT",
        "staging" => "STAGING",
        _ => "PRODUCTION",
    };
    read(
        json!({"id": "018f0000-0000-7000-8000-000000000001", "key": key, "name": key, "type": type_, "active": true,
        "position": 1, "createdAt": now(), "createdBy": "admin"}),
    )
}

pub(crate) fn edges() -> Known {
    let edge = |name: &str, connected: bool, in_sync: bool, revision: i64| {
        read(
            json!({"id": format!("018f0000-0000-7000-8000-0000000000{name}"), "name": format!("edge-eu-{name}"),
            "version": "0.1.0", "client": "edges", "connected": connected, "inSync": in_sync, "revision": revision,
            "killsRevision": 410, "connectedAt": "2026-11-20T09:00:00Z", "seenAt": "2026-11-20T12:41:02Z",
            "ackedAt": "2026-11-20T12:41:02Z", "uptimeSeconds": 86_400, "evaluationsPerSecond": 612.4,
            "p99Ns": 1_900_000, "spooled": 3}),
        )
    };
    Known {
        revision: 418,
        edges: vec![edge("11", true, true, 418), edge("12", true, false, 415), edge("13", false, false, 402)],
    }
}

/// Returns the tickets of the questions which environments there are, once.
fn environments_asked(stage: &mut Stage) -> Vec<u64> {
    let ticket = |effect: &Effect| match effect {
        Effect::Ask { ticket, query: Query::Environments } => Some(*ticket),
        _ => None,
    };
    let tickets = stage.effects.iter().filter_map(ticket).collect();
    stage.effects.retain(|effect| ticket(effect).is_none());
    tickets
}

#[test]
fn an_environment_that_is_not_known_is_protected() {
    let mut stage = Stage::new(80, 24);
    assert!(stage.app.desk.is_protected("dev"));
    let ticket = environments_asked(&mut stage).pop().unwrap();
    let failure = Failure { words: "it failed".into(), request: None, kind: FailureKind::Fault };
    stage.tell(Message::Answered { ticket, query: Query::Environments, answer: Err(failure) });
    assert!(stage.app.wake() <= Duration::from_secs(1));
    stage.tell(Message::Tick(now() + TimeDelta::seconds(4)));
    assert!(environments_asked(&mut stage).is_empty());
    stage.tell(Message::Tick(now() + TimeDelta::seconds(5)));
    assert_eq!(environments_asked(&mut stage).len(), 1);
    let stage = Stage::new(80, 24).live();
    let protected = ["dev", "staging", "prod", "other"].map(|env| stage.app.desk.is_protected(env));
    assert_eq!(protected, [false, false, true, true]);
}

#[test]
fn environments_are_asked_again_when_one_is_another() {
    for keys in ["6", "z"] {
        let mut stage = Stage::new(80, 24).live();
        stage.keys(keys);
        stage.tell(Message::Tick(now() + TimeDelta::seconds(1)));
        let done = |action: &str| {
            let entry = read(
                json!({"number": 1, "at": now(), "actor": "ops", "actorKind": "USER", "owner": null,
                "action": action, "subject": "prod-2", "environment": "prod-2", "reason": null, "before": null,
                "after": null, "address": null}),
            );
            Message::Heard(Heard::News(vec![News::Done(Box::new(entry))]))
        };
        stage.tell(done("feature.edit"));
        assert!(environments_asked(&mut stage).is_empty());
        stage.tell(done("environment.create"));
        assert_eq!(environments_asked(&mut stage).len(), 1);
    }
}

#[test]
fn edges_in_trouble_come_first() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("5");
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    insta::assert_snapshot!(stage.screen());
}

#[test]
fn where_what_was_written_is_kept_is_told_in_full() {
    let mut stage = Stage::new(80, 24).live();
    let edited = |words: &str| Message::Edited {
        feature: "checkout".into(),
        env: "dev".into(),
        base: None,
        result: Err(words.to_owned()),
    };
    stage.tell(edited("no editor"));
    assert_eq!(stage.app.said.as_deref(), Some("no editor"));
    let path = format!("/tmp/{}/fgctl-1.yaml", "x".repeat(50));
    stage.tell(edited(&format!("enabled: wants true or false\nwhat you wrote is kept in {path}")));
    let screen = stage.screen();
    assert!(screen.contains("checkout in dev is not edited") && screen.contains("fgctl-1.yaml"), "{screen}");
    assert!(stage.app.desk.noted().any(|line| line.ends_with(&path)));
}

#[test]
fn nothing_of_a_context_outlives_it() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("z :");
    stage.app.say("something of before");
    stage.app.desk.missed = 3;
    assert!(stage.app.prompt.is_some() && stage.app.desk.paused.is_some());
    stage.effects.clear();
    stage.tell(Message::Switched(Ok(Place { context: "local".into(), ..Place::default() })));
    assert!(stage.app.prompt.is_none() && stage.app.said.is_none());
    assert!(stage.app.desk.paused.is_none() && stage.app.desk.missed == 0);
    let asks = |effect: &Effect| matches!(effect, Effect::Ask { query: Query::Overview { .. }, .. });
    assert!(stage.effects.iter().any(asks), "what the screen shows is asked anew");
}

#[test]
fn a_slow_answer_does_not_replace_a_newer_one() {
    let mut stage = Stage::new(80, 24).live();
    stage.keys("5");
    let old = stage.effects.iter().find_map(|effect| match effect {
        Effect::Ask { ticket, query: Query::Edges } => Some(*ticket),
        _ => None,
    });
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    stage.keys("R");
    stage.answer(&Query::Edges, || Answer::Edges(edges()));
    let none = Known { revision: 1, edges: Vec::new() };
    stage.tell(Message::Answered {
        ticket: old.unwrap(),
        query: Query::Edges,
        answer: Ok(Box::new(Answer::Edges(none))),
    });
    assert!(stage.screen().contains("edge-eu-12"));
}
