//! Turns an outcome into a message: what is told of it, in which words, and by which mail server.

pub mod channel;
mod delivery;
pub mod dispatch;
pub mod email;
pub mod event;
mod fate;
mod judging;
mod lines;
mod raised;
pub mod registered;
pub mod smtp;
pub mod templates;
pub mod throttle;
mod words;

pub use channel::{Channel, Deliver, Delivered};
pub use dispatch::Dispatch;
pub use email::Email;
pub use event::{Event, EventKind};
pub use templates::Message;
pub use words::Language;
