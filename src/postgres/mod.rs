//! Proves and counts the output of `pg_dump` while it flies by.

/// Every `SELECT` that `pg_dump` writes.
mod calls;
/// How PostgreSQL's own programs are called.
pub mod client;
/// The end of a comment in which others may stand.
mod comment;
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
/// The stage that proves what belongs to a whole cluster: its roles and tablespaces.
pub mod globals;
/// What an `INSERT` of a dump may have.
mod inserting;
/// The stage that sits in the stream.
mod inspector;
/// Words, comments, psql lines and rows by name.
mod item;
/// Finds them.
mod lexer;
/// What of a dump may be restored.
mod judge;
/// What a restore of a dump would refuse, known when the dump is made.
pub mod judging;
/// Every kind of object that `pg_dump` writes statements about.
mod kinds;
/// Names in another encoding than UTF-8.
mod legible;
/// What a live database is asked, to be compared with a manifest.
pub mod live;
/// Names and texts as SQL has them.
pub mod quoting;
/// How one database takes another's place.
pub mod swap;
/// Which databases hikae may throw away.
pub mod throwaway;
/// How a throwaway server is made and started.
pub mod server;
/// The roles that a dump names.
mod roles;
/// The statement that sets a sequence.
mod setval;
/// Which semicolons end a statement.
mod nesting;
/// How a dump is loaded into a database, and an archive is decoded.
mod loading;
/// What psql, the server and hikae could read in different ways.
mod odd;
/// What a dump says about its own database.
mod own;
/// The lines for psql that `pg_dump` writes.
mod psql_line;
/// The end of a string.
mod quote;
/// Why a dump is not restored.
mod refusal;
/// The stage that lets a dump restore under another name, and refuses what is not a dump's.
mod rewriter;
/// Which statements `pg_dump` writes, by their first words.
mod rules;
/// What one SQL statement makes.
mod statement;
/// Holds the rest of a statement to what its first words promised.
mod watch;

pub use envelope::begins_as_dump;
pub use facts::{COUNTS_QUERY, Counts, DatabaseFacts, SequenceValue, TableRows};
pub use inspector::Inspector;
pub use loading::{decode_archive, decode_folder, drop_database};
pub use own::{Own, create_database};
pub use rewriter::Rewriter;
