//! The function `http.certificate`: which certificate a server shows, and for how long it is still valid.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::Table;
use serde::Deserialize;

use super::options::Wish;
use super::trusting;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::stream::Piece;
use crate::units::duration;
use crate::world::http::Method;
use crate::world::http::certificate::ServerCertificate;

/// The default time for a server to show its certificate.
const TOTAL: Duration = Duration::from_secs(30);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertificateOptions {
    #[serde(deserialize_with = "duration")]
    timeout: Option<Duration>,
    ca_file: Option<PathBuf>,
}

/// Requests the head of the page, whatever its status, and returns the certificate of the server that answers.
pub async fn certificate(call: Rc<Call>, url: Text, options: Option<CertificateOptions>) -> Result<Table> {
    let CertificateOptions { timeout, ca_file } = options.unwrap_or_default();
    let caller = call.world()?;
    let total = timeout.unwrap_or(TOTAL.min(caller.limits.total));
    let caller = caller.limited(Some(total), Some(total));
    let now = caller.world.now().timestamp();
    let mut wish = Wish::of(Method::Head, url, None::<super::GetOptions>);
    // A redirect is an answer too: the next hop may be another server.
    wish.expect = Some((200..600).collect());
    let exchange = trusting(wish.exchange(caller)?, ca_file).await?;
    let (title, host) = (exchange.request.title(), exchange.request.url.host().to_owned());
    if !exchange.request.url.is_https() {
        let what = format!("`{host}` shows no certificate, for the address begins with `http://`");
        return Err(Error::new(Kind::Recipe, what).hint("write `https://`"));
    }
    let step = call.session.step(title, call.site());
    let found = exchange
        .run(|mut answer, _| async move {
            // A head request has no body; its end is the end of the request.
            while let Piece::Data(_) = answer.body.next().await? {}
            Ok(answer.certificate)
        })
        .await;
    step.end(0, 0, found.as_ref().err());
    let unread = || Error::new(Kind::Other, format!("the certificate of `{host}` cannot be read"));
    table(&call, &found?.ok_or_else(|| unread().hint("look at it with `openssl s_client`"))?, now).map_err(from_lua)
}

fn table(call: &Call, found: &ServerCertificate, now: i64) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    table.raw_set("names", found.names.clone())?;
    table.raw_set("issuer", found.issuer.as_str())?;
    table.raw_set("not_before", found.not_before)?;
    table.raw_set("not_after", found.not_after)?;
    table.raw_set("days_left", found.days_left(now))?;
    Ok(table)
}
