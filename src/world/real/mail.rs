//! Sends a mail through a real server, and tries a server without sending one.

use super::environment;
use crate::error::Result;
use crate::world::mail::{Mail, Refused, Sent, Server, answered, is_gone, no_recipient_left};
use talk::{Answer, Talk};

mod explain;
mod headers;
mod hello;
mod letter;
mod login;
mod probe;
mod talk;
mod tls;
mod wire;

/// Sends a mail. Everybody whom the server accepts gets it; an error means that nobody has, as far as one can know.
pub async fn send(mail: &Mail) -> Result<Sent> {
    mail.check()?;
    let letter = letter::compose(mail, super::clock::now())?;
    let mut talk = Talk::open(&mail.server, &environment::host()).await?;
    let sent = deliver(&mut talk, mail, &letter).await;
    // The server has answered already: how it takes the goodbye changes nothing.
    talk.leave().await;
    sent
}

/// Connects, encrypts, logs in and leaves, as `hikae check` does: no mail is sent.
pub async fn verify(server: &Server) -> Result<()> {
    let mut talk = Talk::open(server, &environment::host()).await?;
    let tried = talk.nothing().await;
    talk.leave().await;
    tried
}

async fn deliver(talk: &mut Talk<'_>, mail: &Mail, letter: &letter::Letter) -> Result<Sent> {
    let server = &mail.server;
    if let Answer::No(reply) = talk.from(letter).await? {
        return Err(answered(server, "EENVELOPE", &format!("the sender {}", mail.from.address), &reply));
    }
    let mut sent = Sent { message_id: letter.message_id.clone(), ..Sent::default() };
    for (mailbox, address) in mail.recipients().into_iter().zip(&letter.to) {
        let address_shown = mailbox.address.clone();
        match talk.to(address).await? {
            Answer::Yes(_) => sent.accepted.push(address_shown),
            Answer::No(reply) => {
                let retryable = !is_gone(&reply);
                sent.refused.push(Refused { address: address_shown, reply, retryable });
            }
        }
    }
    if sent.accepted.is_empty() {
        return Err(no_recipient_left(server, &sent.refused));
    }
    match talk.letter(&letter.bytes).await? {
        Answer::Yes(reply) => Ok(Sent { reply, ..sent }),
        Answer::No(reply) => Err(answered(server, "EMESSAGE", "its content", &reply)),
    }
}
