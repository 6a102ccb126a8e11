//! Makes tar archives and reads them back: packs, opens, verifies, checks names, unpacks.

pub mod names;
pub mod opened;
pub mod only;
pub mod pack;
pub mod unpack;
pub mod verify;
