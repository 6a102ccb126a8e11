//! A failure that a recipe has caught: its form in Lua, and whether the recipe has accepted it or raised it again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::{MetaMethod, UserData, UserDataFields, UserDataMethods};

use crate::error::Error;
use crate::lua::json::to_lua;

/// A failure that a recipe has caught, until it is accepted with a reason or raised again.
pub struct CaughtError {
    pub error: Error,
    /// The recipe's reason for accepting the failure.
    pub accepted: RefCell<Option<String>>,
    pub raised_again: Cell<bool>,
    /// One of several copies failed: the run reports it, whether or not the recipe accepts it.
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

    /// Whether it was swallowed: neither accepted nor raised again.
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
