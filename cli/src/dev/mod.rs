//! A whole system on this machine: PostgreSQL, the backend, the edge and demo data, from nothing.
//!
//! [`start::run`] is one run from the lock on its data folder to the last process ended; [`detach`] puts that into the
//! background; [`status`] and [`stop`] look at it and end it from outside. Nothing here prints: lines go through a
//! channel to the command, and into the [`journal`] for other processes.

mod cluster;
mod context;
mod database;
mod demo;
pub(crate) mod detach;
pub(crate) mod fault;
pub(crate) mod folder;
mod guarded;
mod health;
mod install;
mod journal;
mod leftovers;
mod mark;
mod owner;
pub(crate) mod part;
pub(crate) mod ports;
mod postgres;
pub(crate) mod report;
mod secret;
mod seed;
mod service;
mod settings;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
mod supervise;
mod system;
pub(crate) mod throwaway;
