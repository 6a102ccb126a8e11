//! Decides where a redirect leads, and what is sent along: no secret to another server, nothing from https to http.

use super::{HttpRequest, HttpResponse, Method};
use crate::error::{Error, Kind, Result};
use crate::world::SecretOrText;

/// Headers that are meant for the original server only.
const FOR_ONE_SERVER: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "idempotency-key"];

/// The request that a redirect requires; `None` if the answer is not a redirect.
pub fn next(request: &HttpRequest, answer: &HttpResponse) -> Result<Option<HttpRequest>> {
    let location = match (answer.status, answer.header("location")) {
        (301 | 302 | 303 | 307 | 308, Some(location)) => location,
        _ => return Ok(None),
    };
    let url = request.url.join(location)?;
    if request.url.is_https() && !url.is_https() {
        let what = format!("`{}` redirects from https to `{url}`", request.title());
        return Err(Error::new(Kind::Denied, what)
            .because_text("what is sent there could be read and changed on the way")
            .hint("ask the owner of the server, or name the address itself"));
    }
    let mut next = HttpRequest { url, ..request.clone() };
    if becomes_get(request.method, answer.status) {
        next.method = Method::Get;
        next.body = Default::default();
        next.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
    }
    if !next.url.same_origin(&request.url) {
        next.headers.retain(|(name, value)| {
            let secret = matches!(value, SecretOrText::Secret(_));
            !secret && !FOR_ONE_SERVER.iter().any(|own| name.eq_ignore_ascii_case(own))
        });
    }
    Ok(Some(next))
}

/// Whether the method becomes GET, as in browsers and curl: always for 303, for 301 and 302 after a POST.
fn becomes_get(method: Method, status: u16) -> bool {
    match status {
        303 => method != Method::Head,
        301 | 302 => method == Method::Post,
        _ => false,
    }
}
