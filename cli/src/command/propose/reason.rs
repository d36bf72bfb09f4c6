//! Why something is done, when nobody says: in CI, the run says it.

/// How long may a reason be?
const LONGEST: usize = 1_000;

/// Returns the reason that was given, or in CI which run it is, of what, by whom.
pub(crate) fn reason(given: Option<&str>) -> Option<String> {
    match given {
        Some(given) => Some(given.to_owned()),
        None => of_run(|name| std::env::var(name).ok()),
    }
}

/// Where a CI system says what runs: the variable that tells which it is, then what it calls the repository, the run, who
/// started it, and the commit; the first that is set counts.
struct System {
    name: &'static str,
    sign: &'static str,
    repository: &'static [&'static str],
    run: &'static [&'static str],
    actor: &'static [&'static str],
    commit: &'static [&'static str],
}

const SYSTEMS: [System; 4] = [
    System {
        name: "GitHub Actions",
        sign: "GITHUB_ACTIONS",
        repository: &["GITHUB_REPOSITORY"],
        run: &["GITHUB_RUN_ID"],
        actor: &["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"],
        commit: &["GITHUB_SHA"],
    },
    System {
        name: "GitLab CI",
        sign: "GITLAB_CI",
        repository: &["CI_PROJECT_PATH"],
        run: &["CI_JOB_ID", "CI_PIPELINE_ID"],
        actor: &["GITLAB_USER_LOGIN"],
        commit: &["CI_COMMIT_SHA"],
    },
    System {
        name: "Jenkins",
        sign: "JENKINS_URL",
        repository: &["JOB_NAME"],
        run: &["BUILD_NUMBER"],
        actor: &["BUILD_USER_ID", "CHANGE_AUTHOR"],
        commit: &["GIT_COMMIT"],
    },
    System {
        name: "Buildkite",
        sign: "BUILDKITE",
        repository: &["BUILDKITE_PIPELINE_SLUG"],
        run: &["BUILDKITE_BUILD_NUMBER"],
        actor: &["BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"],
        commit: &["BUILDKITE_COMMIT"],
    },
];

/// Says which run this is, in a CI system that is known.
fn of_run(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &&str| variable(name).filter(|value| !value.trim().is_empty());
    let system = SYSTEMS.iter().find(|system| set(&system.sign).is_some_and(|sign| sign != "false"))?;
    let first = |names: &[&str]| names.iter().find_map(set);
    let mut text = system.name.to_owned();
    if let Some(repository) = first(system.repository) {
        text.push_str(&format!(": {repository}"));
    }
    if let Some(run) = first(system.run) {
        text.push_str(&format!(" run {run}"));
    }
    if let Some(actor) = first(system.actor) {
        text.push_str(&format!(" by {actor}"));
    }
    if let Some(commit) = first(system.commit) {
        let short: String = commit.chars().take(12).collect();
        text.push_str(&format!(" at {short}"));
    }
    Some(text.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{of_run, reason};

    fn run(variables: &[(&str, &str)]) -> Option<String> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        of_run(|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_run_says_what_it_is() {
        let github = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "5512"),
            ("GITHUB_ACTOR", "dan"),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ];
        assert_eq!(run(&github).unwrap(), "GitHub Actions: acme/shop run 5512 by dan at 0123456789ab");
        let gitlab = [
            ("CI", "true"),
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "acme/shop"),
            ("CI_JOB_ID", "77"),
            ("GITLAB_USER_LOGIN", "dan"),
        ];
        assert_eq!(run(&gitlab).unwrap(), "GitLab CI: acme/shop run 77 by dan");
        let jenkins = [("JENKINS_URL", "https://ci"), ("JOB_NAME", "shop/main"), ("BUILD_NUMBER", "9")];
        assert_eq!(run(&jenkins).unwrap(), "Jenkins: shop/main run 9");
        let buildkite = [("BUILDKITE", "true"), ("BUILDKITE_BUILD_CREATOR", "Dan"), ("GITHUB_SHA", "x")];
        assert_eq!(run(&buildkite).unwrap(), "Buildkite by Dan");
    }

    #[test]
    fn elsewhere_nothing_is_made_up() {
        assert_eq!(run(&[("GITHUB_SHA", "x"), ("CI", "true")]), None);
        assert_eq!(run(&[("GITHUB_ACTIONS", "")]), None);
        assert_eq!(reason(Some("mine")), Some("mine".to_owned()));
    }

    #[test]
    fn it_is_never_longer_than_the_server_takes() {
        let long = "x".repeat(5_000);
        let text = run(&[("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", &long)]).unwrap();
        assert_eq!(text.chars().count(), 1_000);
    }
}
