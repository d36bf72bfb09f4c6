//! Documents from files, without any server: flag configs named after their features, or exported features.

use std::path::{Path, PathBuf};

use fluxgate_engine::{FlagConfig, Problem, Spec, Written, read_manifests};
use serde_json::Value;

use super::Documents;
use crate::error::CliError;

/// How large may a file be? As large as the engine reads one feature's document, times ten stages.
const MAX_BYTES: u64 = 20 * 1024 * 1024;

/// How deep are folders looked into?
const MAX_FOLDERS: usize = 16;

impl Documents {
    /// Reads a file, or all files of a folder and those below it; of features with stages the one of the environment.
    pub(crate) fn of_files(path: &Path, env: Option<&str>) -> Result<Self, CliError> {
        let mut documents = Self::default();
        let mut files = Vec::new();
        let is_folder = path.is_dir();
        find(path, MAX_FOLDERS, &mut files).map_err(|error| cannot_read(path, &error))?;
        for file in &files {
            documents.read_file(file, env, is_folder)?;
        }
        if documents.held.is_empty() {
            let place = env.map_or_else(String::new, |env| format!(" for {env}"));
            let message = format!("no feature's document in {}{place}", path.display());
            return Err(
                CliError::usage(message).hint("`fgctl feature explain --help` says what files it reads")
            );
        }
        Ok(documents)
    }

    fn read_file(&mut self, path: &Path, env: Option<&str>, is_one_of_many: bool) -> Result<(), CliError> {
        let text = read(path).map_err(|error| cannot_read(path, &error))?;
        let options = serde_saphyr::options! { strict_booleans: true };
        let parsed: Vec<Value> =
            serde_saphyr::from_multiple_with_options(&text, options).map_err(|error| {
                CliError::usage(format!("{} is no YAML", path.display())).details([error.to_string()])
            })?;
        let is_config = |value: &Value| value["variants"].is_object() && value["kind"].is_null();
        if parsed.iter().any(|value| value["kind"] == "Feature") {
            self.take_features(path, &text, env)
        } else if let [config] = parsed.as_slice()
            && is_config(config)
        {
            let config = FlagConfig::from_yaml(&text).map_err(|error| broken(path, &error.problems))?;
            self.take(path, &stem(path), config)
        } else if !is_one_of_many && parsed.iter().all(|value| value["kind"].is_null()) {
            Err(CliError::usage(format!("{} holds no flag config and no feature", path.display())))
        } else {
            Ok(())
        }
    }

    /// Takes what exported features do in the environment, those that have a stage there.
    fn take_features(&mut self, path: &Path, text: &str, env: Option<&str>) -> Result<(), CliError> {
        let Some(env) = env else {
            let message = format!("{} has a document for each environment", path.display());
            return Err(CliError::usage(message).hint("say which one: -e KEY"));
        };
        let file = read_manifests(text);
        if !file.problems.is_empty() {
            return Err(broken(path, &file.problems));
        }
        for Written { manifest, .. } in file.documents {
            if let Spec::Feature(mut feature) = manifest.spec
                && let Some(config) = feature.stages.remove(env)
            {
                self.take(path, &manifest.key, config)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, path: &Path, key: &str, config: FlagConfig) -> Result<(), CliError> {
        if self.held.contains_key(key) {
            let message = format!("{} has a document of {key}, and so has a file before it", path.display());
            return Err(CliError::usage(message));
        }
        self.insert(key, config, None)
    }
}

/// Finds the files that may hold documents, in the order of their names.
fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        let is_hidden = entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_document = entry.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        if !is_hidden && (is_document && !entry.is_dir() || entry.is_dir() && depth > 0) {
            find(&entry, depth.saturating_sub(1), files)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > MAX_BYTES {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)));
    }
    std::fs::read_to_string(path)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn cannot_read(path: &Path, error: &std::io::Error) -> CliError {
    CliError::usage(format!("cannot read {}: {error}", path.display()))
}

fn broken(path: &Path, problems: &[Problem]) -> CliError {
    let place = path.display();
    let problems = problems.iter().map(|problem| format!("{place}:{problem}"));
    CliError::usage(format!("{place} is not valid")).details(problems)
}

#[cfg(test)]
mod tests {
    use fluxgate_engine::Context;

    use super::Documents;

    const CONFIG: &str = "enabled: true\nvariants: { on: true, off: false }\ndefault: on\noff: off\n";

    fn value(documents: &Documents, key: &str) -> Option<serde_json::Value> {
        documents.evaluate(key, &Context::new()).value
    }

    #[test]
    fn a_folder_of_flag_configs() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("more")).unwrap();
        std::fs::write(folder.path().join("a.yaml"), CONFIG).unwrap();
        std::fs::write(folder.path().join("more/b.yml"), CONFIG.replace("default: on", "default: off"))
            .unwrap();
        std::fs::write(folder.path().join("README.md"), "no document").unwrap();
        std::fs::write(folder.path().join("other.yaml"), "kind: Policy\nname: p\n").unwrap();
        let documents = Documents::of_files(folder.path(), None).unwrap();
        assert_eq!(documents.keys(), ["a", "b"]);
        assert_eq!(value(&documents, "a"), Some(true.into()));
        assert_eq!(value(&documents, "b"), Some(false.into()));
    }

    #[test]
    fn an_exported_feature_has_a_document_for_each_stage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        let text = "apiVersion: fluxgate/v1\nkind: Feature\nmetadata: { team: demo, key: banner }\nspec:\n  kind: CONTEXTUAL\n  valueType: NUMBER\n  variants: { a: 1.0, b: 2 }\n  stages:\n    dev:\n      enabled: true\n      default: a\n      off: b\n      criteria:\n        - when: country == \"US\"\n          split: a=50, b=50\n    prod: { enabled: false, default: a, off: b }\n";
        std::fs::write(&path, text).unwrap();
        let documents = Documents::of_files(&path, Some("prod")).unwrap();
        assert_eq!(value(&documents, "banner").unwrap().to_string(), "2.0");
        let documents = Documents::of_files(&path, Some("dev")).unwrap();
        assert_eq!(value(&documents, "banner").unwrap().to_string(), "1.0");
        assert_eq!(documents.config("banner").unwrap().criteria[0].split.len(), 2);
        assert!(Documents::of_files(&path, None).unwrap_err().hint.as_deref().unwrap().contains("-e KEY"));
        assert!(Documents::of_files(&path, Some("qa")).unwrap_err().message.contains("for qa"));
    }

    #[test]
    fn a_broken_file_is_named_with_the_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        std::fs::write(&path, CONFIG.replace("default: on", "default: no")).unwrap();
        let error = Documents::of_files(&path, None).unwrap_err();
        assert_eq!(error.exit.code(), 2);
        assert!(error.details[0].contains("x.yaml:3:10 default: no variant \"no\""), "{error:?}");
        std::fs::write(&path, "[1, 2").unwrap();
        assert!(Documents::of_files(&path, None).unwrap_err().message.contains("is no YAML"));
        assert!(
            Documents::of_files(&folder.path().join("none"), None)
                .unwrap_err()
                .message
                .contains("cannot read")
        );
    }
}
