//! The handle of a byte stream: a recipe chains stages on it, and one call at the end moves the bytes.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use mlua::{
    AnyUserData, FromLuaMulti, Function, IntoLua, IntoLuaMulti, Lua, MetaMethod, MultiValue, UserData, UserDataFields,
    UserDataMethods, Value,
};
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::backup::target::Target;
use crate::backup::writer;
use crate::error::{Error, Kind, Result, Site};
use crate::lua::exports::{Call, misfit, waiting};
use crate::lua::options::Text;
use crate::modules::http::upload::{UploadOptions, upload};
use crate::modules::objects::{PutOptions, store_of};
use crate::modules::save::SaveOptions;
use crate::modules::{drain, save};
use crate::stream::decompress::decompress;
use crate::stream::ended::{Checked, Ended};
use crate::stream::gunzip::gunzip;
use crate::stream::gzip::gzip;
use crate::stream::lines::{LineReader, Lines};
use crate::stream::stage::Staged;
use crate::stream::taps::{EndsWith, Hash};
use crate::stream::unzstd::unzstd;
use crate::stream::zstd::zstd;
use crate::stream::{SharedFacts, Source};
use crate::suggest::nearest;
use crate::world::objects::Object;

use crate::backup::pipeline::Pipeline;
use crate::lua::unused::Unused;

/// A function of the recipe that is shown something of a stream.
pub struct LineTap {
    pub shown: Shown,
    pub function: Function,
}

/// What a function is shown.
pub enum Shown {
    /// Every line that passes.
    Lines(oneshot::Receiver<LineReader>),
    /// What the stream was, at its end; nothing goes on before the function says that it is good.
    End(oneshot::Receiver<Ended>),
}

/// What Lua holds: a stream that is ready, or the place where it was used up.
pub struct Stream {
    ready: RefCell<Option<(Pipeline, Vec<LineTap>)>>,
    used_at: RefCell<Option<Site>>,
    unused: Rc<Unused>,
}

impl Stream {
    /// A new handle, entered in the session's account of streams.
    pub fn create(call: &Call, pipeline: Pipeline, taps: Vec<LineTap>) -> Result<AnyUserData> {
        let unused = Rc::new(Unused { label: pipeline.label.clone(), site: call.site(), used: Cell::new(false) });
        call.session.streams.borrow_mut().push(unused.clone());
        let stream = Stream { ready: RefCell::new(Some((pipeline, taps))), used_at: RefCell::default(), unused };
        call.lua.create_userdata(stream).map_err(crate::lua::traceback::from_lua)
    }

    /// Takes the stream out of its handle, which is used up from here on.
    pub fn take(&self, call: &Call) -> Result<(Pipeline, Vec<LineTap>)> {
        let Some(ready) = self.ready.borrow_mut().take() else {
            let made = place(&self.unused.site);
            let used = place(&self.used_at.borrow());
            let what =
                format!("the stream of `{}` made{made} is used a second time; it was used up{used}", self.unused.label);
            return Err(Error::new(Kind::Recipe, what)
                .hint("a stream can be read once; to write it to two places put `:tee(path)` before `:save(path)`"));
        };
        self.unused.used.set(true);
        *self.used_at.borrow_mut() = call.site();
        Ok(ready)
    }
}

fn place(site: &Option<Site>) -> String {
    site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default()
}

/// The names of the methods, for suggestions and for the comparison with the stubs.
pub const METHODS: [&str; 15] = [
    "check",
    "decompress",
    "discard",
    "ends_with",
    "gunzip",
    "gzip",
    "hash",
    "put",
    "save",
    "tap_lines",
    "tee",
    "text",
    "unzstd",
    "upload",
    "zstd",
];

/// Makes files smaller than `gzip -6` does, of dumps at least, and takes the least time of all levels that do.
const GZIP_LEVEL: u32 = 5;

