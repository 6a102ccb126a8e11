//! Connects to PostgreSQL as libpq does: the same variables, files, sockets, TLS modes and logins.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::world::postgres::{Login, Session};
use crate::world::real::account::Account;
use crate::world::real::blocking::blocking;

pub mod clients;
mod login;
mod service;
mod session;
mod settings;
mod stream;
mod tls;
mod trouble;
mod verifier;
mod wire;

pub use service::read as service;
pub use settings::VARIABLES;

/// Connects and logs in, as another user of this machine where one is given.
pub async fn connect(
    login: Login,
    environment: &Arc<BTreeMap<String, String>>,
    account: Option<Arc<Account>>,
) -> Result<Box<dyn Session>> {
    let (asked, environment) = (login.clone(), environment.clone());
    // The files of libpq are read from the disk.
    let settings = blocking(move || settings::Settings::of(&asked, &environment, account)).await?;
    let session = login::open(&login, settings).await?;
    Ok(Box::new(session))
}
