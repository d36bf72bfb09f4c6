//! A load that comes at fixed times, however long answers take: a latency is measured from when a request was due, so
//! that a server that stalls is not asked less often for it.
//!
//! One thread that looks at all connections in turn: timers of a runtime are a millisecond coarse. A connection that ends is
//! opened again. Prints: answered, failed, then p50, p99, p99.9 and the longest in microseconds.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::http::{FLAG, USER, is_ok, length};

/// How many flags are asked for in turn, where a request leaves that open?
const FLAGS: u64 = 1_000;
/// How many connections are there?
const CONNECTIONS: usize = 64;
/// How long before a connection that was refused is tried again?
const RETRY: Duration = Duration::from_millis(20);

/// One connection, and what it waits for.
struct Line {
    stream: Option<TcpStream>,
    due: Duration,
    answer: Vec<u8>,
    retry: Duration,
}

/// What the schedule has come to.
struct Load {
    address: String,
    request: Vec<u8>,
    /// Where the numbers of user and flag stand in the request, where it leaves them open.
    user: Option<usize>,
    flag: Option<usize>,
    lines: Vec<Line>,
    idle: VecDeque<usize>,
    busy: Vec<usize>,
    took: Vec<Duration>,
    failed: u64,
}

pub(crate) fn run(address: &str, (rate, seconds): (u64, u64), request: &str) -> anyhow::Result<()> {
    let request = std::fs::read(request).context("the request")?;
    let place = |marker: &str| request.windows(marker.len()).position(|window| window == marker.as_bytes());
    let (user, flag) = (place(USER), place(FLAG));
    let line = || Line { stream: None, due: Duration::ZERO, answer: Vec::new(), retry: Duration::ZERO };
    let mut load = Load {
        address: address.to_owned(),
        request,
        user,
        flag,
        lines: (0..CONNECTIONS).map(|_| line()).collect(),
        idle: (0..CONNECTIONS).collect(),
        busy: Vec::new(),
        took: Vec::new(),
        failed: 0,
    };
    load.keep(rate, rate * seconds)?;
    load.took.sort_unstable();
    let part = |per_mille: usize| {
        let at = (load.took.len() * per_mille / 1000).min(load.took.len().saturating_sub(1));
        load.took.get(at).map_or(0, Duration::as_micros)
    };
    let figures = [part(500), part(990), part(999), part(1000)].map(|figure| figure.to_string()).join(" ");
    writeln!(std::io::stdout(), "{} {} {figures}", load.took.len(), load.failed)?;
    Ok(())
}

impl Load {
    /// Sends so many requests at a rate and waits for every answer.
    fn keep(&mut self, rate: u64, requests: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        let due = |request: u64| Duration::from_nanos(request * 1_000_000_000 / rate);
        let mut sent = 0;
        while sent < requests || !self.busy.is_empty() {
            let now = began.elapsed();
            while sent < requests && due(sent) <= now {
                if !self.send(sent, due(sent), now) {
                    break;
                }
                sent += 1;
            }
            // Never sleeps: a core that rests wakes late, and that would count as the server's.
            self.read(began);
        }
        Ok(())
    }

    /// Sends a request over whichever connection is free; returns false when none is.
    fn send(&mut self, n: u64, due: Duration, now: Duration) -> bool {
        for (place, marker, number) in [(self.user, USER, n), (self.flag, FLAG, n % FLAGS)] {
            if let Some(at) = place {
                let digits = format!("{number:0width$}", width = marker.len());
                self.request[at..at + marker.len()].copy_from_slice(&digits.as_bytes()[..marker.len()]);
            }
        }
        for _ in 0..self.idle.len() {
            let Some(place) = self.idle.pop_front() else { return false };
            let line = &mut self.lines[place];
            line.drop_if_ended();
            if line.connect(&self.address, now).is_some_and(|stream| stream.write_all(&self.request).is_ok())
            {
                line.due = due;
                line.answer.clear();
                self.busy.push(place);
                return true;
            }
            line.stream = None;
            self.idle.push_back(place);
        }
        false
    }

    /// Takes what has arrived.
    fn read(&mut self, began: Instant) {
        let mut buffer = [0; 16 * 1024];
        let mut at = 0;
        while let Some(place) = self.busy.get(at).copied() {
            let line = &mut self.lines[place];
            let read = line.stream.as_mut().map_or(Ok(0), |stream| stream.read(&mut buffer));
            match read {
                Ok(read) if read > 0 => line.answer.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    at += 1;
                    continue;
                }
                Ok(_) | Err(_) => {
                    self.failed += 1;
                    line.stream = None;
                    self.idle.push_back(self.busy.swap_remove(at));
                    continue;
                }
            }
            if length(&line.answer).is_none_or(|length| line.answer.len() < length) {
                at += 1;
                continue;
            }
            if is_ok(&line.answer) {
                self.took.push(began.elapsed().saturating_sub(line.due));
            } else {
                self.failed += 1;
            }
            self.idle.push_back(self.busy.swap_remove(at));
        }
    }
}

impl Line {
    /// Notices that the server ended it while it was idle, so that what is asked next is not lost with it.
    fn drop_if_ended(&mut self) {
        if let Some(stream) = &self.stream
            && !stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        {
            self.stream = None;
        }
    }

    fn connect(&mut self, address: &str, now: Duration) -> Option<&mut TcpStream> {
        if self.stream.is_none() {
            if now < self.retry {
                return None;
            }
            self.retry = now + RETRY;
            let stream = TcpStream::connect(address).ok()?;
            stream.set_nodelay(true).ok()?;
            stream.set_nonblocking(true).ok()?;
            self.stream = Some(stream);
        }
        self.stream.as_mut()
    }
}
