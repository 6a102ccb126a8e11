//! Attacks, each of which worked once: every one is of a kind, and the kind is held off.

mod children;
mod leftovers;
mod network;
mod ordinary;
mod place;
