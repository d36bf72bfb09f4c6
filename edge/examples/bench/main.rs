//! The parts of `scripts/bench` that are not a shell's work.
//!
//! prepare <folder>: reads the status of a development system from stdin, makes flag and client, writes what wrk
//! needs into the folder, prints shell variables. visible: changes a flag and watches it arrive. ask <host:port>
//! <folder>: prints the edge's answer. floor <host:port> <answer>: a server that only returns these bytes. count:
//! what counting an evaluation costs, and how much memory it takes.

mod admin;
mod ask;
mod count;
mod floor;
mod prepare;
mod visible;

use anyhow::bail;

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["prepare", folder] => prepare::run(folder).await,
        ["visible", backend, edge, team, environment, changes] => {
            visible::run(backend, edge, (team, environment), changes.parse()?).await
        }
        ["ask", edge, folder] => ask::run(edge, folder).await,
        ["count"] => count::run(),
        ["floor", address, answer] => floor::run(address, answer).await,
        _ => bail!("see the head of edge/examples/bench/main.rs"),
    }
}
