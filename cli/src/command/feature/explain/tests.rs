//! What a person sees, word for word.

use fluxgate_client::evaluation::Evaluation;
use fluxgate_engine::{Context, FlagConfig};
use serde_json::{Value, json};

use super::super::super::documents::tests::{documents, kill};
use super::reading::{Reading, Waiting};
use super::second::Second;
use super::{Told, told};
use crate::output::render_line;

const CHECKOUT: &str = r#"
enabled: true
variants: { control: classic, variant-a: one-page, variant-b: express }
default: control
off: control
dependsOn: [{ feature: payments-v2, variants: ["on"] }]
criteria:
  - name: internal users
    when: email ends with "@acme.com" or betaTester == true
    serve: variant-b
  - name: pro users on 2.x
    when: tier in ["pro", "enterprise"] and appVersion semver ">=2.0.0 <3.0.0"
    split: control=90, variant-a=10
  - when: not (country in ["KP", "IR"] or exists `blocked by`) and (a == 1 or b == 2)
    rollout: 12.5
    bucketBy: company
    serve: variant-a
"#;

const PAYMENTS: &str = "{ enabled: true, variants: { on: true, off: false }, default: on, off: off }";

fn reading(checkout: &str) -> Reading {
    Reading {
        documents: documents(&[("checkout", checkout), ("payments-v2", PAYMENTS)]),
        is_offline: false,
        env: Some("prod".into()),
        place: "prod".into(),
        kill: None,
        edges: None,
        waiting: Vec::new(),
    }
}

fn explained<'r>(reading: &'r Reading, context: &Value, second: Option<Second>) -> Told<'r> {
    told(reading, "checkout", &Context::from_value(context).unwrap(), second).unwrap()
}

fn seen(told: &Told<'_>) -> String {
    told.lines().iter().map(|line| format!("{}\n", render_line(line, false))).collect()
}

/// Makes sure that a person sees this, one line below the other.
#[track_caller]
fn shows(told: &Told<'_>, expected: &str) {
    let seen = seen(told);
    assert_eq!(seen.trim(), expected.trim(), "it looks like this:\n{seen}");
}

#[test]
fn a_split_says_where_the_user_is() {
    let checkout = reading(CHECKOUT);
    let context =
        json!({ "targetingKey": "user-12345", "tier": "pro", "country": "DE", "appVersion": "2.4.1" });
    let told = explained(&checkout, &context, None);
    assert_eq!(told.exit().code(), 0);
    shows(
        &told,
        r#"
checkout  =  "one-page"   variant-a   reason SPLIT   prod v7

  ✓ not killed
  ✓ on in prod
  ✓ needs payments-v2 = on                         it is on
  rules, the first that matches decides
    ✗ 1 internal users
        ✗ or  email ends with "@acme.com"          email was not sent
        ✗ or  betaTester == true                   betaTester was not sent
    ✓ 2 pro users on 2.x
        ✓ and tier in ["pro", "enterprise"]        tier = "pro"
        ✓ and appVersion semver ">=2.0.0 <3.0.0"   appVersion = "2.4.1"
          split control      0.00 ..  90.00
                variant-a   90.00 .. 100.00        user-12345 is at 93.40   ◀ variant-a
      3 (no name)                                  not reached
  else control                                     not reached

  Not used: country.
"#,
    );
}

#[test]
fn what_is_left_out_says_so_and_nested_conditions_are_below_each_other() {
    let checkout = reading(CHECKOUT);
    let context = json!({ "company": "acme", "b": 2, "country": "US" });
    let told = explained(&checkout, &context, None);
    shows(
        &told,
        r#"
checkout  =  "classic"   control   reason DEFAULT   prod v7

  ✓ not killed
  ✓ on in prod
  ✓ needs payments-v2 = on                         it is on
  rules, the first that matches decides
    ✗ 1 internal users
        ✗ or  email ends with "@acme.com"          email was not sent
        ✗ or  betaTester == true                   betaTester was not sent
    ✗ 2 pro users on 2.x
        ✗ and tier in ["pro", "enterprise"]        tier was not sent
        ✗ and appVersion semver ">=2.0.0 <3.0.0"   appVersion was not sent
    ✓ 3 (no name)
        ✓ and not any of
              ✗ or  country in ["KP", "IR"]        country = "US"
              ✗ or  exists `blocked by`            blocked by was not sent
        ✓ and any of
              ✗ or  a == 1                         a was not sent
              ✓ or  b == 2                         b = 2
        ✗ rollout 12.5 %                           company acme is at 74.22, left out   ◀ control
  else control                                     not reached
"#,
    );
}

#[test]
fn what_is_missing_for_a_bucket_is_an_error_that_names_it() {
    let checkout = reading(CHECKOUT);
    let told = explained(&checkout, &json!({ "b": 2 }), None);
    assert_eq!(told.exit().code(), 1);
    let text = seen(&told);
    assert!(
        text.starts_with("checkout  =  TARGETING_KEY_MISSING   prod v7\n  the context needs \"company\""),
        "{text}"
    );
    assert!(text.contains("✗ bucket by company"), "{text}");
    assert!(
        text.contains("company is missing, empty, a list or an object   ◀ TARGETING_KEY_MISSING"),
        "{text}"
    );
}

#[test]
fn a_dependency_that_is_off_says_why() {
    let mut reading = reading(CHECKOUT);
    kill(&mut reading.documents, "payments-v2");
    let told = explained(&reading, &json!({}), None);
    shows(
        &told,
        r#"
checkout  =  "classic"   control   reason DISABLED   prod v7

  ✓ not killed
  ✓ on in prod
  ✗ needs payments-v2 = on   it is "off", not "on"   ◀ control
      ✗ killed               ◀ off
      else on                not reached
  - 3 rules                  not reached
  else control               not reached
"#,
    );
}

