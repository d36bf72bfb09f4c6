//! Numbers are doubles: equal, ordered and printed as such, near 2^53 and at the ends too.

use fluxgate_engine::{Condition, Context, Criterion, FlagConfig, Match, Op, Reason, Split, bucket};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::alone::{alone, holds, served};

/// JSON numbers as they are written, with what ECMAScript's `String(x)` makes of them.
const NUMBERS: &[(&str, &str)] = &[
    ("0", "0"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("0e5", "0"),
    ("1", "1"),
    ("1.0", "1"),
    ("100E-2", "1"),
    ("-1.5", "-1.5"),
    ("0.1", "0.1"),
    ("0.30000000000000004", "0.30000000000000004"),
    ("0.000001", "0.000001"),
    ("0.0000001", "1e-7"),
    ("-0.00000012345", "-1.2345e-7"),
    ("9007199254740991", "9007199254740991"),
    ("9007199254740992", "9007199254740992"),
    ("9007199254740993", "9007199254740992"),
    ("9007199254740993.0", "9007199254740992"),
    ("9007199254740994", "9007199254740994"),
    ("-9007199254740993", "-9007199254740992"),
    ("123456789012345680000", "123456789012345680000"),
    ("9223372036854775807", "9223372036854776000"),
    ("-9223372036854775808", "-9223372036854776000"),
    ("18446744073709551615", "18446744073709552000"),
    ("18446744073709551616", "18446744073709552000"),
    ("999999999999999900000", "999999999999999900000"),
    ("1e21", "1e+21"),
    ("1000000000000000000000", "1e+21"),
    ("-1e21", "-1e+21"),
    ("1180591620717411303424", "1.1805916207174113e+21"),
    ("1e23", "1e+23"),
    ("1e308", "1e+308"),
    ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ("5e-324", "5e-324"),
    ("2e-324", "0"),
];

/// Texts that are near to a JSON number, and none.
const NO_NUMBERS: &[&str] = &[
    "",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "-.5",
    "1e",
    "1e+",
    "-",
    "--1",
    " 1",
    "1 ",
    "1\n",
    "0x1",
    "1_000",
    "1,5",
    "Infinity",
    "-Infinity",
    "inf",
    "NaN",
    "nan",
    "١",
    "１",
    "1f",
    "true",
];

fn double(text: &str) -> f64 {
    text.parse().unwrap()
}

/// Returns the number in all the ways in which it can be an attribute or a value.
fn spelt(text: &str) -> [Value; 2] {
    [serde_json::from_str(text).unwrap(), json!(text)]
}

fn asks(op: Op, value: Value) -> Match {
    Match::Condition(Condition { key: "x".to_owned(), op, value: Some(value), ignore_case: false })
}

/// Returns whether it holds for an attribute read from text and one taken from a value, which must agree.
fn holds_for(when: &Match, attribute: &Value) -> bool {
    let context = json!({ "x": attribute });
    let text = context.to_string();
    let held = holds(when, &Context::from_value(&context).unwrap());
    assert_eq!(holds(when, &serde_json::from_str(&text).unwrap()), held, "{text}");
    held
}

/// What ECMAScript's `Number::toString` says, from the fewest digits that stand for the number.
fn ecmascript(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap();
    let digits = digits.replace('.', "");
    // The value is 0.digits × 10^n.
    let (k, n) = (digits.len(), exponent.parse::<i32>().unwrap() + 1);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap());
    let text = match usize::try_from(n) {
        Ok(n @ 1..=21) if n >= k => digits + &"0".repeat(n - k),
        Ok(n @ 1..=21) => format!("{}.{}", &digits[..n], &digits[n..]),
        _ if (-5..=0).contains(&n) => format!("0.{}{digits}", zeros(-n)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            format!("{first}{point}{rest}e{:+}", n - 1)
        }
    };
    if number < 0.0 { format!("-{text}") } else { text }
}

/// Fails unless the text operators and the buckets see this text of the attribute.
fn check_text(attribute: &Value, text: &str) {
    let exactly = format!("^{}$", text.replace('.', "\\.").replace('+', "\\+"));
    assert!(holds_for(&asks(Op::Regex, json!(exactly)), attribute), "{attribute} is not {text}");
    for op in [Op::Contains, Op::StartsWith, Op::EndsWith] {
        assert!(holds_for(&asks(op, json!(text)), attribute), "{attribute} is not {text}");
        assert!(!holds_for(&asks(op, json!(format!("{text} "))), attribute));
    }
    let bucket = f64::from(bucket("f", "split", text));
    let weights = [("off", bucket / 1000.0), ("on", 0.001)];
    let split = weights.map(|(variant, weight)| Split { variant: variant.to_owned(), weight });
    let flag =
        alone(Criterion { bucket_by: Some("x".to_owned()), split: split.to_vec(), ..Criterion::default() });
    let context = json!({ "x": attribute });
    let variant = served(&flag, &Context::from_value(&context).unwrap());
    assert_eq!(variant, (Some("on".to_owned()), Reason::Split), "{attribute} is not {text}");
}

