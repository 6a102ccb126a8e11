//! Reads the mail server's settings from the environment and `.env`, with the certificate that they name.

use super::Config;
use crate::error::{Error, Kind, Result};
use crate::world::mail::settings::{DEFAULT_SYSTEM_NAME, Recipients, Settings, recipients};

impl Config {
    /// The mail server of `SMTP_*`. A relative CA file is in the configuration folder.
    pub fn smtp(&self) -> Result<Settings> {
        let mut settings = Settings::read(&|name| self.lookup(name).map(str::to_owned))?;
        if self.lookup("SMTP_FROM").is_none_or(str::is_empty) {
            settings.from.name = Some(self.system_name().to_owned());
        }
        if let Some(file) = settings.ca_file.take() {
            let path = self.dir.join(file);
            let pem = self.files.read(&path).map_err(|error| error.within("cannot read `SMTP_CA_FILE`"))?;
            let missing = || {
                Error::new(Kind::NotFound, format!("cannot find `{}`", path.display())).hint("`SMTP_CA_FILE` names it")
            };
            settings.server.ca_pem = Some(pem.ok_or_else(missing)?);
        }
        Ok(settings)
    }

    /// The name of the system in the footer of alerts, and beside the sender's address if `SMTP_FROM` is not set.
    pub fn system_name(&self) -> &str {
        self.settings.alerts.system_name.as_deref().unwrap_or(DEFAULT_SYSTEM_NAME)
    }

    /// The program that prints access tokens for the mail server; alerts may have to start it.
    pub fn token_program(&self) -> Option<String> {
        self.smtp().ok()?.token_source?.program().map(str::to_owned)
    }

    /// The recipients of alerts: `BACKUP_ALERT_EMAIL`.
    pub fn alert_recipients(&self) -> Recipients {
        recipients(&|name| self.lookup(name).map(str::to_owned))
    }
}
