//! Turns an outcome into a message: what is told of it, in which words, and by which mail server.

mod bounds;
pub mod channel;
pub mod channels;
mod delivery;
pub mod dispatch;
mod email;
pub mod event;
mod fate;
mod judging;
mod lines;
mod raised;
pub mod registered;
pub mod smtp;
mod table;
pub mod templates;
pub mod throttle;
mod tone;
mod words;

pub use channel::{Channel, Deliver, Delivered, Verb};
pub use channels::LuaChannels;
pub use dispatch::Dispatch;
pub use event::{Event, EventKind, Severity};
pub use table::{standing, table};
pub use templates::Message;
pub use tone::Tone;
pub use words::Language;
