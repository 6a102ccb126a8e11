//! Turns an outcome into a message: what is told of it, in which words, and by which mail server.

pub mod channel;
pub mod event;
pub mod smtp;
pub mod templates;
mod words;

pub use channel::{Channel, Deliver, Delivered};
pub use event::{Event, EventKind};
pub use templates::Message;
pub use words::Language;
