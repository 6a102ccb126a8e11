//! Defines the items that make up a plain dump.

/// One item that was read completely; [`Lexer::text`](crate::postgres::dump::lexer::Lexer::text) has its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A bare word or number.
    Word,
    /// A quoted name; the text is the name without its quotes.
    Name,
    /// A string, its text without the quotes; in an irrelevant statement the text is not kept.
    String,
    /// Any other character of a statement.
    Sign(u8),
    /// The end of a statement.
    Semicolon,
    /// A `--` comment from the first column on; the text begins after the dashes.
    Comment,
    /// A line for psql: the text begins with its backslash.
    PsqlLine,
    /// The end of a block, with its rows.
    Rows(u64),
}
