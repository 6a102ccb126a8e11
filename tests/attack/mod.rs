//! Attacks, each of which worked once: every one is of a kind, and the kind is held off.

mod at_start;
mod bombs;
mod children;
mod dump_code;
mod dump_formats;
mod dumps;
mod leftovers;
mod lies;
mod loads;
mod network;
mod ordinary;
mod place;
mod reach;
mod splitting;