/// Of dumps it makes the smallest file of the levels 1 to 3, for less time than 2 (0.8) and 3 (0.5), where the program `zstd` starts.
const ZSTD_LEVEL: i32 = 1;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct GzipOptions {
    level: Option<u32>,
    threads: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ZstdOptions {
    level: Option<i32>,
    threads: Option<usize>,
}

impl UserData for Stream {
    /// The methods that wait.
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "stream");
        method(fields, "tap_lines", |call, (this, function): (AnyUserData, Function)| async move {
            let (pipeline, mut taps) = handle(&this, &call)?.take(&call)?;
            let (send, lines) = oneshot::channel();
            taps.push(LineTap { shown: Shown::Lines(lines), function });
            let split = move |source, _: &SharedFacts| -> Box<dyn Source> {
                let (stage, reader) = Lines::new(source);
                // Nobody shows the lines any more when the call that reads them was taken back.
                let _unread = send.send(reader);
                Box::new(stage)
            };
            Stream::create(&call, pipeline.then(split), taps)
        });
        method(fields, "check", |call, (this, function): (AnyUserData, Function)| async move {
            let (pipeline, mut taps) = handle(&this, &call)?.take(&call)?;
            let (send, ended) = oneshot::channel();
            taps.push(LineTap { shown: Shown::End(ended), function });
            let check = move |source, _: &SharedFacts| -> Box<dyn Source> { Box::new(Checked::new(source, send)) };
            Stream::create(&call, pipeline.then(check), taps)
        });
        method(fields, "tee", |call, (this, path): (AnyUserData, Value)| async move {
            let (path,): (std::path::PathBuf,) = call.args(MultiValue::from_iter([path]))?;
            let (pipeline, taps) = handle(&this, &call)?.take(&call)?;
            let pipeline = writer::tee(call.world()?, pipeline, path);
            Stream::create(&call, pipeline, taps)
        });
        method(fields, "save", |call, (this, path, options): (AnyUserData, Value, Value)| async move {
            let (path, options): (std::path::PathBuf, Option<SaveOptions>) =
                call.args(MultiValue::from_iter([path, options]))?;
            let writing = options.unwrap_or_default().into();
            save::save(call.clone(), handle(&this, &call)?.take(&call)?, Target::File(path), writing).await
        });
        method(fields, "put", |call, (this, store, key, options): (AnyUserData, Value, Value, Value)| async move {
            let (key, options): (String, Option<PutOptions>) = call.args(MultiValue::from_iter([key, options]))?;
            let (put, writing) = options.unwrap_or_default().put(Object::new(store_of(&call, &store)?, key)?)?;
            save::save(call.clone(), handle(&this, &call)?.take(&call)?, Target::Object(Box::new(put)), writing).await
        });
        method(fields, "upload", |call, (this, url, options): (AnyUserData, Value, Value)| async move {
            let (url, options): (Text, Option<UploadOptions>) = call.args(MultiValue::from_iter([url, options]))?;
            upload(call.clone(), handle(&this, &call)?.take(&call)?, url, options.unwrap_or_default()).await
        });
        method(fields, "discard", |call, (this,): (AnyUserData,)| async move {
            drain::discard(call.clone(), handle(&this, &call)?.take(&call)?).await
        });
        method(fields, "text", |call, (this, options): (AnyUserData, Value)| async move {
            let (options,): (Option<drain::TextOptions>,) = call.args(MultiValue::from_iter([options]))?;
            drain::text(call.clone(), handle(&this, &call)?.take(&call)?, options.unwrap_or_default()).await
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        stage(methods, "gzip", |call, (options,): (Option<GzipOptions>,)| {
            let options = options.unwrap_or_default();
            let level = within(call, "level", options.level.unwrap_or(GZIP_LEVEL), 0, 9)?;
            let threads = options.threads.unwrap_or(call.session.cores).max(1);
            Ok(Box::new(move |source, facts| gzip(source, level, threads, facts)))
        });
        stage(methods, "zstd", |call, (options,): (Option<ZstdOptions>,)| {
            let options = options.unwrap_or_default();
            let level = within(call, "level", options.level.unwrap_or(ZSTD_LEVEL), 1, 19)?;
            let threads = options.threads.unwrap_or(call.session.cores).max(1);
            Ok(Box::new(move |source, facts| zstd(source, level, threads, facts)))
        });
        stage(methods, "ends_with", |_, (text,): (String,)| {
            if text.is_empty() {
                return Err(Error::new(Kind::Recipe, "`:ends_with` needs a text: every stream ends with nothing"));
            }
            Ok(Box::new(move |source, _| Box::new(Staged::new(source, EndsWith::new(text)))))
        });
        stage(methods, "gunzip", |_, ()| Ok(Box::new(|source, _| gunzip(source))));
        stage(methods, "unzstd", |_, ()| Ok(Box::new(|source, _| unzstd(source))));
        stage(methods, "decompress", |_, ()| Ok(Box::new(|source, _| decompress(source, "the stream"))));
        stage(methods, "hash", |_, (label,): (Option<String>,)| {
            let label = label.unwrap_or_else(|| "sha256".to_owned());
            Ok(Box::new(move |source, facts| Box::new(Staged::new(source, Hash::new(label, facts)))))
        });
        methods.add_meta_function(
            MetaMethod::Index,
            |lua, (_, name): (Value, mlua::LuaString)| -> mlua::Result<Value> {
                let call = Call::new(lua, "stream").map_err(mlua::Error::external)?;
                let name = name.to_string_lossy();
                let error = Error::new(Kind::Recipe, format!("a stream has no method `{name}`"));
                Err(call.raise(match nearest(&name, METHODS) {
                    Some(near) => error.hint(format!("did you mean `:{near}`?")),
                    None => error.hint(format!("the methods are :{}", METHODS.join(", :"))),
                }))
            },
        );
    }
}

type StageFn = Box<dyn FnOnce(Box<dyn Source>, &SharedFacts) -> Box<dyn Source> + Send>;

/// Adds a method that puts one more stage behind the stream.
fn stage<A, M, F>(methods: &mut M, name: &'static str, make: F)
where
    A: serde::de::DeserializeOwned,
    M: UserDataMethods<Stream>,
    F: Fn(&Call, A) -> Result<StageFn> + 'static,
{
    methods.add_function(name, move |lua, mut args: MultiValue| {
        let call = Call::new(lua, name).map_err(mlua::Error::external)?;
        let this = args.pop_front();
        let staged = || {
            let this = this.as_ref().and_then(Value::as_userdata).ok_or_else(|| colon(name))?;
            let stage = make(&call, call.args(args)?)?;
            let (pipeline, taps) = handle(this, &call)?.take(&call)?;
            Stream::create(&call, pipeline.then(stage), taps)
        };
        staged().map_err(|error| call.raise(error))
    });
}

/// Adds a method that may wait.
fn method<A, R, M, F, Fut>(fields: &mut M, name: &'static str, f: F)
where
    A: FromLuaMulti + 'static,
    R: IntoLuaMulti,
    M: UserDataFields<Stream>,
    F: Fn(Rc<Call>, A) -> Fut + 'static,
    Fut: Future<Output = Result<R>> + 'static,
{
    fields.add_field(
        name,
        Made(move |lua: &Lua| {
            waiting(lua, name, move |call: Rc<Call>, args: MultiValue| {
                let self_given = matches!(args.front(), Some(Value::UserData(_)));
                let started = A::from_lua_multi(args, &call.lua).map(|args| f(call.clone(), args));
                let wrong = move |error| if self_given { misfit(name, &error) } else { colon(name) };
                async move { started.map_err(wrong)?.await }
            })
        }),
    );
}

/// A function that is made where Lua first needs it.
struct Made<F>(F);

impl<F: FnOnce(&Lua) -> mlua::Result<Function>> IntoLua for Made<F> {
    fn into_lua(self, lua: &Lua) -> mlua::Result<Value> {
        (self.0)(lua).map(Value::Function)
    }
}

fn handle(this: &AnyUserData, call: &Call) -> Result<mlua::UserDataRef<Stream>> {
    this.borrow::<Stream>().map_err(|_| colon(call.name)) // another handle is before the colon
}

fn colon(name: &str) -> Error {
    Error::new(Kind::Recipe, format!("`{name}` was called without its stream"))
        .hint(format!("write `stream:{name}(...)`, with a colon"))
}

fn within<T: PartialOrd + std::fmt::Display>(call: &Call, option: &str, value: T, min: T, max: T) -> Result<T> {
    if value < min || value > max {
        let what = format!("`{option}` of `:{}` must be a whole number from {min} to {max}, not `{value}`", call.name);
        return Err(Error::new(Kind::Recipe, what).hint("a higher level is smaller and slower"));
    }
    Ok(value)
}
