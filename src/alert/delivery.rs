//! Hands events to all channels at once: each has a thread and a time of its own, so that none waits for another.

use std::sync::Arc;

use futures_util::future::{FutureExt, Shared, join_all};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};

use super::channel::{Channel, Deliver, Delivered, Verb};
use super::fate;
use crate::error::{Error, Kind, Result};
use crate::units::show_duration;

/// What one channel is to tell, in this order; each letter by a number of its own.
pub struct Work {
    pub channel: Channel,
    pub letters: Vec<Letter>,
}

/// One event for one channel.
#[derive(Clone)]
pub struct Letter {
    pub number: i64,
    /// Those who still lack it.
    pub recipients: Vec<String>,
    pub event: super::Event,
    pub verb: Verb,
}

/// What came of a letter.
pub enum Answer {
    Ended(Result<Delivered>),
    /// Those before it took all the time, or failed.
    Untried,
}

enum Told {
    Began(i64),
    Ended(i64, Result<Delivered>),
}

/// Tells all of it. A channel that does not come back is left behind at the end of its time, or when `stop` comes.
pub async fn deliver_all<D: Deliver>(
    deliver: &Arc<D>,
    work: Vec<Work>,
    stop: impl Future<Output = ()>,
) -> Vec<(i64, Answer)> {
    let stop = stop.shared();
    let all = work.into_iter().map(|work| deliver_one(deliver.clone(), work, stop.clone()));
    join_all(all).await.into_iter().flatten().collect()
}

async fn deliver_one<D: Deliver, S: Future<Output = ()>>(
    deliver: Arc<D>,
    work: Work,
    stop: Shared<S>,
) -> Vec<(i64, Answer)> {
    let timeout = work.channel.timeout;
    let until = Instant::now() + timeout;
    let numbers: Vec<i64> = work.letters.iter().map(|letter| letter.number).collect();
    let (tell, mut told) = unbounded_channel();
    let name = work.channel.name.clone();
    let started = std::thread::Builder::new().name("channel".to_owned()).spawn(move || talk(&*deliver, work, &tell));
    if let Err(cause) = started {
        let error = Error::io(format!("cannot start a thread for the channel `{name}`"), cause);
        return numbers.into_iter().map(|number| (number, Answer::Ended(Err(error.clone())))).collect();
    }
    let mut ended = Vec::new();
    let mut under_way = None;
    let why = loop {
        match next(&mut told, until, stop.clone()).await {
            Next::Told(Told::Began(number)) => under_way = Some(number),
            Next::Told(Told::Ended(number, answer)) => {
                under_way = None;
                ended.push((number, Answer::Ended(answer)));
            }
            Next::Over => break fate::unsure(format!("the channel `{name}` crashed")),
            Next::Late => {
                break fate::unsure(format!("the channel `{name}` took longer than {}", show_duration(timeout)));
            }
            Next::Stopped => break fate::unsure(format!("the channel `{name}` was interrupted")),
        }
    };
    for number in numbers {
        if !ended.iter().any(|(known, _)| *known == number) {
            let cut = under_way == Some(number);
            ended.push((number, if cut { Answer::Ended(Err(why.clone())) } else { Answer::Untried }));
        }
    }
    ended
}

enum Next {
    Told(Told),
    Over,
    Late,
    Stopped,
}

async fn next<S: Future<Output = ()>>(told: &mut UnboundedReceiver<Told>, until: Instant, stop: Shared<S>) -> Next {
    tokio::select! {
        biased;
        answer = timeout_at(until, told.recv()) => match answer {
            Ok(Some(told)) => Next::Told(told),
            Ok(None) => Next::Over,
            Err(_) => Next::Late,
        },
        () = stop => Next::Stopped,
    }
}

/// The thread of one channel: tells its letters one by one, and goes on only while that helps.
fn talk<D: Deliver>(deliver: &D, work: Work, tell: &UnboundedSender<Told>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Work { channel, letters } = work;
    for letter in letters {
        // Who has stopped listening has given this channel up: then nothing more is to be sent.
        if tell.send(Told::Began(letter.number)).is_err() {
            return;
        }
        let channel = Channel { recipients: letter.recipients, ..channel.clone() };
        let answer = match &runtime {
            Ok(runtime) => runtime.block_on(deliver.deliver(&channel, &letter.event, letter.verb)),
            Err(cause) => {
                Err(Error::new(Kind::Other, "cannot start the thread of a channel").because_text(cause.to_string()))
            }
        };
        let goes_on = answer.as_ref().err().is_none_or(|error| !fate::concerns_channel(error));
        if tell.send(Told::Ended(letter.number, answer)).is_err() || !goes_on {
            return;
        }
    }
}
