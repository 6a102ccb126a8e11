//! Performs one request until its answer: follows redirects, hop by hop through the world, and retries where that is safe.

pub mod repeats;

use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::coding::packed;
use super::redirects;
use super::upload::is_expected;
use super::words::{bad_status, end_is_unknown, is_packed, redirected_away};
use super::{Address, HttpRequest, HttpResponse, Method};
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::stream::{Piece, Source};
use crate::units::show_duration;
use crate::world::http::exchange::repeats::{asked_pause, may_repeat, pause};
use crate::world::{Caller, Limits};

/// The longest chain of redirects, similar to curl and browsers.
const MAX_REDIRECTS: usize = 10;
/// How much of an error response is read, to show its message.
const TOLD_BYTES: usize = 4096;

/// Which answers are accepted, and what happens without one.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The accepted statuses; 200 to 299 when absent.
    pub expect: Option<Vec<u16>>,
    /// The number of retries after the first try.
    pub retries: u32,
    /// Whether it may be sent twice, if the method alone does not allow it.
    pub repeatable: Option<bool>,
    /// Whether redirects are followed. Most change a POST into a GET, which loses the posted data.
    pub follow: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { expect: None, retries: 0, repeatable: None, follow: true }
    }
}

/// One request with its policy.
pub struct Exchange {
    pub caller: Caller,
    pub request: HttpRequest,
    pub policy: Policy,
}

/// A failed try.
pub struct Failed {
    pub error: Error,
    pub status: Option<u16>,
    /// How long the server asked to wait.
    pub asked: Option<Duration>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed { error, status: None, asked: None }
    }
}

impl Exchange {
    /// Sends the request until `take` accepts a good answer; the limits apply to all tries together.
    pub async fn run<T, Fut: Future<Output = Result<T>>>(
        &self,
        take: impl Fn(HttpResponse, String) -> Fut,
    ) -> Result<T> {
        self.request.check()?;
        let world = &self.caller.world;
        let deadline = world.elapsed().saturating_add(self.caller.limits.total);
        let mut tries = 1;
        loop {
            let tried = async {
                let (title, answer) = self.follow(deadline).await?;
                Ok(take(answer, title).await?)
            };
            let failed: Failed = match tried.await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let left = deadline.saturating_sub(world.elapsed());
            let again = tries <= self.policy.retries && may_repeat(&self.request, &self.policy, &failed);
            let pause = again.then(|| pause(&**world, &self.request, tries, failed.asked)).flatten();
            let Some(pause) = pause.filter(|pause| *pause < left) else {
                return Err(given_up(failed.error, &self.request, tries));
            };
            log(Level::Info, &retry_line(&failed.error, pause), self.caller.site.as_ref());
            self.caller.sleep(pause).await?;
            tries += 1;
        }
    }

    /// One try: follows redirects until the answer is not a redirect.
    async fn follow(&self, deadline: Duration) -> Result<(String, HttpResponse), Failed> {
        let mut request = self.request.clone();
        let mut hops = 0;
        loop {
            let title = request.title();
            let from = (hops > 0).then_some(&self.request.url);
            let mut answer = self.hop(request.clone(), deadline).await.map_err(|error| redirected(error, from))?;
            if answer.withheld || self.expects(answer.status) {
                return match self.unasked_coding(&request, &answer) {
                    Some(coding) => Err(is_packed(&title, &coding).into()),
                    None => Ok((title, answer)),
                };
            }
            request = match redirects::next(&request, &answer)? {
                Some(next) if self.policy.follow => next,
                Some(next) => return Err(redirected_away(&request, answer.status, &next.url).into()),
                None => return Err(self.refusal(&request, answer).await),
            };
            // The body is not used, but it was read to its end, so it was not cut off.
            beginning(&mut answer).await;
            hops += 1;
            if hops > MAX_REDIRECTS {
                let what = format!("`{}` redirects more than {MAX_REDIRECTS} times", self.request.title());
                return Err(Error::new(Kind::Network, what).hint("the server sends requests in a circle").into());
            }
        }
    }

    async fn hop(&self, request: HttpRequest, deadline: Duration) -> Result<HttpResponse> {
        let total = deadline.saturating_sub(self.caller.world.elapsed());
        let caller = Caller { limits: Limits { total, ..self.caller.limits }, ..self.caller.clone() };
        caller.request(request).await
    }

    fn expects(&self, status: u16) -> bool {
        is_expected(self.policy.expect.as_deref(), status)
    }

    /// The coding of an answer that is compressed although the request did not ask for it.
    fn unasked_coding(&self, request: &HttpRequest, answer: &HttpResponse) -> Option<String> {
        let coding = answer.header("content-encoding")?;
        if request.method == Method::Head || request.header("accept-encoding").is_some() {
            return None;
        }
        packed(coding, request.url.url().path())
    }

    async fn refusal(&self, request: &HttpRequest, mut answer: HttpResponse) -> Failed {
        let said = beginning(&mut answer).await;
        let now = self.caller.world.now();
        let asked = answer.header("retry-after").and_then(|text| asked_pause(text, now));
        let error = bad_status(request, answer.status, &said, asked);
        Failed { error, status: Some(answer.status), asked }
    }
}

/// The first bytes of an answer. They only explain its status: if they break off, the status is still reported.
async fn beginning(answer: &mut HttpResponse) -> Vec<u8> {
    let mut said = Vec::new();
    while let Ok(Piece::Data(data)) = answer.body.next().await {
        said.extend_from_slice(&data[..data.len().min(TOLD_BYTES - said.len())]);
        if said.len() >= TOLD_BYTES {
            break;
        }
    }
    said
}

/// The error of a request that a redirect led to.
fn redirected(error: Error, from: Option<&Address>) -> Error {
    match from {
        Some(from) => error.within(format!("cannot follow the redirect of `{from}`")),
        None => error,
    }
}

fn given_up(error: Error, request: &HttpRequest, tries: u32) -> Error {
    match tries {
        1 => error,
        tries => error.within(format!("`{}` failed {tries} times", request.title())),
    }
}

fn retry_line(error: &Error, pause: Duration) -> String {
    crate::secret::redact(&format!("{}; the next try is in {}", error.one_line(), show_duration(pause)))
}

/// The body of an answer, whose end counts only if the server marked it: a broken connection is not an end.
pub struct Proved {
    body: Box<dyn Source>,
    title: String,
    end_is_known: bool,
}

impl Proved {
    pub fn new(answer: HttpResponse, title: String) -> Proved {
        Proved { body: answer.body, title, end_is_known: answer.end_is_known }
    }
}

impl Source for Proved {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async {
            match self.body.next().await? {
                Piece::End if !self.end_is_known => Err(end_is_unknown(&self.title)),
                piece => Ok(piece),
            }
        })
    }
}
