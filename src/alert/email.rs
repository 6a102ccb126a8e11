//! Computes the id of an event's mail, so that duplicates can be recognized.

use super::Event;
use super::channel::Channel;
use crate::stream::sha256::Sha256;

/// The id is the same at each attempt, so that a receiver recognizes duplicates.
pub fn message_id(channel: &Channel, event: &Event, from: &str) -> String {
    let domain = from.rsplit_once('@').map_or("hikae.invalid", |(_, domain)| domain);
    let mark = Sha256::of(format!("{} {} {}", channel.name, event.host, event.recipe));
    format!("<{}.{}.{}@{domain}>", event.id, event.notification_type(), &mark[..12])
}
