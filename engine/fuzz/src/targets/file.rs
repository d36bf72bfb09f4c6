//! Files: what reads is written so that it reads back the same; what does not is told where and why.

use fluxgate_engine::{FileError, FlagConfig};

/// Takes the bytes for a file.
pub fn file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match FlagConfig::from_yaml(text) {
        Ok(config) => {
            let yaml = config.to_yaml();
            let again = FlagConfig::from_yaml(&yaml);
            assert_eq!(again.as_ref(), Ok(&config), "from {yaml}");
            assert_eq!(again.map(|again| again.to_yaml()).as_ref(), Ok(&yaml));
        }
        Err(error) => check_error(&error, text),
    }
}

fn check_error(error: &FileError, text: &str) {
    assert!(!error.problems.is_empty(), "nothing is told");
    // YAML also breaks a line at a carriage return alone.
    let lines = text.matches(['\n', '\r']).count() + 1;
    let longest = text.split(['\n', '\r']).map(|line| line.chars().count()).max().unwrap_or_default();
    for problem in &error.problems {
        assert!((1..=lines + 1).contains(&problem.line), "{problem:?} of {lines} lines");
        assert!((1..=longest + 1).contains(&problem.column), "{problem:?} in {longest} columns");
        assert!(!problem.message.is_empty(), "{problem:?}");
        assert!(!problem.message.contains(char::is_control), "{problem:?}");
    }
    assert!(!error.to_string().is_empty());
}
