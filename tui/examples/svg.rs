//! Makes a picture of a terminal's screen: text with colours on stdin, SVG on stdout. For `scripts/screens`.

use std::io::{Read, Write, stdin, stdout};

fn main() -> std::io::Result<()> {
    let mut screen = String::new();
    stdin().read_to_string(&mut screen)?;
    stdout().write_all(anstyle_svg::Term::new().render_svg(screen.trim_end()).as_bytes())
}
