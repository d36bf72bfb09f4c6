//! Manifests: one canonical text for each thing, and errors with their places.

use fluxgate_engine::{Manifest, Spec, read_manifests};

/// One of each kind, each as it is written.
const ALL: &str = r##"---
apiVersion: fluxgate/v1
kind: Environment
metadata:
  team: shop
  key: prod
spec:
  name: Production
  type: PRODUCTION
  colour: "#3fb950"
  position: 3
---
apiVersion: fluxgate/v1
kind: Pipeline
metadata:
  team: shop
  key: standard
spec:
  stages:
    - environment: dev
    - environment: qa
      after: dev
    - environment: prod
      after: dev
---
apiVersion: fluxgate/v1
kind: ContextKey
metadata:
  team: shop
  key: tier
spec:
  type: STRING
  description: |-
    What they pay for.
      Or not.
  allowedValues: [free, pro, "1"]
---
apiVersion: fluxgate/v1
kind: Feature
metadata:
  team: shop
  key: checkout
  tags: [cart, experiment]
spec:
  name: The checkout
  kind: CONTEXTUAL
  lifecycle: ACTIVE
  owner: payments
  removalDate: "2027-01-31T00:00:00Z"
  pipeline: standard
  variants:
    express: 1.0
    normal: 2
  stages:
    dev:
      enabled: true
      default: normal
      "off": normal
      sticky: true
      dependsOn:
        - feature: payments
      criteria:
        - name: pro
          when: tier in ["pro"] and not beta == true
          split: express=50, normal=50
    prod:
      enabled: false
      default: normal
      "off": null
---
apiVersion: fluxgate/v1
kind: Feature
metadata:
  team: shop
  key: differs
spec:
  kind: CONTEXTUAL
  lifecycle: BETA
  pipeline: standard
  stages:
    dev:
      enabled: true
      variants:
        a: x
      default: a
      "off": a
    prod:
      enabled: true
      variants:
        a: "y"
      default: a
      "off": a
---
apiVersion: fluxgate/v1
kind: Feature
metadata:
  team: shop
  key: nowhere
spec:
  kind: CONTEXTUAL
  valueType: STRING
  lifecycle: BETA
  pipeline: standard
---
apiVersion: fluxgate/v1
kind: Feature
metadata:
  team: shop
  key: switch
spec:
  kind: SIMPLE
  lifecycle: BETA
  pipeline: standard
  stages:
    dev:
      enabled: true
---
apiVersion: fluxgate/v1
kind: Policy
metadata:
  team: shop
  name: Production
spec:
  scope: LISTED
  environments: [prod]
  approvals: 2
  roles: [TEAM_ADMIN]
  autoApproveHours: 4
  overrideAllowed: true
"##;

fn read(text: &str) -> Vec<Manifest> {
    let file = read_manifests(text);
    assert_eq!(file.problems, []);
    file.documents.into_iter().map(|written| written.manifest).collect()
}

fn problems(text: &str) -> String {
    let file = read_manifests(text);
    let problems: Vec<String> = file.problems.iter().map(ToString::to_string).collect();
    problems.join("\n")
}

#[test]
fn what_is_read_is_written_the_same() {
    let all = read(ALL);
    assert_eq!(all.len(), 8);
    let text: String = all.iter().map(|manifest| format!("---\n{}", manifest.to_yaml())).collect();
    assert_eq!(text, ALL);
    assert_eq!(read(&text), all);
}

