//! Reads the configuration folder once.
