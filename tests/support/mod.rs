//! Starts the servers and makes the folders that tests need.

pub mod postgres;
