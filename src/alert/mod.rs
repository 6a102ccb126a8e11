//! Turns an outcome into a message: what is told of it, in which words, and by which mail server.

pub mod channel;
pub mod event;
mod severity;
pub mod smtp;
mod table;
pub mod templates;
mod words;

pub use channel::{Channel, Deliver, Delivered};
pub use event::{Event, EventKind};
pub use severity::Severity;
pub use table::table;
pub use templates::Message;
pub use words::Language;
