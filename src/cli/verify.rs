//! `hikae verify`: whether one backup is whole and restorable, and with `--drill` whether it restores.

use std::process::ExitCode;

use super::alerting::block_on;
use super::args::{RunArgs, VerifyArgs};
use super::context::Context;
use super::files::caller;
use super::{exit, run};
use crate::catalog::described;
use crate::error::Result;
use crate::world::real::this_process;

pub fn main(context: &Context, args: &VerifyArgs) -> ExitCode {
    let is_url = args.backup.contains("://");
    if is_url && args.drill {
        return misuse(context, "a drill takes a file", "download it, with its manifest beside it");
    }
    if is_url && !args.backup.starts_with("http") {
        return misuse(
            context,
            "a backup is a file or an http address",
            "for an object store, sign an address for reading",
        );
    }
    let current = match this_process::current_dir() {
        Ok(current) => current,
        Err(error) => return failed(context, &error),
    };
    let path = |text: &std::path::Path| current.join(text).display().to_string();
    let mut set = match is_url {
        true => vec![("url".to_owned(), args.backup.clone())],
        false => vec![("file".to_owned(), path(std::path::Path::new(&args.backup)))],
    };
    set.extend(args.identity.iter().map(|file| ("identity".to_owned(), path(file))));
    if !args.drill {
        return run::main(context, of("backup-verify", set, args));
    }
    match drill(&current.join(&args.backup), set) {
        Ok(set) => run::main(context, of("backup-test", set, args)),
        Err(error) => failed(context, &error),
    }
}

/// The params of the drill: a restore proves the file before it begins, so that a drill is more than a look.
fn drill(file: &std::path::Path, mut set: Vec<(String, String)>) -> Result<Vec<(String, String)>> {
    let described = block_on(async |_stop| described::read(&caller(), file).await)??;
    let described = described.and_then(|manifest| serde_json::to_value(manifest).ok()).unwrap_or_default();
    let database = described["database"]["name"].as_str().map(|name| ("database".to_owned(), name.to_owned()));
    set.extend(database);
    set.extend(file.parent().map(|dir| ("dir".to_owned(), dir.display().to_string())));
    Ok(set)
}

fn of(recipe: &str, set: Vec<(String, String)>, args: &VerifyArgs) -> RunArgs {
    RunArgs {
        recipe: recipe.to_owned(),
        set,
        run_type: None,
        dry_run: false,
        yes: false,
        json: args.json,
        quiet: false,
        no_alert: true,
        verbose: false,
        given: false,
    }
}

fn failed(context: &Context, error: &crate::error::Error) -> ExitCode {
    context.print_error(error);
    ExitCode::from(exit::FAILED)
}

fn misuse(context: &Context, what: &str, hint: &str) -> ExitCode {
    context.print_error(&crate::error::Error::new(crate::error::Kind::Recipe, what).hint(hint));
    ExitCode::from(exit::MISUSE)
}
