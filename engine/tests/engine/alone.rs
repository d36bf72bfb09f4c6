//! One feature by itself, for tests that ask what a tree, a rollout or a split does.

use fluxgate_engine::{Context, Criterion, Flag, FlagConfig, Flags, Match, Reason, Served, evaluate};

/// Returns a feature `f` with the variants `on` and `off`, `off` when its one criterion does not decide.
pub(crate) fn alone(criterion: Criterion) -> Flag {
    let mut config = FlagConfig::simple(true);
    config.default = Some("off".to_owned());
    config.criteria = vec![criterion];
    Flag::compile("f", &config).unwrap()
}

/// Returns the variant of one flag, and why.
pub(crate) fn served(flag: &Flag, context: &Context<'_>) -> (Option<String>, Reason) {
    let flags = One(flag);
    let result = evaluate(&flags, flag.key(), context).unwrap();
    (result.variant.map(str::to_owned), result.reason)
}

/// Returns whether a tree matches; unlike a document's it may be of any depth.
pub(crate) fn holds(when: &Match, context: &Context<'_>) -> bool {
    let serve = Some("on".to_owned());
    let flag = alone(Criterion { when: Some(when.clone()), serve, ..Criterion::default() });
    served(&flag, context).1 == Reason::TargetingMatch
}

/// An environment of one feature.
pub(crate) struct One<'f>(pub(crate) &'f Flag);

impl Flags for One<'_> {
    fn get(&self, key: &str) -> Option<Served<'_>> {
        (key == self.0.key()).then_some(Served { flag: self.0, killed: false })
    }
}
