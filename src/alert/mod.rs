//! Turns an outcome into a message: what is told of it, in which words, and by which mail server.

mod bounds;
pub mod channel;
pub mod channels;
pub mod event;
pub mod smtp;
mod table;
pub mod templates;
mod tone;
mod words;

pub use channel::{Channel, Deliver, Delivered};
pub use event::{Event, EventKind, Severity};
pub use table::table;
pub use templates::Message;
pub use tone::Tone;
pub use words::Language;
