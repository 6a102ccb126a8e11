//! The start conditions of the process: its environment, the machine and the user.

use std::collections::BTreeMap;

use super::setup::SimulatedSetup;
use crate::world::Machine;

/// The process id of every simulated run.
pub const PROCESS_ID: u32 = 4711;

pub fn read(setup: &SimulatedSetup) -> BTreeMap<String, String> {
    setup.env.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect()
}

pub fn machine(setup: &SimulatedSetup) -> Machine {
    Machine { host: setup.host.clone(), user: setup.user.clone(), process_id: PROCESS_ID, cores: setup.cores.max(1) }
}