#[test]
fn other_ways_to_write_it_mean_the_same() {
    let canonical = &read(ALL)[3];
    let other = r#"
{apiVersion: fluxgate/v1, kind: Feature,
 spec: {kind: CONTEXTUAL, lifecycle: ACTIVE, pipeline: standard, owner: " payments ", description: "", name: The checkout,
  removalDate: "2027-01-31T01:00:00+01:00",
  stages: {
    prod: {enabled: false, default: normal, off: ~, variants: {normal: 2, express: 1.0}, sticky: false},
    dev: {enabled: true, default: normal, off: normal, variants: {normal: 2, express: 1.0}, sticky: true,
      dependsOn: [{feature: payments}],
      criteria: [{name: pro, rollout: 100, when: {all: [{key: tier, op: in, value: [pro]},
        {not: {key: beta, op: equals, value: true}}]},
        split: [{variant: express, weight: 50}, {variant: normal, weight: 50}]}]}}},
 metadata: {tags: [experiment, cart, cart], key: checkout, team: shop}}
"#;
    assert_eq!(read(other), std::slice::from_ref(canonical));
    let json = r#"{"apiVersion":"fluxgate/v1","kind":"Pipeline","metadata":{"key":"p"},
        "spec":{"name":"","stages":[{"environment":"dev","after":null}]}}"#;
    let [pipeline] = read(json).try_into().unwrap();
    assert_eq!((pipeline.team, pipeline.key.as_str()), (None, "p"));
    let Spec::Pipeline(spec) = pipeline.spec else { panic!() };
    assert_eq!((spec.name.as_str(), spec.stages.len()), ("p", 1));
}

#[test]
fn documents_are_divided_at_their_markers() {
    let policy =
        "apiVersion: fluxgate/v1\nkind: Policy\nmetadata: {name: a}\nspec: {scope: ALL, approvals: 1}\n";
    for text in [
        policy.to_owned(),
        format!("%YAML 1.2\n---\n{policy}...\n"),
        format!("# A comment.\n---\n# Another.\n{policy}---\n---\n# Nothing.\n"),
        format!("\u{FEFF}---\r\n{}", policy.replace('\n', "\r\n")),
    ] {
        assert_eq!(read(&text).len(), 1, "{text:?}");
    }
    assert_eq!(read(""), []);
    assert_eq!(read("# Nothing but a comment.\n---\n"), []);
    let second = format!("{policy}---\n{}", policy.replace("ALL", "all"));
    assert_eq!(problems(&second), "9:15 spec.scope: is no word here: \"all\"; did you mean ALL?");
    let file = read_manifests(&second);
    assert_eq!(file.documents.len(), 1);
}

