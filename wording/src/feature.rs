//! Features in words: what their stages are doing.

use fluxgate_client::EnvironmentType;
use fluxgate_client::feature::Stage;
use serde_json::Value;

use crate::Tone;
use crate::change::progress_of_pending;

/// Returns what a stage is doing, in a word or two; `-` where nothing is live.
pub fn state(stage: &Stage) -> (Tone, String) {
    if stage.kill.is_some() {
        return (Tone::Bad, "killed".to_owned());
    }
    if let Some(pending) = stage.pending.first() {
        let text = format!("#{} {}", pending.number, progress_of_pending(pending));
        return (Tone::Waiting, text.trim_end().to_owned());
    }
    match &stage.live {
        None => (Tone::Plain, "-".to_owned()),
        Some(live) if live.config["enabled"] == Value::Bool(true) => (Tone::Good, "on".to_owned()),
        Some(_) => (Tone::Dim, "off".to_owned()),
    }
}

/// Returns the same, and of what is on whom it serves: `on`, `25 %`, `60/40`, `4 rules`.
pub fn state_served(stage: &Stage) -> (Tone, String) {
    match (state(stage), &stage.live) {
        ((Tone::Good, _), Some(live)) => (Tone::Good, served(&live.config)),
        (state, _) => state,
    }
}

/// Says whom a document serves that is enabled, in a word or two.
pub fn served(config: &Value) -> String {
    let rules = config["criteria"].as_array().map(Vec::as_slice).unwrap_or_default();
    match rules {
        [] => "on".to_owned(),
        [rule] if rule["when"].is_null() => to_everyone(rule),
        [_] => "1 rule".to_owned(),
        rules => format!("{} rules", rules.len()),
    }
}

/// Says what a rule does that is for everyone.
fn to_everyone(rule: &Value) -> String {
    if let Some(percent) = rule["rollout"].as_f64() {
        return format!("{percent} %");
    }
    let shares = rule["split"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shares: Vec<String> =
        shares.iter().filter_map(|share| share["weight"].as_f64()).map(|weight| weight.to_string()).collect();
    if shares.is_empty() { "on".to_owned() } else { shares.join("/") }
}

/// Says what those get whom a document's rules do not take in, or everyone where there are none.
pub fn serves(config: &Value) -> String {
    let variant = |name: &str| config[name].as_str().unwrap_or("the application's own default").to_owned();
    if config["enabled"] != Value::Bool(true) {
        return format!("{} to everyone", variant("off"));
    }
    match config["criteria"].as_array().map_or(0, Vec::len) {
        0 => format!("{} to everyone", variant("default")),
        1 => format!("1 rule, else {}", variant("default")),
        rules => format!("{rules} rules, else {}", variant("default")),
    }
}

/// Returns the variants of a document, each with its value.
pub fn variants(config: &Value) -> Vec<(String, String)> {
    let variants = config["variants"].as_object();
    variants.into_iter().flatten().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

/// Returns the features that a document needs.
pub fn needs(config: &Value) -> Vec<String> {
    let needed = config["dependsOn"].as_array();
    let keys = needed.into_iter().flatten().filter_map(|needed| needed["feature"].as_str());
    keys.map(str::to_owned).collect()
}

/// Returns the environments in the order of the pipelines: those for building first, production last.
pub fn environments<'s>(stages: impl Iterator<Item = &'s Stage>) -> Vec<String> {
    environments_of(stages.map(|stage| (stage.environment.key.as_str(), &stage.environment.type_)))
}

/// Returns the same of environments by their keys.
pub fn environments_of<'s>(stages: impl Iterator<Item = (&'s str, &'s EnvironmentType)>) -> Vec<String> {
    let mut found: Vec<(u8, String)> = Vec::new();
    for (env, type_) in stages {
        if found.iter().all(|(_, key)| key != env) {
            let rank = match type_ {
                EnvironmentType::Development => 0,
                EnvironmentType::Staging => 1,
                EnvironmentType::Production | EnvironmentType::Other(_) => 2,
            };
            found.push((rank, env.to_owned()));
        }
    }
    // Stable, so that environments of one type stay in their pipeline's order.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{needs, served, serves, variants};

    #[test]
    fn whom_it_serves_is_a_word() {
        let rule = |rule| json!({"enabled": true, "default": "on", "criteria": [rule]});
        assert_eq!(served(&json!({"enabled": true, "default": "on"})), "on");
        assert_eq!(served(&rule(json!({"serve": "on"}))), "on");
        assert_eq!(served(&rule(json!({"serve": "on", "rollout": 25}))), "25 %");
        assert_eq!(served(&rule(json!({"serve": "on", "rollout": 12.5}))), "12.5 %");
        let split = json!([{"variant": "a", "weight": 60}, {"variant": "b", "weight": 40}]);
        assert_eq!(served(&rule(json!({"split": split}))), "60/40");
        let when = json!({"attribute": "country", "op": "EQUALS", "value": "FI"});
        assert_eq!(served(&rule(json!({"serve": "on", "rollout": 25, "when": when}))), "1 rule");
        let several =
            json!({"enabled": true, "default": "off", "criteria": [{"serve": "on"}, {"serve": "off"}]});
        assert_eq!(served(&several), "2 rules");
        assert_eq!(serves(&several), "2 rules, else off");
        assert_eq!(serves(&json!({"enabled": false, "off": "off"})), "off to everyone");
    }

    #[test]
    fn a_document_says_what_it_has_and_needs() {
        let config = json!({"variants": {"on": true, "off": false}, "dependsOn": [{"feature": "payments"}]});
        assert_eq!(needs(&config), ["payments"]);
        assert_eq!(variants(&config), [("off".into(), "false".into()), ("on".into(), "true".into())]);
        assert!(needs(&json!({})).is_empty() && variants(&json!(null)).is_empty());
    }
}
