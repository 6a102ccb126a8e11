//! Object stores on loopback, behind bad networks, killed in the middle, asked by all who may ask: nothing wrong is ever called right.

mod checked;
mod faults;
mod keys;
mod kills;
mod large;
mod places;
mod walled;
mod who_asks;
mod who_asks_others;
