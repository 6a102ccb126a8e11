//! What the check needs of an expression of Lua.

/// An expression, as far as it can be judged without running it.
#[derive(Clone, Debug)]
pub enum Expression {
    /// A name that is no local one.
    Global(String),
    /// A local name, with what is known of its value.
    Local(Option<Kind>),
    Member {
        of: Box<Expression>,
        name: String,
    },
    Call {
        of: Box<Expression>,
        args: Vec<Expression>,
    },
    Method {
        of: Box<Expression>,
        name: String,
        args: Vec<Expression>,
    },
    Table(Vec<Field>),
    Text(String),
    Integer,
    Float,
    Boolean,
    Function,
    /// Anything else.
    Unknown,
}

/// A field of a table that is written out.
#[derive(Clone, Debug)]
pub struct Field {
    /// Nothing for one that has no name of its own.
    pub key: Option<String>,
    pub value: Expression,
    pub line: u32,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A class of the stubs, such as `Stream`.
    Class(String),
    /// A module that `require` gives.
    Module(String),
    /// The params of the recipe.
    Params,
}
