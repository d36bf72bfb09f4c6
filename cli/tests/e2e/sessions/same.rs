//! Is it the same, but for what is another each time: times, durations, identifiers, keys?

use regex::Regex;
use snapbox::{Assert, Data, Redactions};

use super::page::{Step, Stream};
use super::shell::Seen;

/// What varies. A document shows one of the many values, and any other is as good.
const VARIES: [(&str, &str); 8] = [
    ("[TIME]", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    ("[CLOCK]", r"\b\d\d:\d\d:\d\dZ?"),
    // With what fills a column up behind it.
    ("[AGO]", r"\b(\d+m )?\d+[sm]\b *"),
    ("[SPAN]", r"\b\d+(\.\d+)? m?s\b"),
    ("[UUID]", r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    ("[KEY]", r"\bfg[a-z]_\w+"),
    ("[ERRNO]", r"os error \d+"),
    ("[RATE]", r"\b\d+\.\d evaluations/s"),
];

/// Compares what is documented with what was seen.
pub(super) struct Comparison {
    varies: Redactions,
}

impl Comparison {
    pub(super) fn new() -> Self {
        let mut varies = Redactions::new();
        for (name, pattern) in VARIES {
            varies.insert(name, Regex::new(pattern).unwrap()).unwrap();
        }
        Self { varies }
    }

    /// Returns what differs.
    pub(super) fn differences(&self, step: &Step, seen: &Seen) -> Option<String> {
        let mut found = String::new();
        if step.code != seen.code {
            found.push_str(&format!("documented is exit {}, it was {}\n", step.code, seen.code));
        }
        for (stream, name) in [(Stream::Out, "stdout"), (Stream::Err, "stderr")] {
            let (documented, real) = (self.text(&step.output, stream), self.text(&seen.output, stream));
            let assert = Assert::new().normalize_paths(false);
            if let Err(error) = assert.try_eq(Some(&name), Data::text(real), Data::text(documented)) {
                found.push_str(&error.to_string());
            }
        }
        (!found.is_empty()).then(|| format!("{}\n{found}", step.command.join("\n")))
    }

    /// Returns the step with what was seen, in the words of the document wherever they are as good.
    pub(super) fn corrected(&self, step: &Step, seen: Seen) -> Step {
        let documented =
            |line: &str| step.output.iter().find(|(_, old)| self.same(old) == self.same(line)).cloned();
        let output = seen.output.into_iter();
        let output = output.map(|(stream, line)| (stream, documented(&line).map_or(line, |(_, old)| old)));
        Step { command: step.command.clone(), code: seen.code, output: output.collect() }
    }

    fn same(&self, line: &str) -> String {
        self.varies.redact(line).trim_end().to_owned()
    }

    /// Returns what came through a stream, without what varies.
    fn text(&self, output: &[(Stream, String)], stream: Stream) -> String {
        let lines = output.iter().filter(|(of, _)| *of == stream);
        lines.map(|(_, line)| self.same(line) + "\n").collect()
    }
}
