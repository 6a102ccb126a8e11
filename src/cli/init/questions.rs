//! Asks for the values of a new configuration folder, and tests each answer immediately.

use std::io::{IsTerminal, stderr, stdin};

use super::{Answers, trials};
use crate::cli::check::{Mark, Point};
use crate::cli::context::Context;
use crate::cli::files::answer;
use crate::error::Result;
use crate::report::translated;
use crate::world::real::terminal;

/// Whether somebody sits at a terminal.
pub fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// All answers. An empty one takes the value in brackets, or leaves the value out.
pub fn ask(context: &Context) -> Result<Answers> {
    context.print_line("Enter takes the value in brackets. All of it can be changed later, in `.env`.");
    let mut answers = Answers::new();
    database(context, &mut answers)?;
    folder(context, &mut answers)?;
    mail(context, &mut answers)?;
    Ok(answers)
}

fn database(context: &Context, answers: &mut Answers) -> Result<()> {
    loop {
        if !text(answers, "DB_NAME", "name of the database", "")? {
            return Ok(());
        }
        text(answers, "DB_HOST", "host of the database, or the folder of its socket", "localhost")?;
        text(answers, "DB_PORT", "port of the server", "5432")?;
        text(answers, "DB_USER", "user that may read all of it", "postgres")?;
        hidden(answers, "DB_PASSWORD", "password of the user")?;
        if settled(context, &trials::database(answers))? {
            return Ok(());
        }
    }
}

fn folder(context: &Context, answers: &mut Answers) -> Result<()> {
    loop {
        text(answers, "BACKUP_DIR", "folder for the backups", "/backups/database")?;
        let dir = answers.get("BACKUP_DIR").cloned().unwrap_or_default();
        if settled(context, &trials::folder(&dir))? {
            return Ok(());
        }
    }
}

fn mail(context: &Context, answers: &mut Answers) -> Result<()> {
    loop {
        if !text(answers, "BACKUP_ALERT_EMAIL", "mail address that gets failure alerts", "")? {
            return Ok(());
        }
        let address = answers.get("BACKUP_ALERT_EMAIL").cloned().unwrap_or_default();
        if settled(context, &trials::address(&address))? {
            break;
        }
    }
    loop {
        if !text(answers, "SMTP_HOST", "host of the mail server", "")? {
            // Mails then go to this machine, which often has no mail server.
            context.print_line(trials::mail_server(answers).line().trim_end());
            return Ok(());
        }
        text(answers, "SMTP_PORT", "port of the server", "587")?;
        if text(answers, "SMTP_USER", "user of the mail server", "")? {
            hidden(answers, "SMTP_PASSWORD", "password of the user")?;
        }
        if settled(context, &trials::mail_server(answers))? {
            return Ok(());
        }
    }
}

/// Shows the result of an answer; one that does not work is asked for again, unless the person keeps it.
fn settled(context: &Context, point: &Point) -> Result<bool> {
    context.print_line(point.line().trim_end());
    if point.mark == Mark::Ok {
        return Ok(true);
    }
    let keep = answer(&format!("{} ", translated("keep it anyway? (yes/no) [no]:")))?;
    Ok(["yes", "y", "はい"].contains(&keep.as_str()))
}

/// Asks for one value; says whether there is one.
fn text(answers: &mut Answers, name: &'static str, what: &str, usual: &str) -> Result<bool> {
    let usual = answers.get(name).cloned().unwrap_or_else(|| usual.to_owned());
    let shown = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
    let said = answer(&format!("{}{shown}: ", translated(what)))?;
    let value = if said.is_empty() { usual } else { said };
    keep(answers, name, value)
}

/// The same for a secret, which the terminal does not show.
fn hidden(answers: &mut Answers, name: &'static str, what: &str) -> Result<bool> {
    let quiet = terminal::without_echo();
    let said = answer(&format!("{}: ", translated(what)));
    drop(quiet);
    crate::report::table::print_prompt("\n")?;
    keep(answers, name, said?)
}

fn keep(answers: &mut Answers, name: &'static str, value: String) -> Result<bool> {
    if value.is_empty() || !trials::can_be_written(name, &value) {
        answers.remove(name);
        return Ok(false);
    }
    answers.insert(name, value);
    Ok(true)
}
