//! The handle of a byte stream: a recipe chains stages on it, and one call at the end moves the bytes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mlua::{AnyUserData, Function, MetaMethod, MultiValue, UserData, UserDataFields, UserDataMethods, Value};
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::backup::stream_memory::refuse_long;
use crate::backup::target::Target;
use crate::backup::writer;
use crate::error::{Error, Kind, Result, Site};
use crate::lua::exports::Call;
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::modules::http::upload::{UploadOptions, upload};
use crate::modules::objects::put::{PutOptions, store_of};
use crate::modules::save::SaveOptions;
use crate::modules::stream_result::{LineTap, Shown};
use crate::modules::{drain, save};
use crate::stream::decompress::decompress;
use crate::stream::ended::Checked;
use crate::stream::gunzip::gunzip;
use crate::stream::gzip::gzip;
use crate::stream::lines::Lines;
use crate::stream::stage::Staged;
use crate::stream::taps::{EndsWith, Hash};
use crate::stream::unzstd::unzstd;
use crate::stream::zstd::zstd;
use crate::stream::{SharedFacts, Source};
use crate::suggest::nearest;
use crate::world::objects::Object;

use crate::backup::pipeline::Pipeline;
use crate::lua::unused::Unused;
use method::{Stage, handle, method, stage, threads, within};

mod copies;
mod encrypt;
mod method;
mod through;

/// The state of a Lua handle: a stream that is ready, or the place where it was used up.
pub struct Stream {
    ready: RefCell<Option<(Pipeline, Vec<LineTap>)>>,
    used_at: RefCell<Option<Site>>,
    unused: Rc<Unused>,
}

impl Stream {
    /// A new handle, registered in the session's list of streams.
    pub fn create(call: &Call, pipeline: Pipeline, taps: Vec<LineTap>) -> Result<AnyUserData> {
        let unused = Rc::new(Unused { label: pipeline.label.clone(), site: call.site(), used: Cell::new(false) });
        call.session.streams.borrow_mut().push(unused.clone());
        let stream = Stream { ready: RefCell::new(Some((pipeline, taps))), used_at: RefCell::default(), unused };
        call.lua.create_userdata(stream).map_err(from_lua)
    }

    /// Takes the stream to read it to its end, if there is enough memory for its stages.
    pub fn consume(&self, call: &Call) -> Result<(Pipeline, Vec<LineTap>)> {
        let (pipeline, taps) = self.take(call)?;
        Ok((call.session.pool.memory.wait_for(pipeline), taps))
    }

    /// Takes the stream to append a stage.
    pub(super) fn extend(&self, call: &Call) -> Result<(Pipeline, Vec<LineTap>)> {
        if let Some((pipeline, _)) = self.ready.borrow().as_ref() {
            refuse_long(pipeline)?;
        }
        self.take(call)
    }

