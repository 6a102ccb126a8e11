//! Stores an upload under its key: an answer counts only as far as it proves that the object exists.

use bytes::Bytes;

use super::ask::{Ask, Refused, StoreReply};
use super::checksum::{Sent, is_encrypted, is_md5};
use super::connection::refusal_in;
use super::described::{LOCK_MODE, MARK, described};
use super::listing::{plain_etag, stat};
use super::parts::{etag_of_parts, list_of_parts};
use super::upload::Upload;
use super::{error_of, look, may_not_look, xml};
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::Stamp;
use crate::world::http::Method;
use crate::world::http::exchange::repeats::doubled;
use crate::world::objects::words::{not_as_sent, taken};
use crate::world::real::clock;
use crate::world::real::objects::learned::Condition;

/// The most attempts to join the parts, if the store fails to do it.
const COMPLETIONS: u32 = 4;

/// The most attempts to remove a wrong object.
const TAKE_BACKS: u32 = 5;

/// What a successful answer to the last request of an upload proves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The checksum matches what was sent, and a look would add nothing.
    Proved,
    /// The checksum matches what was sent.
    Agrees,
    /// The object must be looked at.
    Claimed,
}

/// The last request of an upload: the whole of a small object, or the list of the parts.
enum Last {
    Whole(Sent),
    List { id: String, list: Bytes },
}

impl Upload {
    /// Stores it under its key. An object of ours that differs from what was sent is removed.
    pub(super) async fn publish(&mut self) -> Result<()> {
        self.finish_parts().await?;
        let last = match &self.begun {
            None => Last::Whole(Sent::new(std::mem::take(&mut self.gathered).into())),
            Some(begun) => Last::List { id: begun.id.clone(), list: list_of_parts(&self.parts).into() },
        };
        let done = self.publish_once(&last).await;
        if done.as_ref().is_err_and(|error| error.kind() == Kind::Integrity) {
            self.take_back().await;
        }
        done
    }

    /// If the answer alone proves nothing, the object that then exists decides, whatever the answer was.
    async fn publish_once(&mut self, last: &Last) -> Result<()> {
        let result = match self.show_patiently(last, !self.put.replace).await {
            Err(refused) if refused.is("NotImplemented") && !self.put.replace => {
                let line =
                    format!("the store cannot refuse to overwrite `{}`: it was only looked for before", self.title);
                log(Level::Warn, &line, None);
                self.connection.learned.keep_condition(&self.connection.store, Condition::Ignored);
                self.show_patiently(last, false).await
            }
            result => result,
        };
        match result {
            Ok(Shown::Proved) => Ok(()),
            Ok(shown) => match self.is_there(last).await {
                Ok(true) => self.find_out_condition(last).await,
                Ok(false) => Err(not_as_sent(&self.put.object, "what is there is another's")),
                Err(error) if may_not_look(&error) && shown == Shown::Agrees => self.unseen(last).await,
                Err(error) => Err(error),
            },
            Err(refused) if !refused.is_unsure() => Err(refused.into()),
            Err(refused) => match self.is_there(last).await {
                Ok(true) => Ok(()),
                Err(error) if error.kind() == Kind::Integrity => Err(error),
                _ if refused.status() == Some(412) => Err(taken(&self.put.object)),
                _ => Err(refused.into()),
            },
        }
    }

