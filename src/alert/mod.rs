//! Turns an outcome into messages: what is reported, in which words, by which channels, and when.

mod bounds;
pub mod channel;
pub mod channels;
pub mod decide;
mod delivery;
pub mod dispatch;
mod email;
pub mod event;
mod from_run;
mod log_lines;
pub mod registered;
mod retry_policy;
pub mod smtp;
mod table;
pub mod templates;
mod text;
pub mod throttle;
mod tone;
mod words;

pub use channel::{Channel, Deliver, Delivered, Verb};
pub use channels::LuaChannels;
pub use decide::Manner;
pub use dispatch::Dispatch;
pub use event::{Event, EventKind, Severity};
pub use table::{run_table, table};
pub use templates::Message;
pub use tone::Tone;
pub use words::Language;
