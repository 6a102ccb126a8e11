//! A secret as Lua holds it: a handle that shows nothing, joins to nothing, and opens only in Rust.

use mlua::{MetaMethod, UserData, UserDataFields, UserDataMethods};

use crate::secret::{MASK, Secret};

/// The handle of a secret in Lua.
pub struct SecretValue(pub Secret);

impl UserData for SecretValue {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "secret");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, _, ()| Ok(MASK));
    }
}
