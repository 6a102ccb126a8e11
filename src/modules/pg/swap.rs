//! `pg.swap`: puts a staged database into the place of the live one in one step, and keeps the old one.

use std::rc::Rc;

use futures_util::future::{Either, select};
use mlua::Table;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::postgres::restore::swap::{State, Swap, Swapped};
use crate::postgres::server::client::server_options;
use crate::postgres::server::created::CreatedDatabases;
use crate::postgres::server::maintenance::{Maintenance, maintenance};
use crate::postgres::server::quoting::{check_name, with_suffix};
use crate::postgres::server::talk::Talk;

/// The number of swap attempts while clients keep reconnecting first; each attempt waits a second.
const TRIES: u32 = 5;

/// The most sessions that an error names.
const NAMED: usize = 5;

server_options!(SwapOptions {
    live: String,
    staged: String,
    keep_as: Option<String>,
    connect_to: Option<String>,
});

pub async fn swap(call: Rc<Call>, options: SwapOptions) -> Result<Table> {
    let caller = options.limit(call.world()?);
    let at = maintenance(&caller, options.server(), options.connect_to.as_deref());
    let suffix = caller.world.now().format("_before_%Y%m%d_%H%M%S").to_string();
    let kept = options.keep_as.clone().unwrap_or_else(|| with_suffix(&options.live, &suffix));
    let swap = Swap { live: options.live.clone(), staged: options.staged.clone(), kept };
    refuse_names(&swap, &at.database)?;
    let step = call.session.step(format!("swap {} for {}", swap.live, swap.staged), call.site());
    let answer = perform(&at, &swap).await;
    step.end(0, 0, answer.as_ref().err());
    call.session.recorder.changed(serde_json::json!({
        "swapped": swap.staged, "live": swap.live, "kept": swap.kept, "error": answer.as_ref().err().map(Error::one_line),
    }));
    let before = answer?;
    // It is the live database from now on: no recipe may drop it any more.
    call.session.at_end.of::<CreatedDatabases>().forget(&swap.staged);
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("live", swap.live).map_err(from_lua)?;
    table.raw_set("kept", before.live.map(|_| swap.kept)).map_err(from_lua)?;
    Ok(table)
}

fn refuse_names(swap: &Swap, connected_to: &str) -> Result<()> {
    for name in [&swap.live, &swap.staged, &swap.kept] {
        check_name(name)?;
        if name == connected_to || name.starts_with("template") && ["0", "1"].contains(&&name[8..]) {
            return Err(Error::new(Kind::Denied, format!("refused to swap the database `{name}`"))
                .because_text("the server itself needs it")
                .hint("keep data in a database of its own, or name another one in `connect_to`"));
        }
    }
    if swap.live == swap.staged || swap.kept == swap.live || swap.kept == swap.staged {
        return Err(Error::new(Kind::Recipe, "`live`, `staged` and `keep_as` of `pg.swap` must be three names"));
    }
    Ok(())
}

/// Swaps, and then checks the outcome: a lost connection does not show whether the commit succeeded.
async fn perform(at: &Maintenance<'_>, swap: &Swap) -> Result<State> {
    let before = look(at, swap).await?;
    if before.staged.is_none() {
        return Err(
            Error::new(Kind::NotFound, cannot(swap)).because_text(format!("there is no database `{}`", swap.staged))
        );
    }
    if before.kept.is_some() {
        return Err(Error::new(Kind::AlreadyExists, cannot(swap))
            .because_text(format!("`{}` is there already", swap.kept))
            .hint("give another name in `keep_as`"));
    }
    refuse_untouchable(at, swap, &before).await?;
    let mut tries = 1;
    loop {
        let tried = attempt(at, swap, &before).await;
        let Err(error) = &tried else { return Ok(before) };
        if look(at, swap).await.is_ok_and(|after| swap.led_to(&before, &after)) {
            return Ok(before);
        }
        if tries == TRIES || !is_held(error) {
            return tried.map(|()| before);
        }
        tries += 1;
    }
}

/// Fails, before any session is ended, if one of them cannot be ended.
async fn refuse_untouchable(at: &Maintenance<'_>, swap: &Swap, before: &State) -> Result<()> {
    let said = at.run(&cannot(swap), [swap.untouchable(before)]).await?;
    let sessions: Vec<String> = said.values().collect();
    if sessions.is_empty() {
        return Ok(());
    }
    let (shown, more) = (sessions[..sessions.len().min(NAMED)].join(", "), sessions.len().saturating_sub(NAMED));
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(Error::new(Kind::Denied, cannot(swap))
        .because_text(format!("the user may not end these sessions in it: {shown}{more}"))
        .hint("nothing was touched: end them, or grant pg_signal_backend; a superuser's only a superuser can end"))
}

/// Whether sessions blocked the renames until the timeout.
fn is_held(error: &Error) -> bool {
    let words = error.one_line();
    ["being accessed by other users", "due to statement timeout", "due to lock timeout"]
        .iter()
        .any(|known| words.contains(known))
}

async fn look(at: &Maintenance<'_>, swap: &Swap) -> Result<State> {
    let said = at.run(&cannot(swap), [swap.look()]).await?;
    serde_json::from_str(&said.value().unwrap_or_default())
        .map_err(|error| Error::new(Kind::Other, "cannot read which databases there are").because(error))
}

async fn attempt(at: &Maintenance<'_>, swap: &Swap, before: &State) -> Result<()> {
    let renaming = Box::pin(rename(at, swap, before));
    let evicting = Box::pin(evict(at, swap, before));
    // Ending sessions stops as soon as the names are swapped, or cannot be.
    let swapped = match select(renaming, evicting).await {
        Either::Left((swapped, _)) => swapped,
        Either::Right(((), renaming)) => renaming.await,
    };
    let swapped = swapped.map_err(|error| match is_held(&error) {
        true => error.hint(
            "sessions could not be ended, or came back at once; stop the application, or grant pg_signal_backend",
        ),
        false => error,
    })?;
    match swapped {
        Swapped::Done => Ok(()),
        Swapped::Busy => Err(Error::new(Kind::Locked, cannot(swap))
            .because_text("another swap of it is under way")
            .hint("look at the database when that has ended, before you try again")),
        Swapped::Changed => Err(Error::new(Kind::Locked, cannot(swap))
            .because_text("another run has put a database into its place meanwhile")
            .hint("look at the database before you try again")),
    }
}

/// A later check reports whether it succeeded, not the end of the session.
async fn rename(at: &Maintenance<'_>, swap: &Swap, before: &State) -> Result<Swapped> {
    let mut talk = Talk::expendable(at.caller, &at.server, &at.database, &cannot(swap)).await?;
    let swapped = swap.perform(before, &mut talk).await;
    talk.end(swapped).await
}

/// Ends the sessions in both databases. The renames show whether it succeeded.
async fn evict(at: &Maintenance<'_>, swap: &Swap, before: &State) {
    match Talk::expendable(at.caller, &at.server, &at.database, &cannot(swap)).await {
        Ok(mut talk) => swap.evict(before, &mut talk).await,
        Err(error) => tracing::debug!(error = error.one_line(), "sessions were not ended"),
    }
}

fn cannot(swap: &Swap) -> String {
    format!("cannot put the database `{}` into the place of `{}`", swap.staged, swap.live)
}
