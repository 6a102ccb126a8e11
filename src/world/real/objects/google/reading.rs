//! Requests one generation of an object, from any offset on.

use futures_util::future::BoxFuture;

use super::Bucket;
use crate::error::Result;
use crate::stream::Source;
use crate::world::http::Method;
use crate::world::http::coding::packed;
use crate::world::objects::Object;
use crate::world::objects::words::{is_packed, only_a_part, replaced};
use crate::world::real::objects::reading::Again;
use crate::world::real::objects::rest::Ask;

pub struct Generation {
    pub bucket: Bucket,
    pub object: Object,
    pub generation: String,
    pub of: u64,
}

impl Generation {
    pub async fn open(&self, at: u64) -> Result<Box<dyn Source>> {
        let url = format!("{}?alt=media&generation={}", self.bucket.object_url(&self.object), self.generation);
        // Otherwise an object stored with gzip encoding would arrive decompressed, with another length.
        let mut ask = Ask::new(Method::Get, "get", self.object.to_string(), url).header("accept-encoding", "gzip");
        let last = self.of.saturating_sub(1);
        if at > 0 {
            ask = ask.header("range", format!("bytes={at}-{last}"));
        }
        let answer = match self.bucket.rest.send(&ask).await {
            Err(refused) if refused.status == Some(404) => return Err(replaced(&self.object)),
            answer => answer?,
        };
        if let Some(coding) = answer.header("content-encoding").and_then(|coding| packed(coding, self.object.key())) {
            return Err(is_packed(&self.object, &coding));
        }
        let range = format!("bytes {at}-{last}/{}", self.of);
        let right = match at {
            0 => answer.status == 200 && answer.header("content-range").is_none(),
            _ => answer.status == 206 && answer.header("content-range") == Some(&range),
        };
        if right { Ok(answer.body) } else { Err(only_a_part(&self.object, answer.status)) }
    }
}

impl Again for Generation {
    fn from(&self, at: u64) -> BoxFuture<'_, Result<Box<dyn Source>>> {
        Box::pin(self.open(at))
    }
}
