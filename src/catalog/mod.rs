//! Keeps the durable record of runs in SQLite.
