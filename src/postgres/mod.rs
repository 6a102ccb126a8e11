//! Proves and counts the output of `pg_dump` while it flies by.

/// How PostgreSQL's own programs are called.
pub mod client;
/// What a whole dump contains, put together statement by statement.
mod contents;
/// What a restored database has against what its manifest says.
pub mod checks;
/// Counts the rows of one `COPY` block.
mod copy;
/// The end of a dollar quote.
mod dollar;
/// What of a dump shows that it is whole: its first lines, its last ones, and nothing behind them.
mod envelope;
/// What a program's standard error means, and what to try.
pub mod explain;
/// What a manifest says about a dumped database, and the query that counts the same in a live one.
mod facts;
/// The stage that sits in the stream.
mod inspector;
/// Words, comments, psql lines and rows.
mod lexer;
/// What a live database is asked, to be compared with a manifest.
pub mod live;
/// Names and texts as SQL has them.
pub mod quoting;
/// How one database takes another's place.
pub mod swap;
/// Which databases hikae may throw away.
pub mod throwaway;
/// The statement that sets a sequence.
mod setval;
/// What one SQL statement makes.
mod statement;

pub use facts::{COUNTS_QUERY, Counts, DatabaseFacts, SequenceValue, TableRows};
pub use inspector::Inspector;
