//! What is as large or as deep as it may be, what is one more, and what is far more: refused, and no danger to the stack.

use fluxgate_engine::{
    Attribute, Condition, Context, Criterion, Dependency, Flag, FlagConfig, Invalid, Match, Op, evaluate,
    parse,
};
use serde_json::{Value, json};

use crate::alone::{One, holds};

fn exists(key: &str) -> Match {
    Match::Condition(Condition { key: key.to_owned(), op: Op::Exists, value: None, ignore_case: false })
}

/// Returns the config of a feature whose criteria are for these, and which is valid but for them.
fn config(trees: Vec<Match>) -> FlagConfig {
    let mut config = FlagConfig::simple(true);
    let criterion =
        |tree| Criterion { when: Some(tree), serve: Some("on".to_owned()), ..Criterion::default() };
    config.criteria = trees.into_iter().map(criterion).collect();
    config
}

/// Returns what is wrong with a config, after showing that its JSON has the same wrong with it.
fn violations(config: &FlagConfig) -> Vec<String> {
    let lines = |result: Result<(), Invalid>| match result {
        Ok(()) => Vec::new(),
        Err(invalid) => invalid.0.iter().map(ToString::to_string).collect(),
    };
    let found: Vec<String> = lines(config.validate());
    assert_eq!(lines(FlagConfig::from_json(&config.to_json()).map(|_| ())), found);
    found
}

