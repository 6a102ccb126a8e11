//! Builds the arguments of a channel's `send`: the event and the channel, as read-only tables that reject unknown names.

use mlua::{Function, Lua, Table, Value};

use crate::alert::{Channel, Verb};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::seal::{proxy, spell};
use crate::lua::secret_value::SecretValue;
use crate::lua::traceback::raise;
use crate::suggest;
use crate::world::SecretOrText;
use crate::world::http::Address;

impl Channel {
    /// The URL of its address, if the address is one.
    fn url(&self) -> Result<Option<Address>> {
        let target = self.target.as_ref().filter(|target| target.expose().contains("://"));
        let url = target.map(|target| Address::new(&SecretOrText::Secret(target.clone()), &[])).transpose();
        url.map_err(|error| error.hint("look at the address of the channel: `https://host/path`"))
    }

    /// Host and port of the server that it may connect to.
    pub(super) fn server(&self) -> Result<Option<String>> {
        Ok(self.url()?.map(|url| format!("{}:{}", url.host(), url.port())))
    }

    /// The table `channel`.
    pub(super) fn table(&self, lua: &Lua) -> mlua::Result<Table> {
        let table = lua.create_table()?;
        table.raw_set("name", self.name.as_str())?;
        table.raw_set("kind", self.kind.as_str())?;
        table.raw_set("recipients", lua.create_sequence_from(self.recipients.iter().map(String::as_str))?)?;
        let host = self.url().ok().flatten().map(|url| url.host().to_owned());
        table.raw_set("host", host)?;
        if let Some(target) = &self.target {
            table.raw_set("target", lua.create_userdata(SecretValue(target.clone()))?)?;
        }
        if let Some(secret) = &self.secret {
            table.raw_set("secret", lua.create_userdata(SecretValue(secret.clone()))?)?;
        }
        table.raw_set("at", self.at(lua)?)?;
        table.raw_set("settings", self.settings(lua)?)?;
        strict(lua, "channel", table, &["target", "host", "secret"])
    }

    /// The settings of this kind of channel in `hikae.toml`; an absent one is nil.
    fn settings(&self, lua: &Lua) -> mlua::Result<Table> {
        let settings = lua.create_table()?;
        for (name, value) in &self.settings {
            settings.raw_set(name.as_str(), to_lua(lua, value)?)?;
        }
        Ok(settings)
    }

    /// `channel.at("fail")`: the address with this path appended, still secret.
    fn at(&self, lua: &Lua) -> mlua::Result<Function> {
        let target = self.target.clone();
        lua.create_function(move |lua, below: String| {
            let call = Call::new(lua, "channel.at").map_err(mlua::Error::external)?;
            let none = || Error::new(Kind::Recipe, "the channel has no address");
            let secret = target.as_ref().ok_or_else(none).and_then(|target| Address::below(target, &below));
            secret.map(SecretValue).map_err(|error| call.raise(error))
        })
    }
}

/// The table `event` or `run`: an absent value is nil, and an unknown name is an error.
pub fn event(lua: &Lua, verb: Verb, shown: &serde_json::Value) -> mlua::Result<Table> {
    let owner = match verb {
        Verb::Send => "event",
        Verb::Ping => "run",
    };
    let names: Vec<&str> = shown.as_object().into_iter().flat_map(|shown| shown.keys()).map(String::as_str).collect();
    match to_lua(lua, shown)? {
        Value::Table(table) => strict(lua, owner, table, &names),
        _ => lua.create_table(), // which an event never is
    }
}

fn strict(lua: &Lua, owner: &'static str, members: Table, optional: &[&str]) -> mlua::Result<Table> {
    let mut known: Vec<String> = crate::lua::seal::names(&members);
    known.extend(optional.iter().map(|name| (*name).to_owned()));
    known.sort_unstable();
    known.dedup();
    let missing = lua.create_function(move |lua, (_, key): (Value, Value)| {
        let key = spell(&key);
        match known.contains(&key) {
            true => Ok(Value::Nil),
            false => {
                let error = Error::new(Kind::Recipe, format!("`{owner}` has no `{key}`"));
                Err(raise(lua, error.hint(suggest::hint(&key, known.iter().map(String::as_str)))))
            }
        }
    })?;
    let frozen = lua.create_function(move |lua, (_, key): (Value, Value)| {
        let what = format!("cannot set `{owner}.{}`: `{owner}` is read-only", spell(&key));
        Err::<Value, _>(raise(lua, Error::new(Kind::Recipe, what).hint("keep it in a `local` of your own")))
    })?;
    proxy(lua, members, missing, frozen)
}
