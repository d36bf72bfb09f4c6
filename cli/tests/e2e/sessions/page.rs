//! A page of `docs/sessions`: prose, and blocks of commands with what they print.
//!
//! Blocks are those of trycmd: ```` ```console ````, `$ ` a command, `> ` its further lines, `? 3` how it ends when that is
//! not 0, then what it prints. Words behind `console` say more: `err=2,4-6` are the lines of the block that come through
//! stderr, `terminal` runs it at a terminal of 80 columns with the answers that stand there, and `background=4` goes on
//! with the next block once there are four lines of it.

use std::collections::BTreeSet;
use std::iter::{Enumerate, Peekable};
use std::str::Lines;

/// Where a line of output came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// A command with what it prints, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) command: Vec<String>,
    pub(super) code: i32,
    pub(super) output: Vec<(Stream, String)>,
}

/// Commands that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) terminal: bool,
    pub(super) background: Option<usize>,
    pub(super) steps: Vec<Step>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Prose(String),
    Block(Block),
}

/// The lines of a page, with their numbers.
type Numbered<'t> = Peekable<Enumerate<Lines<'t>>>;

/// Reads a page.
pub(super) fn read(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        match line.strip_prefix("```console") {
            Some(words) => pieces.push(Piece::Block(block((words, at), &mut lines))),
            None => pieces.push(Piece::Prose(line.to_owned())),
        }
    }
    pieces
}

fn block<'t>((words, fence): (&str, usize), lines: &mut Numbered<'t>) -> Block {
    let mut block = Block { terminal: false, background: None, steps: Vec::new() };
    let mut errors = BTreeSet::new();
    for word in words.split_whitespace() {
        match word.split_once('=') {
            None if word == "terminal" => block.terminal = true,
            Some(("background", lines)) => block.background = Some(lines.parse().unwrap()),
            Some(("err", spans)) => errors = spans.split(',').flat_map(span).collect(),
            _ => panic!("what is {word:?} behind a fence?"),
        }
    }
    while let Some((at, line)) = lines.next_if(|(_, line)| *line != "```") {
        if line.starts_with("$ ") {
            let mut command = vec![line.to_owned()];
            while let Some((_, further)) = lines.next_if(|(_, line)| line.starts_with('>')) {
                command.push(further.to_owned());
            }
            let ends = lines.next_if(|(_, line)| line.starts_with("? "));
            let code = ends.map_or(0, |(_, line)| line[2..].parse().unwrap());
            block.steps.push(Step { command, code, output: Vec::new() });
            continue;
        }
        let step = block.steps.last_mut().unwrap_or_else(|| panic!("no command before {line:?}"));
        let stream = if errors.contains(&(at - fence)) { Stream::Err } else { Stream::Out };
        step.output.push((stream, line.to_owned()));
    }
    assert!(lines.next().is_some(), "a block has no end");
    block
}

/// Reads `4` or `4-6`.
fn span(text: &str) -> std::ops::RangeInclusive<usize> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    first.parse().unwrap()..=last.parse().unwrap()
}

/// Writes a page.
pub(super) fn write(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Prose(line) => text.push_str(line),
            Piece::Block(block) => text.push_str(&written(block)),
        }
        text.push('\n');
    }
    text
}

fn written(block: &Block) -> String {
    let mut lines = Vec::new();
    let mut errors = Vec::new();
    for step in &block.steps {
        lines.extend(step.command.iter().cloned());
        if step.code != 0 {
            lines.push(format!("? {}", step.code));
        }
        for (stream, line) in &step.output {
            lines.push(line.clone());
            if *stream == Stream::Err {
                errors.push(lines.len());
            }
        }
    }
    let mut fence = "```console".to_owned();
    if block.terminal {
        fence.push_str(" terminal");
    }
    if let Some(lines) = block.background {
        fence.push_str(&format!(" background={lines}"));
    }
    if !errors.is_empty() && !block.terminal {
        fence.push_str(&format!(" err={}", spans(&errors)));
    }
    lines.insert(0, fence);
    lines.push("```".to_owned());
    lines.join("\n")
}

/// Writes the numbers of lines as `2,4-6`.
fn spans(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|one, next| one + 1 == *next).map(|run| match run {
        [only] => only.to_string(),
        _ => format!("{}-{}", run[0], run[run.len() - 1]),
    });
    runs.collect::<Vec<_>>().join(",")
}
