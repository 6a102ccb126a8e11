//! Attacks, each of which worked once: every one is of a kind, and the kind is held off.

mod accounts;
mod at_start;
mod bombs;
mod children;
mod dump_apart;
mod dump_code;
mod dump_formats;
mod dump_reading;
mod dump_sizes;
mod dumps;
mod kernels;
mod leftovers;
mod lies;
mod loads;
mod network;
mod ordinary;
mod place;
mod reach;
mod splitting;
