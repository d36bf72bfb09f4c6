//! Divides a text into its documents, at the lines with `---`, which mean that wherever they stand.

/// Returns the documents that hold anything, each with how many lines stand before it.
pub(super) fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut start, mut first_line) = (0, 0);
    let mut end = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        // A directive belongs to the document that the marker behind it begins.
        if is_marker(line) && !is_directives(&text[start..end]) {
            found.push((first_line, &text[start..end]));
            (start, first_line) = (end, number);
        }
        end += line.len();
    }
    found.push((first_line, &text[start..]));
    found.retain(|(_, document)| document.lines().any(holds_something));
    found
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_directives(text: &str) -> bool {
    let text = text.trim_start_matches('\u{FEFF}');
    text.starts_with('%') && text.lines().all(|line| line.starts_with(['%', '#']) || line.trim().is_empty())
}

fn holds_something(line: &str) -> bool {
    let line = line.trim_start_matches('\u{FEFF}').trim();
    let line = line.strip_prefix("---").map_or(line, str::trim_start);
    !line.is_empty() && !line.starts_with('#') && line != "..."
}
