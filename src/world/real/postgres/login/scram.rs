//! Logs in by SCRAM-SHA-256, bound to the TLS connection if both sides support it.

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::super::settings::Binding;
use super::super::{tls, trouble};
use super::{Talk, refused_login};
use crate::error::{Error, Kind, Result};

pub async fn log_in(talk: &mut Talk<'_>, offered: &AuthenticationSaslBody) -> Result<()> {
    let mechanisms: Vec<&str> = offered.mechanisms().collect().map_err(|cause| trouble::garbled(&talk.title, cause))?;
    let end_point = talk.certificate.as_deref().and_then(tls::end_point);
    let plus = mechanisms.contains(&SCRAM_SHA_256_PLUS);
    let (mechanism, binding) = match (end_point, talk.settings.binding) {
        (Some(hash), Binding::Prefer | Binding::Require) if plus => {
            (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(hash))
        }
        (_, Binding::Require) => return Err(unbound(talk)),
        _ if !mechanisms.contains(&SCRAM_SHA_256) => {
            return Err(trouble::unsupported_login(talk.place, &mechanisms.join(", ")));
        }
        (Some(_), Binding::Prefer) => (SCRAM_SHA_256, ChannelBinding::unrequested()),
        _ => (SCRAM_SHA_256, ChannelBinding::unsupported()),
    };
    let password = talk.password()?;
    let mut scram = ScramSha256::new(password.expose().as_bytes(), binding);
    let garbled = |title: &str, cause| trouble::garbled(title, cause);
    frontend::sasl_initial_response(mechanism, scram.message(), &mut talk.wire.out)
        .map_err(|cause| garbled(&talk.title, cause))?;
    talk.wire.flush().await?;
    let Message::AuthenticationSaslContinue(body) = talk.next().await? else {
        return Err(trouble::out_of_step(&talk.title));
    };
    scram.update(body.data()).map_err(|cause| garbled(&talk.title, cause))?;
    frontend::sasl_response(scram.message(), &mut talk.wire.out).map_err(|cause| garbled(&talk.title, cause))?;
    talk.wire.flush().await?;
    let Message::AuthenticationSaslFinal(body) = talk.next().await? else {
        return Err(trouble::out_of_step(&talk.title));
    };
    // This verifies that the server knows the password too.
    scram.finish(body.data()).map_err(|cause| refused_login(talk.place).because(cause))
}

/// `channel_binding=require` guarantees that no man in the middle gets the password.
pub fn unbound(talk: &Talk<'_>) -> Error {
    Error::new(Kind::Denied, format!("the server at `{}` does not bind the login to its TLS", talk.place.title()))
        .hint("set PGCHANNELBINDING=prefer, or let the server use `scram-sha-256` and TLS")
}
