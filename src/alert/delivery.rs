//! Sends events to all channels in parallel: each has its own thread and time limit, so that no channel waits for another.

use std::sync::Arc;

use futures_util::future::{FutureExt, Shared, join_all};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};

use super::channel::{Channel, Deliver, Delivered, Verb};
use super::retry_policy;
use crate::error::{Error, Kind, Result};
use crate::units::show_duration;

/// The messages for one channel, in this order.
pub struct Queue {
    pub channel: Channel,
    pub messages: Vec<Outgoing>,
}

/// One event for one channel.
#[derive(Clone)]
pub struct Outgoing {
    pub number: i64,
    /// The recipients who have not got it yet.
    pub recipients: Vec<String>,
    pub event: super::Event,
    pub verb: Verb,
}

/// The result of a message.
pub enum DeliveryResult {
    Ended(Result<Delivered>),
    /// It was not tried, because earlier messages took all the time, or failed.
    Untried,
}

enum Progress {
    Began(i64),
    Ended(i64, Result<Delivered>),
}

/// Delivers everything. A channel that does not return is abandoned at its time limit, or when `stop` completes.
pub async fn deliver_all<D: Deliver>(
    deliver: &Arc<D>,
    queues: Vec<Queue>,
    stop: impl Future<Output = ()>,
) -> Vec<(i64, DeliveryResult)> {
    let stop = stop.shared();
    let all = queues.into_iter().map(|queue| deliver_one(deliver.clone(), queue, stop.clone()));
    join_all(all).await.into_iter().flatten().collect()
}

async fn deliver_one<D: Deliver, S: Future<Output = ()>>(
    deliver: Arc<D>,
    queue: Queue,
    stop: Shared<S>,
) -> Vec<(i64, DeliveryResult)> {
    let timeout = queue.channel.timeout;
    let until = Instant::now() + timeout;
    let numbers: Vec<i64> = queue.messages.iter().map(|message| message.number).collect();
    let (report, mut progress) = unbounded_channel();
    let name = queue.channel.name.clone();
    let started = std::thread::Builder::new().name("channel".to_owned()).spawn(move || talk(&*deliver, queue, &report));
    if let Err(cause) = started {
        let error = Error::io(format!("cannot start a thread for the channel `{name}`"), cause);
        return numbers.into_iter().map(|number| (number, DeliveryResult::Ended(Err(error.clone())))).collect();
    }
    let mut ended = Vec::new();
    let mut under_way = None;
    let why = loop {
        match next(&mut progress, until, stop.clone()).await {
            Next::Made(Progress::Began(number)) => under_way = Some(number),
            Next::Made(Progress::Ended(number, answer)) => {
                under_way = None;
                ended.push((number, DeliveryResult::Ended(answer)));
            }
            Next::Over => break retry_policy::unsure(format!("the channel `{name}` crashed")),
            Next::Late => {
                break retry_policy::unsure(format!(
                    "the channel `{name}` took longer than {}",
                    show_duration(timeout)
                ));
            }
            Next::Stopped => break retry_policy::unsure(format!("the channel `{name}` was interrupted")),
        }
    };
    for number in numbers {
        if !ended.iter().any(|(known, _)| *known == number) {
            let cut = under_way == Some(number);
            ended.push((number, if cut { DeliveryResult::Ended(Err(why.clone())) } else { DeliveryResult::Untried }));
        }
    }
    ended
}

enum Next {
    Made(Progress),
    Over,
    Late,
    Stopped,
}

async fn next<S: Future<Output = ()>>(
    progress: &mut UnboundedReceiver<Progress>,
    until: Instant,
    stop: Shared<S>,
) -> Next {
    tokio::select! {
        biased;
        answer = timeout_at(until, progress.recv()) => match answer {
            Ok(Some(made)) => Next::Made(made),
            Ok(None) => Next::Over,
            Err(_) => Next::Late,
        },
        () = stop => Next::Stopped,
    }
}

/// The thread of one channel: delivers its messages one by one, and stops when trying more is useless.
fn talk<D: Deliver>(deliver: &D, queue: Queue, report: &UnboundedSender<Progress>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Queue { channel, messages } = queue;
    for message in messages {
        // The receiver is gone: this channel was abandoned, so nothing more is sent.
        if report.send(Progress::Began(message.number)).is_err() {
            return;
        }
        let channel = Channel { recipients: message.recipients, ..channel.clone() };
        let answer = match &runtime {
            Ok(runtime) => runtime.block_on(deliver.deliver(&channel, &message.event, message.verb)),
            Err(cause) => {
                Err(Error::new(Kind::Other, "cannot start the thread of a channel").because_text(cause.to_string()))
            }
        };
        let goes_on = answer.as_ref().err().is_none_or(|error| !retry_policy::concerns_channel(error));
        if report.send(Progress::Ended(message.number, answer)).is_err() || !goes_on {
            return;
        }
    }
}
