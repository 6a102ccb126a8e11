//! Sends a mail through a real server, and tests a server without sending one.

mod explain;
mod hello;
mod encoded;
mod probe;
mod talk;
mod tls;
mod wire;

use super::environment;
use crate::error::Result;
use crate::world::mail::{Mail, Refused, Sent, Server, answered, is_gone, no_recipient_left};
use talk::{SmtpReply, Talk};

/// Sends a mail to every recipient that the server accepts; an error means that, as far as known, no recipient gets it.
pub async fn send(mail: &Mail) -> Result<Sent> {
    mail.check()?;
    let encoded = encoded::compose(mail, super::clock::now())?;
    let mut talk = open(&mail.server).await?;
    let sent = deliver(&mut talk, mail, &encoded).await;
    // The server has already answered, so its reply to QUIT does not matter.
    talk.leave().await;
    sent
}

/// Connects, encrypts, logs in and disconnects, as `hikae check` does: no mail is sent.
pub async fn verify(server: &Server) -> Result<()> {
    let mut talk = open(server).await?;
    let tried = talk.nothing().await;
    talk.leave().await;
    tried
}

/// Opens a conversation with the server, logged in if a user is set.
async fn open(server: &Server) -> Result<Talk<'_>> {
    let mut talk = Talk::open(server, &environment::host()).await?;
    if server.logs_in() {
        talk::login::log_in(&mut talk).await?;
    }
    Ok(talk)
}

async fn deliver(talk: &mut Talk<'_>, mail: &Mail, encoded: &encoded::EncodedMail) -> Result<Sent> {
    let server = &mail.server;
    if let SmtpReply::No(reply) = talk.from(encoded).await? {
        return Err(answered(server, "EENVELOPE", &format!("the sender {}", mail.from.address), &reply));
    }
    let mut sent = Sent { message_id: encoded.message_id.clone(), ..Sent::default() };
    for (mailbox, address) in mail.recipients().into_iter().zip(&encoded.to) {
        let address_shown = mailbox.address.clone();
        match talk.to(address).await? {
            SmtpReply::Yes(_) => sent.accepted.push(address_shown),
            SmtpReply::No(reply) => {
                let retryable = !is_gone(&reply);
                sent.refused.push(Refused { address: address_shown, reply, retryable });
            }
        }
    }
    if sent.accepted.is_empty() {
        return Err(no_recipient_left(server, &sent.refused));
    }
    match talk.data(&encoded.bytes).await? {
        SmtpReply::Yes(reply) => Ok(Sent { reply, ..sent }),
        SmtpReply::No(reply) => Err(answered(server, "EMESSAGE", "its content", &reply)),
    }
}
