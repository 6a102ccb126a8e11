//! Examines an Azure container without changing anything: the credentials, and whether its blobs are protected.

use super::Container;
use crate::error::Result;
use crate::world::http::Method;
use crate::world::objects::examined::Seen;
use crate::world::real::objects::rest::Ask;

pub async fn examine(container: &Container) -> Result<Vec<Seen>> {
    let title = container.rest.store.container();
    let mut seen = vec![Seen::Good(format!("`{title}`: {}", container.who))];
    let url = format!("{}?restype=container", container.base);
    let answer = match container.rest.send(&Ask::new(Method::Get, "look at", &title, url)).await {
        Ok(answer) => answer,
        Err(refused) if refused.status == Some(404) => {
            seen.push(Seen::Unknown(format!("`{title}` is not there yet")));
            return Ok(seen);
        }
        Err(refused) => return Err(refused.into()),
    };
    seen.push(Seen::Good(format!("`{title}` answers")));
    let has = |name: &str| answer.header(name) == Some("true");
    seen.push(match (has("x-ms-has-immutability-policy"), has("x-ms-has-legal-hold")) {
        (true, _) => Seen::Good(format!("`{title}` has an immutability policy: it decides what can be deleted")),
        (_, true) => Seen::Good(format!("`{title}` has a legal hold: nothing can be deleted")),
        _ => Seen::Good(format!("`{title}` has no immutability policy")),
    });
    seen.push(Seen::Unknown(format!("`{title}`: whether the account keeps deleted blobs is not asked")));
    Ok(seen)
}
