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

/// Returns the environments in the order of the pipelines: those for building first, production last.
pub fn environments<'s>(stages: impl Iterator<Item = &'s Stage>) -> Vec<String> {
    let mut found: Vec<(u8, String)> = Vec::new();
    for stage in stages {
        let env = &stage.environment;
        if found.iter().all(|(_, key)| *key != env.key) {
            let rank = match env.type_ {
                EnvironmentType::Development => 0,
                EnvironmentType::Staging => 1,
                EnvironmentType::Production | EnvironmentType::Other(_) => 2,
            };
            found.push((rank, env.key.clone()));
        }
    }
    // Stable, so that environments of one type stay in their pipeline's order.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, key)| key).collect()
}
