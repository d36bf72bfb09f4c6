//! Dependencies that are shared along many ways cost what they are, not what the ways are.

use std::cell::Cell;
use std::collections::HashMap;

use fluxgate_engine::{Context, Flag, FlagConfig, Flags, Reason, Served, evaluate};
use serde_json::json;

struct Counted {
    flags: HashMap<String, Flag>,
    asked: Cell<usize>,
}

impl Flags for Counted {
    fn get(&self, key: &str) -> Option<Served<'_>> {
        self.asked.set(self.asked.get() + 1);
        self.flags.get(key).map(|flag| Served { flag, killed: false })
    }
}

/// `levels` rows of `width` features; each depends on all of the row below.
fn rows(levels: usize, width: usize) -> Counted {
    let mut flags = HashMap::new();
    for level in 0..levels {
        for place in 0..width {
            let key = format!("f-{level}-{place}");
            let below = if level + 1 == levels { 0 } else { width };
            let needs: Vec<_> =
                (0..below).map(|other| json!({"feature": format!("f-{}-{other}", level + 1)})).collect();
            let config = FlagConfig::from_value(&json!({
                "enabled": true, "variants": {"on": true, "off": false}, "default": "on", "off": "off",
                "dependsOn": needs,
            }))
            .unwrap();
            flags.insert(key.clone(), Flag::compile(&key, &config).unwrap());
        }
    }
    Counted { flags, asked: Cell::new(0) }
}

#[test]
fn shared_dependencies_are_evaluated_once() {
    let flags = rows(6, 8);
    let result = evaluate(&flags, "f-0-0", &Context::new()).unwrap();
    assert_eq!(result.reason, Reason::Static);
    // 5 rows of 8 features ask for 8 each; without sharing it is 8 + 8² + … + 8⁵ = 37,448.
    assert!(flags.asked.get() <= 1 + 5 * 8 * 8, "asked {} times", flags.asked.get());
}

#[test]
fn nine_levels_are_one_too_many() {
    assert_eq!(evaluate(&rows(9, 2), "f-0-0", &Context::new()).unwrap().reason, Reason::Static);
    let deep = rows(10, 2);
    let result = evaluate(&deep, "f-0-0", &Context::new()).unwrap();
    assert_eq!((result.reason, result.blocked_by), (Reason::Disabled, Some("f-1-0")));
}
