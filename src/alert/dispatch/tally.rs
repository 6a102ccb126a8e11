//! Counts the results of notices, per channel.

/// The results of the notices: how many arrived, and how many did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub sent: usize,
    pub failed: usize,
    /// How many had nothing to send.
    pub skipped: usize,
    /// How many another process is sending now, and how many may have arrived already; counted only when flushing the outbox.
    pub sending: usize,
    pub unsure: usize,
    /// Whether the failure of the run was already reported, and the next report comes later.
    pub held_back: bool,
    /// The result of each notice.
    pub reports: Vec<ChannelReport>,
}

/// The result of one notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelReport {
    pub channel: String,
    /// The run of the notice.
    pub run_id: String,
    /// Why it did not arrive, or may not have.
    pub error: Option<String>,
    /// Why there was nothing to send.
    pub skipped: Option<String>,
}

impl Tally {
    /// The channels that reported this run.
    pub fn reported(&self, run_id: &str) -> Vec<&str> {
        let of_run = self.reports.iter().filter(|report| report.run_id == run_id);
        let sent = of_run.filter(|report| report.error.is_none() && report.skipped.is_none());
        sent.map(|report| report.channel.as_str()).collect()
    }
}
