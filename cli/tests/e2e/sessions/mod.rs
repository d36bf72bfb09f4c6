//! The sessions of `docs/sessions` and other pages, each command of them run: they are what fgctl prints.
//!
//! One system for all, and one page after the other, as a reader goes through them. `SNAPSHOTS=overwrite` writes what was
//! seen into the pages.

mod page;
mod same;
mod shell;

use std::fs;
use std::path::PathBuf;

use self::page::{Block, Piece, Step, Stream};
use self::same::Comparison;
use self::shell::{Background, Seen, Shell};
use crate::world::World;

#[test]
fn the_sessions_are_what_fgctl_prints() {
    // Ports of four digits, as those of the documents are, so that columns keep their width.
    let world = World::start_among(6_000..9_900);
    let mut found = Vec::new();
    for path in pages() {
        // A folder of its own for each page, with nothing in it.
        let place = tempfile::tempdir().unwrap();
        let mut walk =
            Walk { shell: Shell::new(&world, place.path()), comparison: Comparison::new(), found: vec![] };
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(page::write(&page::read(&text)), text, "a page is written as it is read");
        let pieces = walk.page(page::read(&text));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        found.extend(walk.found.iter().map(|what| format!("{name}: {what}")));
        if std::env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
            fs::write(&path, page::write(&pieces)).unwrap();
        }
    }
    assert!(found.is_empty(), "SNAPSHOTS=overwrite writes what was seen\n\n{}", found.join("\n"));
}

/// Returns the pages in the order in which they are read.
fn pages() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sessions");
    let mut pages: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.file_name().is_some_and(|name| name != "README.md"));
    pages.sort();
    assert!(!pages.is_empty());
    pages.push(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/coming-from-unleash.md")));
    pages
}

/// A way through a page.
struct Walk<'a> {
    shell: Shell<'a>,
    comparison: Comparison,
    found: Vec<String>,
}

impl Walk<'_> {
    /// Runs all of it, and returns it with what was seen.
    fn page(&mut self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        let mut waiting: Option<(usize, Step, Background)> = None;
        for at in 0..pieces.len() {
            let Piece::Block(block) = pieces[at].clone() else { continue };
            if let Some(lines) = block.background {
                let [step] = &block.steps[..] else { panic!("one command goes on in the background") };
                let background = self.shell.go_on(step);
                background.says(lines);
                waiting = Some((at, step.clone(), background));
                continue;
            }
            pieces[at] = Piece::Block(self.block(block));
            if let Some((at, step, background)) = waiting.take() {
                let seen = background.end(&step, &self.shell);
                let steps = vec![self.compare(&step, seen)];
                if let Piece::Block(block) = &mut pieces[at] {
                    block.steps = steps;
                }
            }
        }
        assert!(waiting.is_none(), "nothing follows what goes on in the background");
        pieces
    }

    fn block(&mut self, mut block: Block) -> Block {
        for step in &mut block.steps {
            let seen = match block.terminal {
                true => self.shell.run_on_terminal(step),
                false => self.shell.run(step),
            };
            *step = self.compare(step, seen);
        }
        block
    }

    /// Keeps what differs, and returns the step as it is.
    fn compare(&mut self, step: &Step, seen: Seen) -> Step {
        match self.comparison.differences(step, &seen) {
            None => step.clone(),
            Some(differences) => {
                self.found.push(differences);
                self.comparison.corrected(step, seen)
            }
        }
    }
}

#[test]
fn only_what_varies_may_differ() {
    let documented =
        "$ fgctl promote x\n? 8\n2026-11-28T23:34:02Z #7 open\nx  prod  1m\n...\nrev [..] of them";
    let pieces = page::read(&format!("```console err=3\n{documented}\n```\n"));
    let [Piece::Block(block)] = &pieces[..] else { panic!("{pieces:?}") };
    let out = |line: &str| (Stream::Out, line.to_owned());
    let err = |line: &str| (Stream::Err, line.to_owned());
    let seen = |code, output: &[_]| Seen { code, output: output.to_vec() };
    let differs = |seen: &Seen| Comparison::new().differences(&block.steps[0], seen).is_some();
    let step = err("2026-11-29T01:02:03Z #7 open");
    let (row, last) = (out("x  prod  12s"), out("rev 12 of them"));
    let good = [step.clone(), row.clone(), out("any"), out("lines"), last.clone()];
    assert!(!differs(&seen(8, &good)));
    assert!(differs(&seen(0, &good)));
    assert!(differs(&seen(8, &[step.clone(), out("y  prod  12s"), last.clone()])));
    assert!(differs(&seen(8, &[err("2026-11-29T01:02:03Z #8 open"), row.clone(), last.clone()])));
    assert!(differs(&seen(8, &[out(&step.1), row, last])));
}
