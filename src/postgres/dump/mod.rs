//! Reads the output of `pg_dump`: verifies that a dump is complete and counts its contents.

pub mod comment;
pub mod contents;
pub mod copy;
pub mod envelope;
pub mod facts;
pub mod fingerprint;
pub mod globals;
pub mod header;
pub mod inspector;
pub mod item;
pub mod legible;
pub mod lexer;
pub mod odd;
pub mod statement;
pub mod warnings;
