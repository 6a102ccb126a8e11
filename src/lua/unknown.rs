//! The placeholder in a plan for what only a run would know: it can be shown, and a decision that depends on it ends the plan.

use mlua::{AnyUserData, Lua, MetaMethod, MultiValue, UserData, UserDataFields, UserDataMethods, Value};

use crate::backup::writer::AFTER_THE_RUN;
use crate::error::{Error, Kind};
use crate::lua::traceback::raise;
use crate::world::dry_run::Withheld;

/// The operations that need the value: to index it, to calculate with it, to compare it. `==` with another type calls no metamethod.
const DECIDING: [MetaMethod; 18] = [
    MetaMethod::Index,
    MetaMethod::NewIndex,
    MetaMethod::Call,
    MetaMethod::Len,
    MetaMethod::Lt,
    MetaMethod::Le,
    MetaMethod::Eq,
    MetaMethod::Add,
    MetaMethod::Sub,
    MetaMethod::Mul,
    MetaMethod::Div,
    MetaMethod::IDiv,
    MetaMethod::Mod,
    MetaMethod::Pow,
    MetaMethod::Unm,
    MetaMethod::BAnd,
    MetaMethod::BOr,
    MetaMethod::Pairs,
];

/// A value that is known only in a real run.
#[derive(Clone)]
pub struct Unknown {
    /// The start of a sentence: "the answer of `sync`".
    what: String,
    why: Withheld,
}

impl Unknown {
    /// The unknown answer of a program.
    pub fn answer(program: &str) -> Unknown {
        Unknown { what: format!("the answer of `{program}`"), why: Withheld::Program }
    }

    /// The unknown answer of a database.
    pub fn row() -> Unknown {
        Unknown { what: "the answer of the server".to_owned(), why: Withheld::Database }
    }

    /// The unknown value of a field.
    pub fn field(name: &str) -> Unknown {
        Unknown { what: format!("`{name}`"), why: Withheld::Answer }
    }

    /// Converts it to a Lua value.
    pub fn handle(self, lua: &Lua) -> mlua::Result<AnyUserData> {
        lua.create_userdata(self)
    }

    /// The error of an operation that needs the value.
    pub fn error(&self) -> Error {
        Error::new(Kind::Cancelled, format!("{} is not known", self.what)).because(self.why)
    }
}

impl UserData for Unknown {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "unknown");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        for act in DECIDING {
            methods.add_meta_function(act, |lua, operands: MultiValue| -> mlua::Result<Value> {
                Err(raise(lua, of(&operands).unwrap_or_else(|| Unknown::field("a value")).error()))
            });
        }
        methods.add_meta_method(MetaMethod::ToString, |_, _, ()| Ok(format!("({AFTER_THE_RUN})")));
        methods.add_meta_function(MetaMethod::Concat, |_, (left, right): (Value, Value)| {
            Ok(format!("{}{}", left.to_string()?, right.to_string()?))
        });
    }
}

/// The first unknown value among these.
fn of(values: &MultiValue) -> Option<Unknown> {
    values.iter().find_map(|value| value.as_userdata()?.borrow::<Unknown>().ok().map(|unknown| unknown.clone()))
}
