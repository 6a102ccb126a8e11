//! Names what a dump may not have because psql, the server and hikae could read it in different ways.

/// Something that `pg_dump` never writes, and that could hide the end of a string or of a block of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// `'a' 'b'`: the second goes by the rules of the first, if a line end is between them.
    JoinedStrings,
    /// psql ends a comment there.
    ReturnInComment,
    /// `1$$` or `1e'`: psql takes the number and what is joined to it apart.
    JoinedNumber,
    /// `$word` that is no dollar quote.
    LoneDollar,
    /// `\.` with something behind it on its line.
    EndOfRows,
}

impl Odd {
    /// What the dump has, as a sentence goes on after `which`.
    pub(crate) fn which(self) -> &'static str {
        match self {
            Odd::JoinedStrings => "joins two strings",
            Odd::ReturnInComment => "has a carriage return in a comment",
            Odd::JoinedNumber => "joins a number to a string",
            Odd::LoneDollar => "has a `$` that begins no quote",
            Odd::EndOfRows => "has something behind the `\\.` that ends the rows of a table",
        }
    }
}
