//! Gets and sets the lifecycle rules of a bucket, and restores archived objects.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use md5::{Digest, Md5};

use super::S3;
use super::ask::Ask;
use crate::error::{Error, Kind, Result};
use crate::world::http::Method;
use crate::world::objects::ask::StoreAsk;

pub async fn ask(s3: &S3, asked: StoreAsk) -> Result<Option<String>> {
    let connection = s3.connection(asked.store()).await?;
    let (title, verb) = (asked.title(), asked.verb());
    match asked {
        StoreAsk::Lifecycle(_) => {
            let ask = Ask::of(Method::Get, verb, &title).query("lifecycle", "");
            match connection.send(&ask).await {
                Err(refused) if refused.is("NoSuchLifecycleConfiguration") => Ok(None),
                answer => {
                    let bytes = answer?.bytes(&title).await?;
                    let wrong =
                        |cause| Error::new(Kind::Other, format!("cannot read the rules of `{title}`")).because(cause);
                    String::from_utf8(bytes.to_vec()).map(Some).map_err(wrong)
                }
            }
        }
        StoreAsk::SetLifecycle { text, .. } => {
            let sum = BASE64_STANDARD.encode(Md5::digest(text.as_bytes()).as_slice());
            let ask = Ask::of(Method::Put, verb, &title).query("lifecycle", "").header("content-md5", sum);
            connection.ask(&ask.header("content-type", "application/xml").body(text.into())).await.map(|_| None)
        }
        StoreAsk::Thaw { object, days } => {
            let body = format!("<RestoreRequest><Days>{days}</Days></RestoreRequest>");
            let ask = Ask::of(Method::Post, verb, &title).key(object.full_key()).query("restore", "").body(body.into());
            match connection.send(&ask).await {
                Err(refused) if refused.is("RestoreAlreadyInProgress") => Ok(None),
                answer => answer.map(|_| None).map_err(Into::into),
            }
        }
    }
}
