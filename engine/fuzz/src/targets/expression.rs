//! Expressions and splits: what parses prints as a text of the same meaning; what does not is told where and why.

use fluxgate_engine::{ExpressionError, FlagConfig, Match, parse, parse_split};
use serde_json::json;

/// Takes the bytes for an expression and for a split.
pub fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse(text) {
        Ok(tree) => check_tree(&tree),
        Err(error) => check_error(&error, text),
    }
    match parse_split(text) {
        Ok(split) => {
            let shares: Vec<String> =
                split.iter().map(|share| format!("{}={:?}", share.variant, share.weight)).collect();
            let printed = shares.join(", ");
            assert_eq!(parse_split(&printed).as_ref(), Ok(&split), "from {printed}");
        }
        Err(error) => check_error(&error, text),
    }
}

fn check_tree(tree: &Match) {
    let printed = tree.to_string();
    let again = parse(&printed);
    assert_eq!(again.as_ref(), Ok(tree), "from {printed}");
    assert_eq!(again.map(|again| again.to_string()).as_ref(), Ok(&printed));

    // As a document has it: the same tree, or a reason.
    let document = json!({
        "enabled": true,
        "variants": { "on": true },
        "default": null,
        "off": null,
        "criteria": [{ "when": tree, "serve": "on" }],
    });
    match FlagConfig::from_value(&document) {
        Ok(config) => assert_eq!(config.criteria[0].when.as_ref(), Some(tree), "{printed}"),
        Err(invalid) => assert!(!invalid.to_string().is_empty()),
    }
}

fn check_error(error: &ExpressionError, text: &str) {
    assert!(text.is_char_boundary(error.offset), "{error:?}");
    assert!(!error.expected.is_empty() && !error.found.is_empty(), "{error:?}");
    assert!(error.render(text).contains(&error.to_string()));
}