    /// Takes the stream out of its handle, which is used up from now on.
    pub fn take(&self, call: &Call) -> Result<(Pipeline, Vec<LineTap>)> {
        let Some(ready) = self.ready.borrow_mut().take() else {
            let made = place(&self.unused.site);
            let used = place(&self.used_at.borrow());
            let what =
                format!("the stream of `{}` made{made} is used a second time; it was used up{used}", self.unused.label);
            return Err(
                Error::new(Kind::Recipe, what).hint("a stream can be read once; `:copies` gives it to several places")
            );
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
pub const METHODS: [&str; 21] = [
    "age",
    "check",
    "copies",
    "decompress",
    "discard",
    "ends_with",
    "gpg",
    "gunzip",
    "gzip",
    "hash",
    "put",
    "save",
    "tap_lines",
    "tee",
    "text",
    "through",
    "unage",
    "ungpg",
    "unzstd",
    "upload",
    "zstd",
];

/// Makes files smaller than `gzip -6` does, of dumps at least, and takes the least time of all levels that do.
const GZIP_LEVEL: u32 = 5;

/// Of archives: lines of logs are larger by 1 % than with `gzip -6` at the level that is right for dumps.
const ARCHIVE_LEVEL: u32 = 6;

/// Of dumps it makes the smallest file of the levels 1 to 3, for less time than 2 (0.8) and 3 (0.5), where the program `zstd` starts.
const ZSTD_LEVEL: i32 = 1;

/// Above this level zstd takes a hundred megabytes for each thread.
const MODEST_ZSTD: i32 = 12;

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
            let (pipeline, mut taps) = handle(&this, &call)?.extend(&call)?;
            let (send, lines) = oneshot::channel();
            taps.push(LineTap { shown: Shown::Lines(lines), function, session: call.session.clone() });
            let split = move |source, _: &SharedFacts| -> Box<dyn Source> {
                let (stage, reader) = Lines::new(source);
                // No function receives lines after the call that reads them was cancelled.
                let _unread = send.send(reader);
                Box::new(stage)
            };
            Stream::create(&call, pipeline.then(split), taps)
        });
        method(fields, "check", |call, (this, function): (AnyUserData, Function)| async move {
            let (pipeline, mut taps) = handle(&this, &call)?.extend(&call)?;
            let (send, ended) = oneshot::channel();
            taps.push(LineTap { shown: Shown::End(ended), function, session: call.session.clone() });
            let check = move |source, _: &SharedFacts| -> Box<dyn Source> { Box::new(Checked::new(source, send)) };
            Stream::create(&call, pipeline.then(check), taps)
        });
        method(fields, "tee", |call, (this, path): (AnyUserData, Value)| async move {
            let (path,): (std::path::PathBuf,) = call.args(MultiValue::from_iter([path]))?;
            let (pipeline, taps) = handle(&this, &call)?.extend(&call)?;
            let pipeline = writer::tee(call.world()?, pipeline, path);
            Stream::create(&call, pipeline, taps)
        });
        method(fields, "save", |call, (this, path, options): (AnyUserData, Value, Value)| async move {
            let (path, options): (std::path::PathBuf, Option<SaveOptions>) =
                call.args(MultiValue::from_iter([path, options]))?;
            let patience = options.unwrap_or_default().into();
            save::save(call.clone(), handle(&this, &call)?.consume(&call)?, Target::File(path), patience).await
        });
        method(fields, "put", |call, (this, store, key, options): (AnyUserData, Value, Value, Value)| async move {
            let (key, options): (String, Option<PutOptions>) = call.args(MultiValue::from_iter([key, options]))?;
            let object = Object::new(store_of(&call, &store)?, key)?;
            let (put, patience) = options.unwrap_or_default().put(object, call.session.caller.world.now())?;
            save::save(call.clone(), handle(&this, &call)?.consume(&call)?, Target::Object(Box::new(put)), patience)
                .await
        });
        method(fields, "upload", |call, (this, url, options): (AnyUserData, Value, Value)| async move {
            let (url, options): (Text, Option<UploadOptions>) = call.args(MultiValue::from_iter([url, options]))?;
            upload(call.clone(), handle(&this, &call)?.consume(&call)?, url, options.unwrap_or_default()).await
        });
        method(fields, "copies", |call, (this, branches): (AnyUserData, Value)| async move {
            copies::copies(call.clone(), handle(&this, &call)?.consume(&call)?, branches).await
        });
        method(fields, "discard", |call, (this,): (AnyUserData,)| async move {
            drain::discard(call.clone(), handle(&this, &call)?.consume(&call)?).await
        });
        method(fields, "text", |call, (this, options): (AnyUserData, Value)| async move {
            let (options,): (Option<drain::TextOptions>,) = call.args(MultiValue::from_iter([options]))?;
            let options = options.unwrap_or_default();
            let (pipeline, taps) = handle(&this, &call)?.take(&call)?;
            let pipeline = call.session.pool.memory.wait_for(pipeline.holding(2 * options.max_bytes()?));
            drain::text(call.clone(), (pipeline, taps), options).await
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        stage(methods, "gzip", |call, (options,): (Option<GzipOptions>,)| {
            let options = options.unwrap_or_default();
            let level = options.level.map(|level| within(call, "level", level, 0, 9)).transpose()?;
            let threads = threads(call, options.threads)?;
            // Blocks of 512 KiB, before and after, and the working memory of each thread.
            Ok(Stage::holding(threads * (3 << 19) + (2 << 20), move |source, facts| {
                let usual = if facts.lock().shapes.contains_key("archive") { ARCHIVE_LEVEL } else { GZIP_LEVEL };
                gzip(source, level.unwrap_or(usual), threads, facts)
            }))
        });
        stage(methods, "zstd", |call, (options,): (Option<ZstdOptions>,)| {
            let options = options.unwrap_or_default();
            let level = within(call, "level", options.level.unwrap_or(ZSTD_LEVEL), 1, 19)?;
            // The highest levels take a hundred megabytes for each thread.
            let threads = if level > MODEST_ZSTD { 1 } else { threads(call, options.threads)? };
            let each = if level > MODEST_ZSTD { 90 << 20 } else { (4 << 20) << (level / 4) };
            Ok(Stage::holding(threads * each, move |source, facts| zstd(source, level, threads, facts)))
        });
        stage(methods, "age", |call, (options,): (encrypt::AgeOptions,)| encrypt::age(call, options));
        stage(methods, "unage", |call, (options,): (encrypt::UnageOptions,)| encrypt::unage(call, options));
        stage(methods, "gpg", |call, (options,): (encrypt::GpgOptions,)| encrypt::gpg(call, options));
        stage(methods, "ungpg", |call, (options,): (Option<encrypt::UngpgOptions>,)| {
            encrypt::ungpg(call, options.unwrap_or_default())
        });
        stage(methods, "through", |call, (options,): (through::ThroughOptions,)| through::through(call, options));
        stage(methods, "ends_with", |_, (text,): (String,)| {
            if text.is_empty() {
                return Err(Error::new(Kind::Recipe, "`:ends_with` needs a text: every stream ends with nothing"));
            }
            Ok(Stage::holding(text.len(), move |source, _| Box::new(Staged::new(source, EndsWith::new(text)))))
        });
        stage(methods, "gunzip", |_, ()| Ok(Stage::holding(1 << 20, |source, _| gunzip(source))));
        stage(methods, "unzstd", |_, ()| Ok(Stage::holding(9 << 20, |source, _| unzstd(source))));
        stage(methods, "decompress", |_, ()| Ok(Stage::holding(9 << 20, |source, _| decompress(source, "the stream"))));
        stage(methods, "hash", |_, (label,): (Option<String>,)| {
            let label = label.unwrap_or_else(|| "sha256".to_owned());
            Ok(Stage::holding(0, move |source, facts| Box::new(Staged::new(source, Hash::new(label, facts)))))
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
