//! Tracks the databases that a run created: which it may drop, and that none of its throwaways outlives it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::future::{LocalBoxFuture, join_all};

use crate::backup::at_end::{AtEnd, CLEANUP_TIME};
use crate::postgres::server::client::Server;
use crate::postgres::server::maintenance::Maintenance;
use crate::postgres::server::throwaway_lock::ThrowawayLock;
use crate::report::{Level, log};
use crate::world::Caller;

/// By name, with their OIDs: another database may get the same name later.
#[derive(Default)]
pub struct CreatedDatabases {
    made: RefCell<BTreeMap<String, Database>>,
    /// How many there were, those that were dropped included.
    number: Cell<usize>,
    /// The name of the next throwaway, if a server had to know it beforehand.
    reserved: RefCell<Option<String>>,
}

#[derive(Default)]
struct Database {
    /// None until it is known to exist.
    oid: Option<u32>,
    /// Only a throwaway has one.
    hold: Option<Hold>,
}

/// The lock that protects a throwaway from other runs, and the server and database to connect to for dropping it.
pub struct Hold {
    pub keeper: ThrowawayLock,
    pub server: Server,
    pub connect_to: String,
}

impl CreatedDatabases {
    /// The number of the next database. No number comes twice: the lock of a dropped throwaway may outlive it by a moment.
    pub fn next_number(&self) -> usize {
        self.number.get() + 1
    }

    /// Reserves this name for the next throwaway.
    pub fn reserve(&self, name: String) {
        *self.reserved.borrow_mut() = Some(name);
    }

    /// The name that was reserved for the next throwaway.
    pub fn take_reserved(&self) -> Option<String> {
        self.reserved.borrow_mut().take()
    }

    /// Records that a database is about to be created.
    pub fn expect(&self, name: &str, hold: Option<Hold>) {
        self.number.set(self.next_number());
        self.made.borrow_mut().insert(name.to_owned(), Database { oid: None, hold });
    }

    /// Records that it exists and has this OID.
    pub fn is_done(&self, name: &str, oid: u32) {
        self.made.borrow_mut().entry(name.to_owned()).or_default().oid = Some(oid);
    }

    /// Forgets a database that was renamed or dropped; its keeper ends too.
    pub fn forget(&self, name: &str) {
        drop(self.made.borrow_mut().remove(name));
    }

    /// Whether it is a throwaway of this run.
    pub fn keeps(&self, name: &str) -> bool {
        self.made.borrow().get(name).is_some_and(|made| made.hold.is_some())
    }

    pub fn has(&self, name: &str, oid: u32) -> bool {
        self.made.borrow().get(name).is_some_and(|made| made.oid == Some(oid))
    }
}

impl AtEnd for CreatedDatabases {
    /// Drops the remaining throwaways: Lua ended before it could drop them, or the recipe forgot them.
    fn finish<'a>(&'a self, caller: &'a Caller, forgotten: bool) -> LocalBoxFuture<'a, ()> {
        let caller = caller.clone().limited(Some(CLEANUP_TIME), Some(CLEANUP_TIME));
        let left = std::mem::take(&mut *self.made.borrow_mut());
        let held = left.into_iter().filter_map(|(name, made)| Some((name, made.hold?)));
        Box::pin(async move {
            join_all(held.map(|(name, hold)| drop_leftover(&caller, name, hold, forgotten))).await;
        })
    }
}

async fn drop_leftover(caller: &Caller, name: String, hold: Hold, forgotten: bool) {
    let at = Maintenance { caller, server: hold.server, database: hold.connect_to };
    match at.drop_marked(&name).await {
        Ok(()) if forgotten => {
            log(Level::Warn, &format!("the recipe forgot the database {name}; it was dropped"), None)
        }
        Ok(()) => log(Level::Info, &format!("the unfinished database {name} was dropped"), None),
        Err(error) => {
            let message = format!("{}; `pg.sweep_throwaways` of a later run drops it", error.one_line());
            log(Level::Warn, &message, None);
        }
    }
    // Until here its lock kept other runs from taking it for a leftover.
    drop(hold.keeper);
}
