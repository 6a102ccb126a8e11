//! Lists the constructs that a dump may not contain because psql, the server and hikae could parse them differently.

/// Something that `pg_dump` never writes, and that could hide the end of a string or of a block of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// `'a' 'b'`: the second follows the rules of the first if a line end separates them.
    JoinedStrings,
    /// psql ends a comment there.
    ReturnInComment,
    /// `1$$` or `1e'`: psql splits the number from what follows it.
    JoinedNumber,
    /// `$word` that is no dollar quote.
    LoneDollar,
    /// `\.` with something after it on its line.
    EndOfRows,
}

impl Odd {
    /// What the dump contains, as the continuation of a sentence after `which`.
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
