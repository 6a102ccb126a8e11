//! Reports that systemd could not run a recipe; a run reports its own failures.

use std::process::ExitCode;

use crate::cli::alerting::{self, Alerts};
use crate::cli::context::Context;
use crate::cli::exit;
use crate::error::{Error, Kind};

/// The exit codes of `hikae run`: with each of them a run has reported itself, as far as it had to.
const OWN_CODES: [u8; 7] = [exit::FAILED, exit::PARTIAL, exit::MISUSE, exit::LOCKED, 130, 143, exit::DONE];

/// Reports the failure that systemd describes in the variables `MONITOR_…` (systemd 251).
pub fn report(context: &Context, alerts: &Alerts, recipe: &str) -> ExitCode {
    let said = |name: &str| context.environment.get(name).map(String::as_str).unwrap_or_default();
    let (result, how, code) = (said("MONITOR_SERVICE_RESULT"), said("MONITOR_EXIT_CODE"), said("MONITOR_EXIT_STATUS"));
    let own = code.parse().is_ok_and(|code: u8| OWN_CODES.contains(&code));
    if result == "exit-code" && how == "exited" && own {
        return ExitCode::SUCCESS;
    }
    let mut why = if result.is_empty() { "unknown".to_owned() } else { result.to_owned() };
    if !code.is_empty() {
        why = format!("{why}, {how} {code}");
    }
    let error = Error::new(Kind::Other, format!("systemd could not run `{recipe}` to its end: {why}"))
        .hint(format!("`journalctl -u hikae-{recipe}` has the reason; `systemctl status hikae-{recipe}` the state"));
    context.print_error(&error);
    alerting::never_began(context, alerts, recipe, "manual", &error);
    ExitCode::SUCCESS
}
