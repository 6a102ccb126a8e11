//! Pings what watches a recipe from outside: that a run has begun, and how it ended; at that time or never.

use super::Dispatch;
use crate::alert::channel::{Deliver, Verb};
use crate::alert::delivery::{Answer, Letter, Work, deliver_all};
use crate::alert::event::Event;
use crate::alert::registered;
use crate::catalog::{Notification, Run, Status};
use crate::error::Result;
use crate::report::{self, Level};

impl<D: Deliver> Dispatch<D> {
    /// Whether anything watches this recipe.
    pub fn is_watched(&self, recipe: &str) -> bool {
        self.config.settings.pings.contains_key(recipe)
    }

    /// Says how a run stands, where its recipe is watched. A ping that was lost is not sent later: it would say of then what was
    /// true before; and what watches finds out by itself that it hears nothing.
    pub async fn ping(&self, run: &Run, stop: impl Future<Output = ()>) {
        let config = &self.config;
        let Some(settings) = config.settings.pings.get(&run.recipe) else { return };
        let channel = match registered::ping(&run.recipe, settings, config) {
            Ok(channel) => channel,
            Err(error) => return report::log(Level::Warn, &error.one_line(), None),
        };
        let (name, event) = (channel.name.clone(), Event::stands(run));
        let letter = Letter { number: 0, recipients: Vec::new(), event, verb: Verb::Ping };
        let work = vec![Work { channel, letters: vec![letter] }];
        for (_, answer) in deliver_all(&self.deliver, work, stop).await {
            let Answer::Ended(answer) = answer else { continue };
            self.pinged(run, &name, answer.map(drop)).await;
        }
    }

    /// Tells the log and the record what came of it.
    async fn pinged(&self, run: &Run, channel: &str, answer: Result<()>) {
        let which = match run.status {
            Status::Running => "start",
            Status::Success => "success",
            _ => "failure",
        };
        if let Err(error) = &answer {
            let line = format!("the ping of `{}` ({which}) did not arrive: {}", run.recipe, error.one_line());
            report::log(Level::Warn, &line, None);
        }
        let attempt = Notification {
            notification_type: format!("ping_{which}"),
            channel: channel.to_owned(),
            recipient: None,
            subject: Some(run.recipe.clone()),
            status: if answer.is_ok() { "sent" } else { "failed" }.to_owned(),
            error_message: answer.err().map(|error| error.one_line()),
            backup_id: Some(run.id.clone()),
            sent_at: self.world.now(),
        };
        let recorded = self.catalog().await.and_then(|catalog| catalog.add_notification(&attempt));
        if let Err(error) = recorded {
            // The run tells why the catalog cannot be written.
            tracing::debug!("{}", error.one_line());
        }
    }
}
