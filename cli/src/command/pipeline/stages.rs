//! A pipeline's stages as people type them, and as they are shown: `dev → qa → (prod-us | prod-eu)`.

use fluxgate_client::pipeline::{PipelineStage, PipelineStageInput};

use crate::error::{CliError, nearest};

/// How many stages deep is a pipeline shown?
const DEEPEST: usize = 64;

/// Reads a line of stages, and what branches off it: pairs of an environment and those behind it, in commas.
pub(super) fn stages(line: &[String], branches: &[String]) -> Result<Vec<PipelineStageInput>, CliError> {
    let mut stages: Vec<PipelineStageInput> = Vec::new();
    let mut before = None;
    for environment in line {
        push(&mut stages, environment, before.take())?;
        before = Some(environment.trim().to_owned());
    }
    for pair in branches.chunks(2) {
        let [after, behind] = pair else {
            return Err(CliError::usage("--after takes an environment, and those behind it"));
        };
        let known: Vec<String> = stages.iter().map(|stage| stage.environment.clone()).collect();
        if !known.contains(after) {
            let message = format!("--after {after}: {after} is no stage before that");
            return Err(match nearest(after, &known) {
                Some(nearest) => CliError::usage(message).hint(format!("did you mean {nearest}?")),
                None => CliError::usage(message).hint(format!("the stages are {}", known.join(", "))),
            });
        }
        for environment in behind.split(',') {
            push(&mut stages, environment, Some(after.clone()))?;
        }
    }
    Ok(stages)
}

fn push(
    stages: &mut Vec<PipelineStageInput>,
    environment: &str,
    after: Option<String>,
) -> Result<(), CliError> {
    let environment = environment.trim().to_owned();
    if environment.is_empty() {
        return Err(CliError::usage("a stage has no name: write them like dev,staging,prod"));
    }
    if stages.iter().any(|stage| stage.environment == environment) {
        return Err(CliError::usage(format!("{environment} is a stage twice: a pipeline is a tree")));
    }
    stages.push(PipelineStageInput { environment, after });
    Ok(())
}

/// Returns the stages on one line, from the first on.
pub(super) fn flow(stages: &[PipelineStage]) -> String {
    let mut left: Vec<&PipelineStage> = stages.iter().collect();
    follow(&mut left, None, 0)
}

/// Takes out what comes behind an environment. Each stage is shown once, whatever the server sends.
fn follow(left: &mut Vec<&PipelineStage>, after: Option<&str>, depth: usize) -> String {
    if depth > DEEPEST {
        return "…".to_owned();
    }
    let next: Vec<&PipelineStage> = left.extract_if(.., |stage| stage.after.as_deref() == after).collect();
    let mut ways = Vec::with_capacity(next.len());
    for stage in next {
        let key = &stage.environment.key;
        ways.push(match follow(left, Some(key), depth + 1) {
            rest if rest.is_empty() => key.clone(),
            rest => format!("{key} → {rest}"),
        });
    }
    match ways.len() {
        0 | 1 => ways.concat(),
        _ => format!("({})", ways.join(" | ")),
    }
}

#[cfg(test)]
mod tests {
    use fluxgate_client::pipeline::{PipelineStage, PipelineStageEnvironment};

    use super::{flow, stages};

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn read(line: &str, branches: &str) -> Result<Vec<(String, Option<String>)>, String> {
        let line: Vec<String> = line.split(',').map(str::to_owned).collect();
        let stages = stages(&line, &words(branches)).map_err(|error| error.message.clone())?;
        Ok(stages.into_iter().map(|stage| (stage.environment, stage.after)).collect())
    }

    fn shown(stages: &[(String, Option<String>)]) -> String {
        let stage = |(n, (key, after)): (usize, &(String, Option<String>))| PipelineStage {
            environment: PipelineStageEnvironment { key: key.clone() },
            after: after.clone(),
            position: i64::try_from(n).unwrap(),
        };
        flow(&stages.iter().enumerate().map(stage).collect::<Vec<_>>())
    }

    #[test]
    fn a_line_and_its_branches() {
        let line = read("dev,staging,prod", "").unwrap();
        assert_eq!(line[0], ("dev".into(), None));
        assert_eq!(line[2], ("prod".into(), Some("staging".into())));
        assert_eq!(shown(&line), "dev → staging → prod");
        let tree = read("dev, qa", "qa prod-us,prod-eu prod-us dr").unwrap();
        assert_eq!(tree[3], ("prod-eu".into(), Some("qa".into())));
        assert_eq!(shown(&tree), "dev → qa → (prod-us → dr | prod-eu)");
    }

    #[test]
    fn what_is_no_tree_is_named() {
        assert!(read("dev,dev", "").unwrap_err().contains("dev is a stage twice"));
        assert!(read("dev,,prod", "").unwrap_err().contains("no name"));
        assert!(read("dev,qa", "q prod").unwrap_err().contains("--after q"));
        assert!(read("dev,qa", "qa dev").unwrap_err().contains("twice"));
    }

    #[test]
    fn nothing_that_a_server_sends_goes_on_for_ever() {
        let stage = |key: &str, after: Option<&str>| (key.to_owned(), after.map(str::to_owned));
        let circle = [stage("a", None), stage("a", Some("a")), stage("b", Some("c")), stage("c", Some("b"))];
        assert_eq!(shown(&circle), "a → a");
        assert_eq!(shown(&[]), "");
    }
}
