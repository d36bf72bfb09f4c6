//! The steps of the algorithm, in its order, each with what became of it.

use fluxgate_engine::{
    CriterionOutcome, DependencyOutcome, DependencyStep, EvaluationError, Explanation, FlagConfig,
    OwnedEvaluation, Step, StepOutcome,
};

use super::criterion;
use super::reading::Reading;
use super::rows::Row;
use crate::output::Tone;

/// What a document without a variant says: what an application passes along when it asks.
pub(super) const OWN_DEFAULT: &str = "the application's own default";

/// Returns the rows of an explanation.
pub(super) fn rows<'r>(explanation: &'r Explanation, reading: &'r Reading) -> Vec<Row> {
    let mut steps = Steps { reading, asked: &explanation.feature, rows: Vec::new() };
    steps.feature(explanation, 2);
    steps.rows
}

/// Returns what somebody gets, in a word.
pub(super) fn outcome(result: &Result<OwnedEvaluation, EvaluationError>) -> &str {
    match result {
        Ok(evaluation) => evaluation.variant.as_deref().unwrap_or(OWN_DEFAULT),
        Err(error) => error.code(),
    }
}

struct Steps<'r> {
    reading: &'r Reading,
    /// The feature asked for, of which it is known who killed it.
    asked: &'r str,
    rows: Vec<Row>,
}

impl Steps<'_> {
    fn feature(&mut self, explanation: &Explanation, indent: usize) {
        let result = outcome(&explanation.result);
        let config = self.reading.documents.config(&explanation.feature);
        let place = self.reading.env.as_ref().map_or_else(String::new, |env| format!(" in {env}"));
        let mut criteria = Vec::new();
        for step in &explanation.steps {
            match step {
                Step::Found { outcome } if *outcome == StepOutcome::Decided => {
                    self.simple((false, format!("serves nothing{place}")), result, indent);
                }
                Step::KillSwitch { outcome } => match outcome {
                    StepOutcome::Passed => self.passed("not killed", indent),
                    StepOutcome::Decided => self.simple((false, self.killed(explanation)), result, indent),
                    StepOutcome::NotReached => {}
                },
                Step::Enabled { outcome } => match outcome {
                    StepOutcome::Passed => self.passed(&format!("on{place}"), indent),
                    StepOutcome::Decided => self.simple((false, format!("off{place}")), result, indent),
                    StepOutcome::NotReached => {}
                },
                Step::Dependency(step) => self.dependency(step, result, indent),
                Step::Criterion(step) => criteria.push(&**step),
                Step::Default { outcome } => {
                    self.criteria(&criteria, result, indent);
                    self.default(*outcome, config, indent);
                }
                Step::Found { .. } => {}
            }
        }
    }

    fn passed(&mut self, what: &str, indent: usize) {
        self.rows.push(Row::new(indent).mark(true).and(Tone::Plain, what));
    }

    fn simple(&mut self, (holds, what): (bool, String), result: &str, indent: usize) {
        self.rows.push(Row::new(indent).mark(holds).and(Tone::Plain, what).decides(result));
    }

    fn killed(&self, explanation: &Explanation) -> String {
        match &self.reading.kill {
            Some(kill) if explanation.feature == self.asked => format!("killed {kill}"),
            _ => "killed".to_owned(),
        }
    }

    fn dependency(&mut self, step: &DependencyStep, result: &str, indent: usize) {
        let wanted = match step.variants.as_slice() {
            [] => "on".to_owned(),
            variants => variants.join(" or "),
        };
        let needs = format!("needs {} = {wanted}", step.feature);
        let row = Row::new(indent);
        match step.outcome {
            DependencyOutcome::Satisfied => {
                let came_to = step.came_to.as_ref();
                let variant = came_to.and_then(|came_to| came_to.variant.as_deref()).unwrap_or(OWN_DEFAULT);
                let row = row.mark(true).and(Tone::Plain, needs);
                self.rows.push(row.note(Tone::Plain, format!("it is {variant}")));
            }
            DependencyOutcome::NotSatisfied => {
                let why = step.why_not.as_ref().map(ToString::to_string).unwrap_or_default();
                let row = row.mark(false).and(Tone::Plain, needs).note(Tone::Plain, why);
                self.rows.push(row.decides(result));
                if let Some(explanation) = &step.explanation {
                    self.feature(explanation, indent + 4);
                }
            }
            DependencyOutcome::NotReached => {
                let row = row.and(Tone::Dim, format!("- {needs}"));
                self.rows.push(row.note(Tone::Dim, "not reached"));
            }
        }
    }

    fn criteria(&mut self, steps: &[&fluxgate_engine::CriterionStep], result: &str, indent: usize) {
        let reached = steps.iter().any(|step| step.outcome != CriterionOutcome::NotReached);
        match steps.len() {
            0 => {}
            count if !reached => {
                let what = if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
                let row = Row::new(indent).and(Tone::Dim, format!("- {what}"));
                self.rows.push(row.note(Tone::Dim, "not reached"));
            }
            _ => {
                self.rows.push(Row::new(indent).and(Tone::Plain, "rules, the first that matches decides"));
                for step in steps {
                    self.rows.extend(criterion::rows(step, result, indent + 2));
                }
            }
        }
    }

    fn default(&mut self, outcome: StepOutcome, config: Option<&FlagConfig>, indent: usize) {
        let default = config.and_then(|config| config.default.as_deref()).unwrap_or(OWN_DEFAULT);
        if outcome == StepOutcome::Decided {
            let row = Row::new(indent).and(Tone::Plain, format!("else {default}"));
            self.rows.push(row.decides(default));
        } else {
            let row = Row::new(indent).and(Tone::Dim, format!("else {default}"));
            self.rows.push(row.note(Tone::Dim, "not reached"));
        }
    }
}