    /// If a store sends "200" and then an error, the request is repeated, after a look at what exists.
    async fn show_patiently(&self, last: &Last, only_new: bool) -> Result<Shown, Refused> {
        let mut tries = 1;
        loop {
            match self.show(last, only_new).await {
                Err(refused) if refused.is("InternalError") && tries < COMPLETIONS => {
                    if self.is_there(last).await? {
                        return Ok(Shown::Claimed);
                    }
                    clock::sleep(doubled(tries, 0.5)).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    async fn show(&self, last: &Last, only_new: bool) -> Result<Shown, Refused> {
        let ask = self.last_ask(last, only_new);
        let answer = self.connection.send(&ask).await?;
        let mut shown = Shown::Claimed;
        if let Last::Whole(sent) = last {
            if let Some(why) = sent.differs(&answer) {
                return Err(not_as_sent(&self.put.object, why).into());
            }
            // If the condition is ignored, a later look could not tell what was replaced either.
            let condition = self.connection.learned.condition(&self.connection.store);
            let settled = self.put.replace || matches!(condition, Condition::Kept | Condition::Ignored);
            if sent.agrees(&answer) {
                let is_proof = settled && self.put.lock.is_none();
                shown = if is_proof { Shown::Proved } else { Shown::Agrees };
            }
            if shown == Shown::Proved {
                self.stamp.get_or_init(|| Stamp(answer.header("etag").map(plain_etag).unwrap_or_default()));
            }
        }
        let said = answer.bytes(&self.title).await?;
        // The store begins its answer before it has joined the parts, and may still fail.
        let said = xml::read(&said);
        if let (Last::List { .. }, Some(said)) = (last, &said)
            && etag_of_parts(&self.parts).is_some_and(|own| plain_etag(said.text("ETag")) == own)
        {
            shown = Shown::Agrees;
        }
        match said.filter(|top| top.name == "Error") {
            Some(error) => {
                let refusal = refusal_in(500, &error);
                let error = error_of(&ask, &self.connection.store, &refusal);
                Err(Refused { error, refusal: Some(refusal) })
            }
            None => Ok(shown),
        }
    }

    fn last_ask(&self, last: &Last, only_new: bool) -> Ask<'_> {
        let ask = match last {
            Last::List { id, list } => self.ask(Method::Post).query("uploadId", id).body(list.clone()),
            Last::Whole(sent) => described(self.ask(Method::Put), &self.put, &self.kept, &self.mark, false)
                .header("content-md5", sent.header())
                .body(sent.bytes.clone()),
        };
        if only_new { ask.header("if-none-match", "*") } else { ask }
    }

    /// Tests once whether the store honors the condition: the same object, sent again, must be refused. From then on, the answer
    /// for a small object is sufficient proof. `None` if there is nothing to find out.
    async fn ask_condition(&self, last: &Last) -> Option<Condition> {
        let (store, learned) = (&self.connection.store, &self.connection.learned);
        if matches!(last, Last::List { .. }) || self.put.replace || !learned.asks_condition(store) {
            return None;
        }
        let condition = match self.connection.send(&self.last_ask(last, true)).await {
            Err(refused) if refused.status() == Some(412) => Condition::Kept,
            Err(refused) if refused.passes() => Condition::Unknown,
            _ => Condition::Ignored,
        };
        learned.keep_condition(store, condition);
        Some(condition)
    }

    /// After the test, what exists must still be this object.
    async fn find_out_condition(&self, last: &Last) -> Result<()> {
        match self.ask_condition(last).await {
            None | Some(Condition::Kept) => Ok(()),
            // The object was stored a second time.
            Some(_) => match self.is_there(last).await? {
                true => Ok(()),
                false => Err(not_as_sent(&self.put.object, "what is there is another's")),
            },
        }
    }

    /// With write-only access, the store's checksum is the only proof; that nothing was replaced is certain if the condition is honored.
    async fn unseen(&self, last: &Last) -> Result<()> {
        self.ask_condition(last).await;
        if !self.put.replace && self.connection.learned.condition(&self.connection.store) != Condition::Kept {
            let line = format!("`{}` is stored; this key may not look whether it has replaced another", self.title);
            log(Level::Warn, &line, None);
        }
        Ok(())
    }

    /// Whether the existing object is this one, complete.
    async fn is_there(&self, last: &Last) -> Result<bool> {
        let Some(answer) = look(&self.connection, &self.put.object, "look at").await? else { return Ok(false) };
        let seen = stat(&answer)?;
        if !self.is_ours(&answer) {
            return Ok(false);
        }
        if seen.size_bytes != self.size_bytes {
            let why = format!("it has {} bytes, and {} were sent", seen.size_bytes, self.size_bytes);
            return Err(not_as_sent(&self.put.object, why));
        }
        let said = plain_etag(answer.header("etag").unwrap_or_default()).to_ascii_lowercase();
        let (own, comparable) = match last {
            Last::Whole(sent) => (Some(sent.etag()), is_md5(&said)),
            // Some stores have their own form of etag for joined parts.
            Last::List { .. } => {
                let own = etag_of_parts(&self.parts);
                let alike = |own: &String| said.get(..32).is_some_and(is_md5) && said.get(32..) == own.get(32..);
                let comparable = own.as_ref().is_some_and(alike);
                (own, comparable)
            }
        };
        if let Some(own) = own.filter(|own| comparable && !is_encrypted(&answer) && said != *own) {
            let why = format!("its checksum is `{said}`, that of what was sent is `{own}`");
            return Err(not_as_sent(&self.put.object, why));
        }
        if self.put.lock.is_some() && answer.header(LOCK_MODE).is_none() {
            // A key that may store may still lack permission to see the lock.
            log(
                Level::Warn,
                &format!("`{}` is stored, and the store does not say that it is locked", self.title),
                None,
            );
        }
        self.stamp.get_or_init(|| seen.stamp());
        Ok(true)
    }

    fn is_ours(&self, answer: &StoreReply) -> bool {
        answer.header(MARK) == Some(&self.mark)
    }

    /// Removes an object of ours that differs from what was sent; a failed removal is retried, because the object must not stay.
    async fn take_back(&self) {
        for number in 1.. {
            let taken_back = async {
                match look(&self.connection, &self.put.object, "look at").await? {
                    Some(answer) if self.is_ours(&answer) => {
                        self.connection.ask(&self.ask(Method::Delete)).await.map(drop)
                    }
                    _ => Ok::<(), Error>(()),
                }
            };
            let Err(error) = taken_back.await else { return };
            if number == TAKE_BACKS {
                let line = format!("{}; `{}` stays there, and is not what was sent", error.one_line(), self.title);
                return log(Level::Warn, &line, None);
            }
            clock::sleep(doubled(number, 0.5)).await;
        }
    }
}
