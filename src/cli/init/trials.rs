//! Tests the answers of `hikae init` immediately: the database, the folder, the mail server.

use std::path::Path;

use super::Answers;
use crate::alert::registered::addresses;
use crate::cli::check::{Point, connect};
use crate::config::dotenv;
use crate::error::{Error, Kind, Result};
use crate::postgres::server::client::Server;
use crate::secret::Secret;
use crate::world::mail::settings::Settings;
use crate::world::real::probe;

/// Every answer that can be tried, with the result.
pub fn all(answers: &Answers) -> Vec<Point> {
    let mut points = Vec::new();
    if answers.contains_key("DB_NAME") {
        points.push(database(answers));
    }
    points.extend(answers.get("BACKUP_DIR").map(|dir| folder(dir)));
    points.extend(answers.get("BACKUP_ALERT_EMAIL").map(|mail| address(mail)));
    points
}

/// Connects to the database and logs in.
pub fn database(answers: &Answers) -> Point {
    let text = |name: &str| answers.get(name).cloned();
    let name = text("DB_NAME").unwrap_or_default();
    let server = Server {
        host: Some(text("DB_HOST").unwrap_or_else(|| "localhost".to_owned())),
        port: text("DB_PORT").and_then(|port| port.parse().ok()).or(Some(5432)),
        user: Some(text("DB_USER").unwrap_or_else(|| "postgres".to_owned())),
        password: text("DB_PASSWORD").map(Secret::new),
    };
    Point::of("database", connect(&server, &name).map(|()| format!("`{name}`: connected")))
}

/// Tries to write where backups go.
pub fn folder(dir: &str) -> Point {
    let tried = match dir.starts_with('/') {
        true => probe::try_write(Path::new(dir)),
        false => {
            Err(Error::new(Kind::Other, format!("`{dir}` is not absolute")).hint("write a path that begins with `/`"))
        }
    };
    Point::of("folder", tried.map(|()| format!("`{dir}` can be written")))
}

pub fn address(mail: &str) -> Point {
    let good = !addresses(&[mail.to_owned()]).is_empty();
    let wrong = || Error::new(Kind::Other, format!("`{mail}` is not a mail address")).hint("write `ops@example.com`");
    Point::of("mail", if good { Ok(format!("`{mail}`")) } else { Err(wrong()) })
}

/// Connects to the mail server and logs in; sends nothing.
pub fn mail_server(answers: &Answers) -> Point {
    let lookup = |name: &str| answers.iter().find(|(known, _)| **known == name).map(|(_, value)| value.clone());
    let tried: Result<()> = Settings::read(&lookup).and_then(|settings| {
        crate::cli::alerting::block_on(async |_stop| crate::alert::smtp::verify(&settings).await)?
    });
    Point::of("mail server", tried.map(|()| "it takes mails".to_owned()))
}

/// Whether `.env` can hold a value.
pub fn can_be_written(name: &str, value: &str) -> bool {
    !value.contains(['\n', '\r']) && dotenv::parse(&format!("{name}='{value}'\n")).is_ok()
}
