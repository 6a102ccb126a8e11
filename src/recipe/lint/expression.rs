//! The parts of a Lua expression that the check needs.

/// An expression, as far as it can be judged without running it.
#[derive(Clone, Debug)]
pub enum Expression {
    /// A name that is not local.
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

/// A field of a table literal.
#[derive(Clone, Debug)]
pub struct Field {
    /// `None` for a field without a name.
    pub key: Option<String>,
    pub value: Expression,
    pub line: u32,
}

/// The facts known about a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A class of the stubs, such as `Stream`.
    Class(String),
    /// A module that `require` returns.
    Module(String),
    /// The params of the recipe.
    Params,
}
