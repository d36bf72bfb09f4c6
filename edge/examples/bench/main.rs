//! The parts of `scripts/bench` that are not a shell's work.
//!
//! edge <folder> <binaries>: reads the status of a development system from stdin, measures an edge beside its floors, prints
//! one table. The others are programs that it starts beside itself, so that each has its own core and its own memory:
//! floor <host:port> <answer>: a server that only returns these bytes. open <host:port> <rate> <seconds> <request file>: asks at
//! fixed times. crowd <grpc> <key> <how many> edge|floor: takes in a snapshot, so many at once.

mod admin;
mod crowd;
mod edge;
mod floor;
mod http;
mod open;

use actix_web::rt::System;
use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["edge", folder, binaries] => System::new().block_on(edge::run(folder, binaries)),
        ["floor", address, answer] => System::new().block_on(floor::run(address, answer)),
        ["open", address, rate, seconds, request] => {
            open::run(address, (rate.parse()?, seconds.parse()?), request)
        }
        ["crowd", grpc, key, edges, "edge"] => crowd::edges(grpc, key, edges.parse()?),
        ["crowd", grpc, key, edges, "floor"] => crowd::floors(grpc, key, edges.parse()?),
        _ => bail!("see the head of edge/examples/bench/main.rs"),
    }
}