/// A way to be one level deeper, and what it adds to the path.
type Group = (&'static str, fn(Match) -> Match);

const GROUPS: [Group; 3] = [
    (".all[0]", |tree| Match::All(vec![tree])),
    (".any[0]", |tree| Match::Any(vec![tree])),
    (".not", |tree| Match::Not(Box::new(tree))),
];

/// Returns the groups that a number stands for, the innermost first.
fn groups(number: usize, levels: usize) -> impl DoubleEndedIterator<Item = Group> {
    let rest = std::iter::successors(Some(number), |rest| Some(rest / 3));
    let groups: Vec<Group> = rest.map(|rest| GROUPS[rest % 3]).take(levels).collect();
    groups.into_iter()
}

#[test]
fn eight_levels_of_all_any_and_not_however_combined() {
    let trees: Vec<Match> = (0..3_usize.pow(7))
        .map(|number| groups(number, 7).fold(exists("x"), |tree, (_, group)| group(tree)))
        .collect();
    for chunk in trees.chunks(200) {
        assert_eq!(violations(&config(chunk.to_vec())), [""; 0]);
    }
    for tree in trees {
        assert_eq!(parse(&tree.to_string()).as_ref(), Ok(&tree));
    }
}

#[test]
fn a_ninth_level_is_refused_however_combined() {
    for leaf in [exists("x"), Match::All(Vec::new())] {
        let all: Vec<usize> = (0..3_usize.pow(8)).step_by(7).collect();
        for numbers in all.chunks(100) {
            let deep = |number: &usize| groups(*number, 8).fold(leaf.clone(), |tree, (_, group)| group(tree));
            let path = |number: &usize| groups(*number, 8).rev().map(|(path, _)| path).collect::<String>();
            let expected: Vec<String> = numbers
                .iter()
                .enumerate()
                .map(|(at, number)| format!("criteria[{at}].when{}: is nested deeper than 8", path(number)))
                .collect();
            assert_eq!(violations(&config(numbers.iter().map(deep).collect())), expected);
        }
    }
}

#[test]
fn only_conditions_are_counted_wherever_they_stand() {
    let with = |count: usize| {
        let half = count / 2;
        let some = Match::Any(vec![exists("x"); half]);
        let rest = (half..count).map(|_| Match::Not(Box::new(Match::All(vec![exists("y")]))));
        Match::All([Match::Not(Box::new(some))].into_iter().chain(rest).collect())
    };
    assert_eq!(violations(&config(vec![with(200), with(200)])), [""; 0]);
    assert_eq!(
        violations(&config(vec![with(200), with(201)])),
        ["criteria[1].when: has 201 conditions; at most 200"]
    );
    let empty = Match::All(vec![Match::Any(Vec::new()); 999]);
    assert_eq!(violations(&config(vec![empty])), [""; 0]);
}

#[test]
fn a_document_has_256_kib_as_it_is_written_shortest() {
    const MAX: usize = 256 * 1024;
    let mut config = FlagConfig::simple(true);
    // Two bytes each, as text and, for the quotes, as JSON.
    let filler = "\"é\n".repeat(1000);
    let filled = |rest: usize| Value::from(filler.clone() + &"s".repeat(rest));
    config.variants = [("on".to_owned(), filled(0)), ("off".to_owned(), "".into())].into();
    let free = MAX - config.to_json().len();
    config.variants.insert("on".to_owned(), filled(free));
    assert_eq!(config.to_json().len(), MAX);
    assert_eq!(violations(&config), [""; 0]);

    // White space and the long form of a number or a letter do not count.
    let text = serde_json::to_string_pretty(&config).unwrap().replace("ss", "\\u0073\\u0073");
    assert!(text.len() > 5 * MAX);
    assert_eq!(FlagConfig::from_json(&text).as_ref(), Ok(&config));

    config.variants.insert("on".to_owned(), filled(free + 1));
    assert_eq!(violations(&config), ["the document has 262145 bytes as compact JSON; at most 262144"]);
}

#[test]
fn a_number_takes_as_many_of_them_as_its_one_form() {
    const MAX: usize = 256 * 1024;
    let is = Condition { key: "x".to_owned(), op: Op::Equals, value: Some(1.0.into()), ignore_case: false };
    let mut config = config(vec![is.into()]);
    let mut fill = |bytes: usize| {
        config.variants = [("on".to_owned(), "s".repeat(bytes).into()), ("off".to_owned(), "".into())].into();
        (config.to_json().len(), violations(&config))
    };
    let (empty, _) = fill(0);
    // Written as it is, `1.0` would take two more.
    assert_eq!(fill(MAX - empty), (MAX, Vec::new()));
    let (_, found) = fill(MAX - empty + 1);
    assert_eq!(found, ["the document has 262145 bytes as compact JSON; at most 262144"]);
}

#[test]
fn a_regex_has_1024_characters_not_bytes() {
    let regex = |count| {
        let value = Some(Value::from("é".repeat(count)));
        let when = Condition { key: "x".to_owned(), op: Op::Regex, value, ignore_case: false };
        violations(&config(vec![when.into()]))
    };
    assert_eq!(regex(1024), [""; 0]);
    assert_eq!(
        regex(1025),
        ["criteria[0].when.value: a regex has at most 1024 characters, and this one has 1025"]
    );
}

#[test]
fn a_thousand_values_are_searched() {
    for op in [Op::In, Op::NotIn] {
        let when = |count: usize| {
            let values: Vec<String> = (0..count).map(|number| format!("value {number}")).collect();
            Match::from(Condition { key: "x".to_owned(), op, value: Some(json!(values)), ignore_case: false })
        };
        assert_eq!(violations(&config(vec![when(1000)])), [""; 0]);
        let message = format!("criteria[0].when.value: {op} takes 1 to 1000 values, and these are 1001");
        assert_eq!(violations(&config(vec![when(1001)])), [message]);
        for number in [0, 1, 499, 998, 999, 1000] {
            let mut context = Context::new();
            context.push("x", format!("value {number}").into());
            assert_eq!(holds(&when(1000), &context), (op == Op::In) == (number < 1000), "{op} {number}");
        }
    }
}

#[test]
fn everything_may_be_wrong_at_once() {
    // As many breaches as a document has room for, each with its path.
    let mut document = FlagConfig::simple(true).to_value();
    document["criteria"] = json!(vec![json!(1); 50_000]);
    let found = FlagConfig::from_value(&document).unwrap_err().0;
    assert_eq!(found.len(), 101);
    assert_eq!(found[99].to_string(), "criteria[99]: must be an object, not a number");
    assert_eq!(found[100].to_string(), "and more is wrong; these are the first 100");

    // A name that is none is compared with the first of many only.
    let variants: serde_json::Map<String, Value> =
        (0..200).map(|number| (format!("v{number:04}"), json!(true))).collect();
    document["variants"] = json!(variants);
    document["default"] = json!("v0199x");
    document["off"] = json!("1999");
    document["criteria"] = json!([{ "split": vec![json!({ "variant": "?", "weight": 0 }); 100] }]);
    let found = FlagConfig::from_value(&document).unwrap_err().0;
    assert_eq!(found.len(), 101);
    assert_eq!(found[0].to_string(), "default: no variant \"v0199x\"; did you mean \"v0199\"?");
    assert!(found[1].message.starts_with("no variant \"1999\"; there are v0000, v0001, "), "{}", found[1]);
}

/// Returns something deep, made by moving only: JSON's own functions would be what overflows.
fn nested(levels: usize, wrap: fn(Value) -> Value) -> Value {
    (0..levels).fold(Value::from("deep"), |inner, _| wrap(inner))
}

fn object(inner: Value) -> Value {
    Value::Object([("a".to_owned(), inner)].into_iter().collect())
}

#[test]
fn a_deep_context_is_cut_off_where_text_is_refused() {
    let path = |levels: usize| vec!["a"; levels].join(".");
    let deepest = nested(127, object);
    let text = deepest.to_string();
    let read: Context<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(Context::from_value(&deepest).as_ref(), Ok(&read));
    assert_eq!(read.get(&path(127)), Some(&Attribute::from("deep")));

    let deeper = nested(128, object);
    let error = serde_json::from_str::<Context<'_>>(&deeper.to_string()).unwrap_err();
    assert!(error.to_string().starts_with("recursion limit exceeded"), "{error}");
    let context = Context::from_value(&deeper).unwrap();
    assert!(context.get(&path(126)).is_some());
    assert_eq!((context.get(&path(127)), context.get(&path(128))), (None, None));

    // More than the stack would bear if each level were looked at.
    for deep in [nested(3000, object), object(nested(3000, |inner| Value::Array(vec![inner])))] {
        let context = Context::from_value(&deep).unwrap();
        assert!(holds(&exists("a"), &context));
        assert!(!holds(&parse("a == \"deep\"").unwrap(), &context));
    }
    for deep in ["[", "{\"a\":"] {
        let text = format!("{{\"a\":{}", deep.repeat(100_000));
        let error = serde_json::from_str::<Context<'_>>(&text).unwrap_err();
        assert!(error.to_string().starts_with("recursion limit exceeded"), "{error}");
    }
}

#[test]
fn a_deep_variant_is_refused() {
    let with = |levels| {
        let mut config = FlagConfig::simple(true);
        let variants = ["on", "off"].map(|key| (key.to_owned(), nested(levels, object)));
        config.variants = variants.into_iter().collect();
        config
    };
    assert_eq!(violations(&with(32)), [""; 0]);
    assert_eq!(violations(&with(33)), ["variants.off: is nested deeper than 32"]);
    // More than the stack would bear if each level were looked at.
    assert!(with(3000).validate().is_err());
}

#[test]
fn a_deep_document_is_refused() {
    let document = |when: &str| {
        format!(
            r#"{{"enabled":true,"variants":{{"on":true}},"default":"on","off":null,"criteria":[{{"when":{when},"serve":"on"}}]}}"#
        )
    };
    for open in ["{\"not\":", "{\"all\":[", "["] {
        let error = FlagConfig::from_json(&document(&open.repeat(100_000))).unwrap_err().to_string();
        assert!(error.starts_with("is not JSON: recursion limit exceeded"), "{error}");
    }
    let mut value = FlagConfig::simple(true).to_value();
    value["criteria"] = json!([{ "when": nested(1000, |inner| json!({ "not": inner })), "serve": "on" }]);
    let error = FlagConfig::from_value(&value).unwrap_err().to_string();
    assert_eq!(error, format!("criteria[0].when{}: is nested deeper than 8", ".not".repeat(8)));

    let yaml = |open: &str| {
        let open = open.repeat(100_000);
        format!("enabled: true\ndefault: a\noff: a\nvariants:\n  a: {open}")
    };
    for open in ["[", "{a: "] {
        assert!(FlagConfig::from_yaml(&yaml(open)).is_err());
    }
}

#[test]
fn deep_expressions_are_refused_and_long_ones_are_not() {
    for (open, close, deep) in [
        ("(", ")", 100_000),
        ("not ", "", 100_000),
        ("not (", ")", 10_000),
        ("true and (", ")", 10_000),
        ("a == 1 or not (", ")", 10_000),
    ] {
        for count in [65, deep] {
            let text = format!("{}a == 1{}", open.repeat(count), close.repeat(count));
            let error = parse(&text).unwrap_err();
            assert!(error.to_string().contains("fewer parentheses and nots within each other"), "{error}");
            error.render(&text);
        }
        let text = format!("{}a == 1{}", open.repeat(32), close.repeat(32));
        assert_eq!(parse(&text).map(|_| ()), Ok(()), "{text}");
    }
    for (word, list) in [("or", "any"), ("and", "all")] {
        let text = vec!["a == 1"; 5000].join(&format!(" {word} "));
        let tree = parse(&text).unwrap();
        assert_eq!(tree.to_string(), text);
        let value = serde_json::to_value(&tree).unwrap();
        assert_eq!(value[list].as_array().map(Vec::len), Some(5000));
    }
    for text in ["(", "[", "\"", "`", "a in [", "a in [1, ", "a == \"\\", "~", "="] {
        let text = text.repeat(10_000);
        parse(&text).unwrap_err().render(&text);
    }
}

#[test]
fn a_huge_context_is_only_large() {
    let list: Vec<Value> = (0..100_000).map(|number| json!(format!("element {number}"))).collect();
    let mut context = json!({ "list": list, "text": "a".repeat(1 << 20) });
    for number in 0..1000 {
        context[format!("attribute {number}")] = json!(number);
    }
    let text = context.to_string();
    let context: Context<'_> = serde_json::from_str(&text).unwrap();
    for (expression, expected) in [
        ("list == \"element 99999\"", true),
        ("list != \"element 99999\"", false),
        ("list not in [\"element 100000\", \"element -1\"]", true),
        ("list ends with \"99999\"", true),
        ("list > 0", false),
        ("text matches \"(a*)*b\"", false),
        ("text contains~ \"AB\"", false),
        ("`attribute 999` == 999", true),
        ("not exists `attribute 1000`", true),
    ] {
        assert_eq!(holds(&parse(expression).unwrap(), &context), expected, "{expression}");
    }
}

#[test]
fn the_largest_document_compiles() {
    let condition = |criterion: usize, number: usize| exists(&format!("a{criterion}.{number}"));
    let tree = |criterion| Match::Any((0..36).map(|number| condition(criterion, number)).collect());
    let config = config((0..200).map(tree).collect());
    assert!(config.to_json().len() > 200 * 1024);
    assert_eq!(violations(&config), [""; 0]);
    let flag = Flag::compile("f", &config).unwrap();
    let context = json!({ "a199": { "29": 1 } });
    let context = Context::from_value(&context).unwrap();
    let flags = One(&flag);
    let result = evaluate(&flags, "f", &context).unwrap();
    assert_eq!(result.criterion.map(|criterion| criterion.index), Some(199));
}

#[test]
fn the_regexes_of_a_document_are_bounded_together() {
    let large = || parse(r#"a matches "\\w{10}""#).unwrap();
    assert_eq!(violations(&config(vec![large()])), [""; 0]);
    let two = config(vec![large(), Match::Any(vec![large()])]);
    let found = violations(&two);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("criteria[1].when.any[0].value: is one regex too many: "), "{}", found[0]);
    assert!(Flag::compile("f", &two).is_err(), "one that nobody validated is refused as well");
    // Compiling takes long, so it ends with the first that is too much: alone, or with those before it.
    for (large, said) in
        [(r"\\w{10}", "is one regex too many: "), (r"\\w{200}", "is too expensive a regex: ")]
    {
        let large = || parse(&format!("a matches \"{large}\"")).unwrap();
        let found = violations(&config(vec![Match::Any((0..50).map(|_| large()).collect())]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(said), "{found:?}");
    }
}

#[test]
fn dependencies_are_few_and_named_by_keys() {
    let with = |features: Vec<String>| {
        let mut config = FlagConfig::simple(true);
        let dependency = |feature| Dependency { feature, variants: Vec::new() };
        config.depends_on = features.into_iter().map(dependency).collect();
        config
    };
    assert_eq!(violations(&with((0..100).map(|number| format!("f{number}")).collect())), [""; 0]);
    assert_eq!(
        violations(&with((0..101).map(|number| format!("f{number}")).collect())),
        ["dependsOn: has 101 features; at most 100"]
    );
    let message = "is no feature's key: a key has up to 100 of a-z, A-Z, 0-9, '.', '_' and '-', and begins with a letter or digit";
    let features = ["f", "", "a b", "g"].map(str::to_owned).to_vec();
    assert_eq!(violations(&with(features)), [1, 2].map(|at| format!("dependsOn[{at}].feature: {message}")));
}

#[test]
fn more_attributes_than_have_numbers_are_refused() {
    let when = Match::Any((0..=u32::from(u16::MAX)).map(|n| exists(&format!("a{n}"))).collect());
    assert!(Flag::compile("f", &config(vec![when.clone()])).is_ok());
    let error = Flag::compile("f", &config(vec![Match::All(vec![when, exists("b")])])).unwrap_err();
    assert_eq!(error.to_string(), "criteria[0].when.all[1].value: looks at more attributes than a flag may");
}
