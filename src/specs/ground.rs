//! The subject of an assertion: the run or the notice that is shown when it fails.

use crate::error::Result;
use crate::lua::exports::Call;
use crate::world::simulated::{Posted, Requested};

/// Something that has happened in a simulated world.
pub trait Ground {
    /// Ends the spec: its assertion does not hold.
    fn refute(&self, call: &Call, expected: String, found: String, diff: Vec<String>) -> Result<()>;

    /// The http requests that it has sent, in order.
    fn requested(&self) -> &[Requested];

    /// The mails that the server has taken from it, in order.
    fn mailed(&self) -> &[Posted];
}