#[test]
fn every_problem_has_its_place() {
    let text = r#"apiVersion: fluxgate/v2
kind: Feature
metadata:
  key: a b
  labels: [x]
spec:
  kind: contextual
  lifecycle: ARCHIVED
  owner:
  variants:
    control: 1
    express: 2
  stages:
    dev:
      enabled: true
      default: contrl
      off: control
      criteria:
        - when: country = "US"
          split: contrl=50, express=50
    prod:
      enabled: true
      variants: {a: 1}
    qa: 3
---
apiVersion: fluxgate/v1
kind: Pipelin
metadata: {}
---
apiVersion: fluxgate/v1
kind: Pipeline
metadata: {key: p}
spec:
  stages:
    - environment: dev
      after: prod
    - environment: qa
    - environment: dev
      after: dev
---
apiVersion: fluxgate/v1
kind: Policy
metadata: {name: p}
spec:
  scope: PRODUCTION
  environments: [prod]
  approvals: 0
  roles: [APROVER, 3]
---
apiVersion: fluxgate/v1
kind: Environment
metadata: {key: dev}
spec: {type: DEV, colour: red, active: yes}
---
apiVersion: fluxgate/v1
kind: Feature
metadata: {key: f}
spec:
  kind: SIMPLE
  removalDate: tomorrow
  stages:
    dev:
      enabled: true
      criteria: [{serve: on}]
---
kind: [
"#;
    assert_eq!(
        problems(text),
        r##"1:13 apiVersion: must be fluxgate/v1
4:8 metadata.key: a key has up to 100 of a-z, A-Z, 0-9, '.', '_' and '-', and begins with a letter or digit
5:3 metadata.labels: is no field here; there are team, key, tags
7:9 spec.kind: is no word here: "contextual"; did you mean CONTEXTUAL?
8:14 spec.lifecycle: files archive nothing: fgctl feature archive does
9:8 spec.owner: is empty; leave the field out or give a value
16:16 spec.stages.dev.default: no variant "contrl"; did you mean "control"?
19:25 spec.stages.dev.criteria[0].when: expected ==, found =
20:18 spec.stages.dev.criteria[0].split: no variant "contrl"; did you mean "control"?
23:7 spec.stages.prod.variants: are there for all stages, in line 10; say them once
24:9 spec.stages.qa: must be a flag config, not a number; leave the stage out to leave it as it is
26:1 spec: is required: an object
27:7 kind: is no word here: "Pipelin"; did you mean Pipeline?
36:14 spec.stages[0].after: "prod" does not stand before it in this list
37:7 spec.stages[1].after: is required: only the first stage follows none
38:20 spec.stages[2].environment: "dev" is there twice
46:17 spec.environments: only a policy with the scope LISTED names some
47:14 spec.approvals: must be a whole number from 1 on
48:11 spec.roles[0]: is no word here: "APROVER"; did you mean APPROVER?
48:20 spec.roles[1]: must be a string, not a number
53:14 spec.type: is no word here: "DEV"; did you mean DEVELOPMENT?
53:27 spec.colour: must look like "#3fb950"
53:40 spec.active: must be true or false, not a string
60:16 spec.removalDate: must be an instant, like "2027-01-31T00:00:00Z"
64:7 spec.stages.dev.criteria: a SIMPLE feature has none; CONTEXTUAL ones have
66:7 is not YAML: unclosed bracket '['"##
    );
}

#[test]
fn a_feature_has_values_of_one_type() {
    let text = "apiVersion: fluxgate/v1\nkind: Feature\nmetadata: {key: f}\nspec:\n  kind: CONTEXTUAL\n  stages:\n    \
        dev: {enabled: true, variants: {a: 1}, default: a, off: a}\n    \
        prod: {enabled: true, variants: {a: x}, default: a, off: a}\n";
    assert_eq!(problems(text), "8:5 spec.stages.prod: has STRING values, and the feature's are NUMBER");
    let none = "apiVersion: fluxgate/v1\nkind: Feature\nmetadata: {key: f}\nspec: {kind: CONTEXTUAL}\n";
    assert_eq!(
        problems(none),
        "4:7 spec.valueType: is required of a feature without stages: BOOLEAN, STRING, NUMBER, OBJECT"
    );
}

#[test]
fn what_is_probably_not_meant_has_its_place_too() {
    let text = "# A feature.\n---\napiVersion: fluxgate/v1\nkind: Feature\nmetadata: {key: f}\nspec:\n  kind: CONTEXTUAL\n  \
        variants: {a: 1, b: 2}\n  stages:\n    dev:\n      enabled: true\n      default: a\n      off: a\n      criteria:\n        \
        - serve: b\n        - name: never\n          serve: a\n";
    let [written] = read_manifests(text).documents.try_into().unwrap();
    let lints: Vec<String> = written.lint().iter().map(ToString::to_string).collect();
    assert_eq!(lints.len(), 1, "{lints:?}");
    assert!(lints[0].starts_with("16:11 spec.stages.dev.criteria[1]: "), "{lints:?}");
    // In all stages together every variant is served.
    let prod = "    prod:\n      enabled: true\n      default: a\n      off: a\n";
    let alone = text.split("      criteria").next().unwrap();
    let told = |text: &str| read_manifests(text).documents[0].lint().len();
    assert_eq!((told(alone), told(&format!("{text}{prod}")), told(&format!("{alone}{prod}"))), (1, 1, 1));
    let problem = written.problem("spec.stages.dev", "is in no pipeline");
    assert_eq!(problem.to_string(), "10:5 spec.stages.dev: is in no pipeline");
}

#[test]
fn whatever_is_cut_out_is_read_or_has_its_place() {
    let lines: Vec<&str> = ALL.lines().collect();
    let without = |skipped: usize| {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != skipped);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let cut = |at: usize| ALL[..at].to_owned();
    let odd = |at: usize| format!("{}\u{202e}é[{}", &ALL[..at], &ALL[at..]);
    let places = (0..ALL.len()).step_by(7);
    let texts = (0..lines.len()).map(without).chain(places.clone().map(cut)).chain(places.map(odd));
    for text in texts {
        let file = read_manifests(&text);
        for problem in &file.problems {
            let is_inside = problem.line <= text.lines().count() + 1 && problem.column >= 1;
            assert!(is_inside, "{problem} in {text}");
        }
        // What is read without a problem is written, and read the same.
        for written in &file.documents {
            assert_eq!(read(&written.manifest.to_yaml()), std::slice::from_ref(&written.manifest));
        }
    }
}
