//! The one test binary: each file is a room or a promise, and `support` starts what they need.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::disallowed_macros)]

mod alert;
mod archives;
mod attack;
mod catalog;
mod cli;
mod compression;
mod config;
mod connections;
mod coverage;
mod damage;
mod docs;
mod due;
mod every;
mod encryption;
mod http;
mod inspector;
mod layers;
mod mail;
mod params;
mod rehearsal;
mod report;
mod restore;
mod sandbox;
mod specs;
mod stores;
mod stubs;
mod support;
mod translations;
mod verify;
mod words;
mod world_contract;
