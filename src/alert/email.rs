//! Makes the id of an event's mail, so that a second copy can be recognized.

use super::Event;
use super::channel::Channel;
use crate::stream::sha256::Sha256;

/// The same at each attempt, so that a receiver recognizes a second copy.
pub fn message_id(channel: &Channel, event: &Event, from: &str) -> String {
    let domain = from.rsplit_once('@').map_or("hikae.invalid", |(_, domain)| domain);
    let mark = Sha256::of(format!("{} {} {}", channel.name, event.host, event.recipe));
    format!("<{}.{}.{}@{domain}>", event.id, event.notification_type(), &mark[..12])
}
