//! Starts the servers and makes the folders that tests need.

pub mod disk;
pub mod faults;
pub mod objects;
pub mod odd_smtp;
pub mod past;
pub mod postgres;
pub mod processes;
pub mod program;
pub mod proxy;
pub mod receiver;
pub mod smtp;
pub mod sshd;
pub mod stores;
