//! Pings the outside check of a recipe when a run begins and when it has ended. A ping is never sent later.

use super::Dispatch;
use crate::alert::channel::{Deliver, Verb};
use crate::alert::delivery::{DeliveryResult, Outgoing, Queue, deliver_all};
use crate::alert::event::Event;
use crate::alert::registered;
use crate::catalog::{Notification, Run, Status};
use crate::error::Result;
use crate::report::{self, Level};

impl<D: Deliver> Dispatch<D> {
    /// Whether this recipe has an outside check.
    pub fn is_watched(&self, recipe: &str) -> bool {
        self.config.settings.pings.contains_key(recipe)
    }

    /// Reports the state of a run if its recipe has an outside check. A lost ping is not sent later: it would be out of date,
    /// and the check detects missing pings.
    pub async fn ping(&self, run: &Run, stop: impl Future<Output = ()>) {
        let config = &self.config;
        let Some(settings) = config.settings.pings.get(&run.recipe) else { return };
        let channel = match registered::ping(&run.recipe, settings, config) {
            Ok(channel) => channel,
            Err(error) => return report::log(Level::Warn, &error.one_line(), None),
        };
        let (name, event) = (channel.name.clone(), Event::state_of(run));
        let message = Outgoing { number: 0, recipients: Vec::new(), event, verb: Verb::Ping };
        let queues = vec![Queue { channel, messages: vec![message] }];
        for (_, result) in deliver_all(&self.deliver, queues, stop).await {
            let DeliveryResult::Ended(result) = result else { continue };
            self.note_ping(run, &name, result.map(drop)).await;
        }
    }

    /// Logs and records the result of a ping.
    async fn note_ping(&self, run: &Run, channel: &str, result: Result<()>) {
        let which = match run.status {
            Status::Running => "start",
            Status::Success => "success",
            _ => "failure",
        };
        if let Err(error) = &result {
            let line = format!("the ping of `{}` ({which}) did not arrive: {}", run.recipe, error.one_line());
            report::log(Level::Warn, &line, None);
        }
        let attempt = Notification {
            notification_type: format!("ping_{which}"),
            channel: channel.to_owned(),
            recipient: None,
            subject: Some(run.recipe.clone()),
            status: if result.is_ok() { "sent" } else { "failed" }.to_owned(),
            error_message: result.err().map(|error| error.one_line()),
            backup_id: Some(run.id.clone()),
            sent_at: self.world.now(),
        };
        let recorded = self.catalog().await.and_then(|catalog| catalog.add_notification(&attempt));
        if let Err(error) = recorded {
            // The run reports why the catalog cannot be written.
            tracing::debug!("{}", error.one_line());
        }
    }
}