#[test]
fn equality_is_that_of_doubles() {
    for (one, _) in NUMBERS {
        for (other, _) in NUMBERS {
            let is_equal = double(one) == double(other);
            for value in spelt(other) {
                let list = json!([value.clone(), "no number"]);
                for attribute in spelt(one) {
                    // Two strings are compared as strings.
                    let both_texts = attribute.is_string() && value.is_string();
                    let expected = if both_texts { one == other } else { is_equal };
                    let what = format!("{attribute} and {value}");
                    assert_eq!(holds_for(&asks(Op::Equals, value.clone()), &attribute), expected, "{what}");
                    assert_eq!(
                        holds_for(&asks(Op::NotEquals, value.clone()), &attribute),
                        !expected,
                        "{what}"
                    );
                    assert_eq!(holds_for(&asks(Op::In, list.clone()), &attribute), expected, "{what}");
                    assert_eq!(holds_for(&asks(Op::NotIn, list.clone()), &attribute), !expected, "{what}");
                }
            }
        }
    }
}

#[test]
fn order_is_that_of_doubles() {
    for (one, _) in NUMBERS {
        for (other, _) in NUMBERS {
            let (left, right) = (double(one), double(other));
            for (op, expected) in [
                (Op::GreaterThan, left > right),
                (Op::GreaterThanOrEqual, left >= right),
                (Op::LessThan, left < right),
                (Op::LessThanOrEqual, left <= right),
            ] {
                let [value, _] = spelt(other);
                for attribute in spelt(one) {
                    let held = holds_for(&asks(op, value.clone()), &attribute);
                    assert_eq!(held, expected, "{attribute} {op} {value}");
                }
            }
        }
    }
}

#[test]
fn what_is_nearly_a_number_is_none() {
    let orders = [Op::GreaterThan, Op::GreaterThanOrEqual, Op::LessThan, Op::LessThanOrEqual];
    for text in NO_NUMBERS {
        for number in ["0", "1", "5", "0.5", "1000"] {
            let [number, _] = spelt(number);
            for op in orders.iter().chain([&Op::Equals]) {
                assert!(!holds_for(&asks(*op, number.clone()), &json!(text)), "{text:?} {op} {number}");
            }
            assert!(!holds_for(&asks(Op::Equals, json!(text)), &number), "{number} equals {text:?}");
            assert!(!holds_for(&asks(Op::In, json!([text])), &number), "{number} in {text:?}");
        }
    }
    // JSON has no infinity, but a string may spell a number that is none of the doubles.
    let huge = json!("1e400");
    assert!(holds_for(&asks(Op::GreaterThan, json!(f64::MAX)), &huge));
    assert!(!holds_for(&asks(Op::Equals, json!(f64::MAX)), &huge));
}

#[test]
fn the_text_is_that_of_ecmascript() {
    for (written, text) in NUMBERS {
        assert_eq!(ecmascript(double(written)), *text, "the test's own printer");
        let [number, string] = spelt(written);
        check_text(&number, text);
        check_text(&string, written);
    }
}

#[test]
fn a_document_keeps_what_its_numbers_mean() {
    for (written, _) in NUMBERS {
        let document = |value: &str| {
            let when = format!(r#"{{"key":"x","op":"equals","value":{value}}}"#);
            format!(
                r#"{{"enabled":true,"variants":{{"on":true}},"default":null,"off":null,"criteria":[{{"when":{when},"serve":"on"}}]}}"#
            )
        };
        let config = FlagConfig::from_json(&document(written)).unwrap();
        let again = FlagConfig::from_json(&config.to_json()).unwrap();
        assert_eq!(again.to_json(), config.to_json());
        let when = again.criteria[0].when.as_ref().unwrap();
        assert!(holds_for(when, &spelt(written)[0]), "{written} became {when}");
        assert!(holds_for(when, &json!(double(written))), "{written} became {when}");
    }
}

proptest! {
    #[test]
    fn any_number_has_its_text(bits: u64, near in -40..40_i32) {
        let any = f64::from_bits(bits);
        // Most of all bit patterns are far from what people write.
        let near = f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000) * 10_f64.powi(near);
        for number in [any, near, near.round(), -near.trunc()] {
            if number.is_finite() {
                check_text(&json!(number), &ecmascript(number));
            }
        }
    }

    #[test]
    fn integers_are_doubles(near in -3..=3_i64, power in 50..63_u32, value_near in -3..=3_i64) {
        let base = 1_i64 << power;
        let (one, other) = (base + near, base.saturating_add(value_near));
        let is_equal = one as f64 == other as f64;
        prop_assert_eq!(holds_for(&asks(Op::Equals, json!(other)), &json!(one)), is_equal);
        prop_assert_eq!(holds_for(&asks(Op::Equals, json!(other)), &json!(one.to_string())), is_equal);
        prop_assert_eq!(holds_for(&asks(Op::LessThan, json!(other)), &json!(one)), (one as f64) < other as f64);
    }
}
