//! `world:send` and `world:ping`: one event by one channel, as a run would send it, in a simulated world.

use std::rc::Rc;
use std::sync::Arc;

use mlua::Value;

use crate::alert::Verb;
use crate::alert::channels::{LuaChannels, Sending, late};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::secret;
use crate::specs::assertions::sendings::Sent;
use crate::specs::event::{ChannelOptions, EventOptions};
use crate::specs::handle;
use crate::specs::rehearsal::stage::STATE_DIR;
use crate::specs::world_handle::World;
use crate::world::World as _;

/// `world:send(channel, event, options)`, and `world:ping(channel, run, options)`.
pub async fn send(call: &Call, world: &World, args: &[Value], verb: Verb) -> Result<Value> {
    let word = verb.word();
    let (kind, event, channel) = match args {
        [Value::String(kind), event] => (kind.to_string_lossy(), event.clone(), Value::Nil),
        [Value::String(kind), event, channel] => (kind.to_string_lossy(), event.clone(), channel.clone()),
        _ => {
            return Err(Error::new(
                Kind::Recipe,
                format!("`world:{word}` takes the name of a channel, an event and the channel's options"),
            )
            .hint(format!(
                "world:{word}(\"slack\", {{ status = \"failure\" }}, {{ target = secret \"https://hooks.example/x\" }})"
            )));
        }
    };
    let channel: ChannelOptions =
        options::read_value(&format!("world:{word}: the channel"), Plain::from_lua(&channel)?)?;
    let event: EventOptions = options::read_value(&format!("world:{word}: the event"), Plain::from_lua(&event)?)?;
    let (event, channel) = (event.event(world.world.now())?, channel.channel(kind));
    let environment = world.setup.env.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
    let config = Arc::new(world.config.simulated(environment.collect(), STATE_DIR.into()));
    let before = world.world.snapshot();
    let cut = async {
        world.world.alarm(channel.timeout).await;
        late(&channel)
    };
    let channels = LuaChannels::new(config, Arc::new(world.world.clone()));
    let own = channel.target.iter().chain(&channel.secret).cloned().collect::<Vec<_>>();
    let sending = channels.send(&channel, &event, verb, cut);
    // Only its own secret is masked in its output, as in a real run.
    let Sending { result, journal } = secret::apart(own, sending).await;
    let after = world.world.snapshot();
    let sent = Sent {
        answer: result,
        journal,
        requested: after.requested.into_iter().skip(before.requested.len()).collect(),
        mailed: after.mails.into_iter().skip(before.mails.len()).collect(),
        trial: world.trial.clone(),
    };
    handle::give(call, Rc::new(sent))
}
