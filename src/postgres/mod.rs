//! Proves and counts the output of `pg_dump` while it flies by.
