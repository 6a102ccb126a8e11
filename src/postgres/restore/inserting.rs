//! Checks that an `INSERT` is one that `pg_dump --inserts` writes: plain values, without any call or query.

use crate::postgres::dump::item::Item;

/// The parser state after `INSERT INTO`, starting with the table name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Insert {
    Into,
    Schema,
    Dot,
    Table,
    Columns,
    Column,
    ColumnsEnd,
    Overriding,
    OverridingWhich,
    Default,
    Values,
    /// A row or one of its values is expected.
    Value,
    /// A number is expected after a sign.
    Signed,
    Number,
    Point,
    /// `1e` of `1e+20`.
    Exponent,
    /// The letter before a string, as in `E'…'` and `B'…'`.
    Prefix,
    Whole,
    RowEnd,
    On,
    Conflict,
    Do,
    Nothing,
}

use Insert::*;

impl Insert {
    /// The state after one more word or sign; none if `pg_dump` never writes that there.
    pub(crate) fn then(self, item: Item, text: &[u8]) -> Option<Insert> {
        let name = matches!(item, Item::Word | Item::Name);
        let next = match (self, item) {
            (Into, _) if name => Schema,
            (Schema, Item::Sign(b'.')) => Dot,
            (Dot, _) if name => Table,
            (Schema | Table, Item::Sign(b'(')) | (Column, Item::Sign(b',')) => Columns,
            (Columns, _) if name => Column,
            (Column, Item::Sign(b')')) => ColumnsEnd,
            (Values, Item::Sign(b'(')) => Value,
            (Value, Item::Sign(b'-' | b'+')) | (Exponent, Item::Sign(b'-' | b'+')) => Signed,
            (Value | Prefix, Item::String) => Whole,
            (Number, Item::Sign(b'.')) => Point,
            (Number | Whole, Item::Sign(b',')) => Value,
            (Number | Whole, Item::Sign(b')')) => RowEnd,
            (RowEnd, Item::Sign(b',')) => Values,
            (_, Item::Word) => return self.word(text),
            _ => return None,
        };
        Some(next)
    }

    fn word(self, text: &[u8]) -> Option<Insert> {
        let number = text.first().is_some_and(u8::is_ascii_digit);
        let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
        match self {
            Schema | Table | ColumnsEnd if is(&["overriding"]) => Some(Overriding),
            Schema | Table | ColumnsEnd if is(&["values"]) => Some(Values),
            Schema | Table if is(&["default"]) => Some(Default),
            Overriding if is(&["system", "user"]) => Some(OverridingWhich),
            OverridingWhich if is(&["value"]) => Some(ColumnsEnd),
            Default if is(&["values"]) => Some(RowEnd),
            Value | Signed | Point if number && text.ends_with(b"e") => Some(Exponent),
            Value | Signed | Point if number => Some(Number),
            Value if is(&["null", "default", "true", "false"]) => Some(Whole),
            Value if is(&["e", "b", "x", "n"]) => Some(Prefix),
            RowEnd if is(&["on"]) => Some(On),
            On if is(&["conflict"]) => Some(Conflict),
            Conflict if is(&["do"]) => Some(Do),
            Do if is(&["nothing"]) => Some(Nothing),
            _ => None,
        }
    }

    /// Whether the statement may end here.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, RowEnd | Nothing)
    }
}
