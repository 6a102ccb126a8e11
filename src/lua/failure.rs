//! A failure that a recipe has caught: what Lua sees of it, and whether the recipe has answered for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::{MetaMethod, UserData, UserDataFields, UserDataMethods};

use crate::error::Error;
use crate::lua::json::to_lua;

/// A failure that a recipe has caught, until it is accepted in words or raised again.
pub struct CaughtError {
    pub error: Error,
    /// Why the recipe says that it does not matter.
    pub accepted: RefCell<Option<String>>,
    pub raised_again: Cell<bool>,
    /// One of several copies failed: the run says so itself, whether or not the recipe answers for it.
    pub of_copy: bool,
}

impl CaughtError {
    pub fn new(error: Error) -> Rc<CaughtError> {
        CaughtError::with(error, false)
    }

    /// The failure of one of several copies.
    pub fn of_copy(error: Error) -> Rc<CaughtError> {
        CaughtError::with(error, true)
    }

    fn with(error: Error, of_copy: bool) -> Rc<CaughtError> {
        Rc::new(CaughtError { error, accepted: RefCell::default(), raised_again: Cell::new(false), of_copy })
    }

    /// Neither accepted nor raised again: merely swallowed.
    pub fn swallowed(&self) -> bool {
        self.accepted.borrow().is_none() && !self.raised_again.get()
    }
}

/// The handle by which Lua holds a caught failure.
pub struct ErrorHandle(pub Rc<CaughtError>);

impl UserData for ErrorHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "failure");
        fields.add_field_method_get("kind", |_, this| Ok(this.0.error.kind().word()));
        fields.add_field_method_get("message", |_, this| Ok(crate::secret::redact(&this.0.error.one_line())));
        fields.add_field_method_get("hint", |_, this| Ok(this.0.error.hint_text().map(str::to_owned)));
        fields.add_field_method_get("checks", |lua, this| {
            this.0.error.details().map(|details| to_lua(lua, details)).transpose()
        });
        fields.add_field_method_get("site", |_, this| Ok(this.0.error.sites().first().map(|site| site.to_string())));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods
            .add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(crate::secret::redact(&this.0.error.one_line())));
    }
}
