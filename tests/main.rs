//! The one test binary: each file is a room or a promise, and `support` starts what they need.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::disallowed_macros)]

mod catalog;
mod compression;
mod config;
mod inspector;
mod params;
mod report;
mod sandbox;
mod support;
mod world_contract;