#[test]
fn a_kill_says_who_and_what_is_not_there_says_where() {
    let mut reading = reading(CHECKOUT);
    kill(&mut reading.documents, "checkout");
    reading.kill = Some("by lead: 5xx \u{202e}spike".into());
    let text = seen(&explained(&reading, &json!({}), None));
    assert!(text.contains("✗ killed by lead: 5xx \\u{202e}spike   ◀ control"), "{text}");
    assert!(text.contains("- 3 rules") && !text.contains("internal users"), "{text}");
    let nothing = Reading { documents: documents(&[]), ..reading };
    let told = explained(&nothing, &json!({}), None);
    assert_eq!(told.exit().code(), 6);
    assert!(seen(&told).contains("✗ serves nothing in prod   ◀ FLAG_NOT_FOUND"));
}

#[test]
fn changes_that_wait_say_what_the_user_would_get() {
    let after = |from: &str, to: &str| FlagConfig::from_yaml(&CHECKOUT.replace(from, to)).unwrap();
    let document = |config| vec![("checkout".to_owned(), config)];
    let waiting = vec![
        Waiting {
            number: 12,
            documents: document(Some(after("control=90, variant-a=10", "variant-a=30, control=70"))),
        },
        Waiting { number: 13, documents: document(Some(after("enabled: true", "enabled: true\nsalt: new"))) },
        Waiting { number: 14, documents: document(None) },
        Waiting { number: 15, documents: vec![("payments-v2".to_owned(), None)] },
    ];
    let reading = Reading { waiting, ..reading(CHECKOUT) };
    let told = explained(
        &reading,
        &json!({ "targetingKey": "user-12345", "tier": "pro", "appVersion": "2.4.1" }),
        None,
    );
    let text = seen(&told);
    let after: Vec<&str> = text.lines().filter(|line| line.contains("After")).collect();
    assert_eq!(
        after,
        [
            "  After #12 this user would get control, reason SPLIT; it moves 40 % of those in rule \"pro users on 2.x\".",
            "  After #13 this user would get control, reason SPLIT; it reshuffles everyone.",
            "  After #14 it would serve nothing in prod.",
            "  After #15 this user would get control, reason DISABLED.",
        ]
    );
    assert_eq!(told.value()["after"][0]["result"]["variant"], "control");
    assert_eq!(told.value()["after"][3]["result"]["blockedBy"], "payments-v2");
}

#[test]
fn json_is_the_trace_of_the_engine() {
    let checkout = reading(CHECKOUT);
    let context = json!({ "targetingKey": "u", "email": "joe@acme.com" });
    let told = explained(&checkout, &context, None);
    let reading = reading(CHECKOUT);
    let context = Context::from_value(&context).unwrap();
    let trace = fluxgate_engine::explain(&reading.documents, "checkout", &context, &());
    let trace = serde_json::to_value(&trace).unwrap();
    for (field, value) in trace.as_object().unwrap() {
        assert_eq!(&told.value()[field], value, "{field}");
    }
    assert_eq!(told.value()["version"], 7);
    assert_eq!(told.value()["environment"], "prod");
}

/// What the backend came to.
fn backend(variant: &str, reason: &str) -> Second {
    let value = json!({ "feature": "checkout", "value": if variant == "control" { "classic" } else { "one-page" }, "variant": variant, "reason": reason, "version": 7, "criterion": 1, "criterionName": null, "killSwitch": false, "blockedBy": null, "errorCode": null, "errorDetails": null });
    Second::of("the backend", serde_json::from_value::<Evaluation>(value).unwrap())
}

#[test]
fn a_second_opinion_is_told_and_one_that_differs_fails() {
    let checkout = reading(CHECKOUT);
    let context = json!({ "targetingKey": "user-12345", "tier": "pro", "appVersion": "2.4.1" });
    let told = explained(&checkout, &context, Some(backend("variant-a", "SPLIT")));
    assert!(seen(&told).contains("  ✓ the backend comes to the same"));
    assert_eq!((told.exit().code(), &told.value()["second"]["agrees"]), (0, &json!(true)));
    let told = explained(&checkout, &context, Some(backend("control", "SPLIT")));
    assert!(seen(&told).contains("  ✗ the backend comes to control (SPLIT, v7)"), "{}", seen(&told));
    assert_eq!((told.exit().code(), &told.value()["second"]["agrees"]), (1, &json!(false)));
}

#[test]
fn what_a_sticky_split_keeps_is_known_from_the_backend() {
    let sticky = reading(&CHECKOUT.replace("default: control", "default: control\nsticky: true"));
    let context = json!({ "targetingKey": "user-12345", "tier": "pro", "appVersion": "2.4.1" });
    let alone = seen(&explained(&sticky, &context, None));
    assert!(alone.contains("Sticky: kept assignments are not looked at"), "{alone}");
    let told = explained(&sticky, &context, Some(backend("control", "SPLIT")));
    let text = seen(&told);
    assert!(text.starts_with("checkout  =  \"classic\"   control   reason SPLIT"), "{text}");
    assert!(text.contains("user-12345 is at 93.40\n"), "{text}");
    assert!(text.contains("kept from before   ◀ control"), "{text}");
    assert!(text.contains("Sticky: the variant is kept") && text.contains("comes to the same"), "{text}");
    // What nothing kept explains stays a difference.
    let told = explained(&sticky, &context, Some(backend("variant-b", "SPLIT")));
    assert_eq!(told.exit().code(), 1);
    let same = seen(&explained(&sticky, &context, Some(backend("variant-a", "SPLIT"))));
    assert!(same.contains("Sticky: nothing else is kept."), "{same}");
}
