//! `hikae explain`: what each kind of error means, and what to do.

use std::process::ExitCode;

use super::args::ExplainArgs;
use super::context::Context;
use super::exit;
use crate::config::embedded;
use crate::error::{Error, Kind, Result};
use crate::report::table::print_text;
use crate::report::translate::speaks_japanese;
use crate::suggest;

pub fn main(context: &Context, args: &ExplainArgs) -> Result<ExitCode> {
    let Some(name) = args.kind.as_deref() else {
        print_text(&mut context.out(), &contents()?)?;
        return Ok(ExitCode::SUCCESS);
    };
    // Kinds are written `not_found`; people also type `not-found` or `NotFound`.
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let Some(kind) = Kind::ALL.into_iter().find(|kind| plain(kind.word()) == plain(name)) else {
        let error = Error::new(Kind::NotFound, format!("there is no kind of error `{name}`"))
            .hint(suggest::hint(name, Kind::ALL.map(Kind::word)));
        context.print_error(&error);
        return Ok(ExitCode::from(exit::MISUSE));
    };
    print_text(&mut context.out(), page(kind)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Every kind with the title of its page.
fn contents() -> Result<String> {
    let mut text = String::new();
    for kind in Kind::ALL {
        let title = page(kind)?.lines().nth(2).unwrap_or_default();
        let title = title.split_inclusive(['.', '。']).next().unwrap_or_default();
        text.push_str(&format!("{:<15} {}\n", kind.word(), title.trim_end_matches(['.', '。'])));
    }
    Ok(text)
}

fn page(kind: Kind) -> Result<&'static str> {
    let word = kind.word();
    embedded::error_page(word, speaks_japanese())
        .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no page about `{word}`")))
}
