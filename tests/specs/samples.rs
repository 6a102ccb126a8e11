//! The samples of real programs are what the real ones write: hikae's own inspector believes them, and PostgreSQL restores them.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikae::error::Result;
use hikae::postgres::dump::facts::DatabaseFacts;
use hikae::postgres::dump::inspector::Inspector;
use hikae::specs::samples;
use hikae::stream::stage::Staged;
use hikae::stream::{Piece, SharedFacts, Source};

use crate::support::postgres::shared;

/// A sample as Lua has it.
fn sample(expression: &str) -> String {
    let lua = mlua::Lua::new();
    let module = samples::module(&lua).unwrap();
    lua.globals().set("samples", module.table).unwrap();
    let limits = hikae::lua::fuse::LuaLimits::default();
    lua.set_app_data(hikae::lua::fuse::Fuse::new(limits));
    lua.set_app_data(session());
    lua.load(format!("return {expression}")).eval().unwrap()
}

fn session() -> std::rc::Rc<hikae::lua::session::Session> {
    use hikae::specs::Stage;
    let world = |_: &str| {
        std::sync::Arc::new(hikae::world::real::Real::beneath([]).unwrap()) as std::sync::Arc<dyn hikae::world::World>
    };
    let caller = hikae::world::Caller::new(world(""), world.limits());
    std::rc::Rc::new(hikae::lua::session::Session::new(
        caller,
        world.identity(""),
        world.translate(""),
        world.recorder(""),
    ))
}

struct Pieces(VecDeque<Bytes>);

impl Source for Pieces {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        let piece = self.0.pop_front().map_or(Piece::End, Piece::Data);
        Box::pin(async { Ok(piece) })
    }
}

fn inspect(dump: &str, database: &str) -> Result<DatabaseFacts> {
    let facts = SharedFacts::default();
    let inspector = Inspector::new(facts.clone(), Some(database.to_owned()));
    let pieces = Pieces([Bytes::copy_from_slice(dump.as_bytes())].into());
    let mut staged = Staged::new(Box::new(pieces), inspector);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    while runtime.block_on(staged.next())? != Piece::End {}
    let database = facts.lock().sections["database"].clone();
    Ok(serde_json::from_value(database).unwrap())
}

#[test]
fn the_inspector_believes_a_sample_and_counts_its_rows() {
    let dump = sample("samples.pg_dump { contacts = 3, [\"a b\"] = 0, database = 'shop' }");
    let found = inspect(&dump, "shop").unwrap();
    assert_eq!((found.name.as_deref(), found.server_version.as_deref()), (Some("shop"), Some("15.18")));
    let tables: Vec<_> = found.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    assert_eq!(tables, [("a b", Some(0)), ("contacts", Some(3))]);
    assert_eq!(found.counts.constraints, 2);
}

#[test]
fn a_sample_is_the_same_each_time() {
    assert_eq!(sample("samples.pg_dump { contacts = 20 }"), sample("samples.pg_dump { contacts = 20 }"));
}

#[test]
fn a_sample_that_is_cut_is_refused_wherever_it_is_cut() {
    for share in ["0.0", "0.01", "0.3", "0.5", "0.9", "0.97", "512"] {
        let dump = sample(&format!("samples.pg_dump {{ contacts = 30, cut = {share} }}"));
        assert!(inspect(&dump, "english_cafe_db").is_err(), "cut at {share}");
    }
}

#[test]
fn postgresql_restores_a_sample() {
    let dump = sample(
        "samples.pg_dump { contacts = 20, [\"注文\"] = 2, columns = { [\"注文\"] = { 'no', 'what' } }, database = 'sample_shop' }",
    );
    shared().psql("postgres", &dump);
    assert_eq!(shared().psql("sample_shop", "SELECT count(*), count(email) FROM contacts"), "20|18");
    assert_eq!(shared().psql("sample_shop", "SELECT what FROM \"注文\" WHERE no = 2"), "what 2");
}
