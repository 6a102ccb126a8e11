//! `hikae verify`: checks whether one backup is complete and restorable, and with `--drill` whether it restores.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::alerting::block_on;
use super::args::{RunArgs, VerifyArgs};
use super::context::Context;
use super::fetch::reaching;
use super::{exit, run};
use crate::catalog::described;
use crate::error::Result;
use crate::world::addressed;
use crate::world::real::this_process;

pub fn main(context: &Context, args: &VerifyArgs) -> ExitCode {
    let is_web = args.backup.starts_with("http://") || args.backup.starts_with("https://");
    let is_address = addressed::is_address(Path::new(&args.backup));
    if is_web && args.drill {
        return misuse(context, "a drill takes a file", "download it, with its manifest beside it");
    }
    if args.backup.contains("://") && !is_web && !is_address {
        return misuse(
            context,
            "a backup is a file, the address of an object, or an http address",
            "write the address of an object as `s3://bucket/folder/backup.sql.gz`",
        );
    }
    let current = match this_process::current_dir() {
        Ok(current) => current,
        Err(error) => return failed(context, &error),
    };
    let path = |text: &Path| current.join(text);
    let file = if is_address { PathBuf::from(&args.backup) } else { path(Path::new(&args.backup)) };
    let mut set = match is_web {
        true => vec![("url".to_owned(), args.backup.clone())],
        false => vec![("file".to_owned(), file.display().to_string())],
    };
    set.extend(args.identity.iter().map(|file| ("identity".to_owned(), path(file).display().to_string())));
    if !args.drill {
        return run::main(context, of("backup-verify", set, args));
    }
    match drill(context, &file, set) {
        Ok(set) => run::main(context, of("backup-test", set, args)),
        Err(error) => failed(context, &error),
    }
}

/// The params of the drill: a restore proves the file before it begins, so that a drill is more than a look.
fn drill(context: &Context, file: &Path, mut set: Vec<(String, String)>) -> Result<Vec<(String, String)>> {
    let described = block_on(async |_stop| described::read(&reaching(context), file).await)??;
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
