//! Reports the sandbox of a run for `hikae check`: how much of each layer works here, and why.

use super::Point;
use crate::config::{Config, Sandbox};
use crate::error::{Error, Kind};
use crate::world::real::wall;
use crate::world::real::walls::{self, Hold};

pub fn points(config: &Config) -> Vec<Point> {
    if config.settings.sandbox == Sandbox::Off {
        return vec![Point::not_tried("walls", "none: `hikae.toml` says `sandbox = \"off\"`")];
    }
    let required = config.settings.sandbox == Sandbox::Require;
    let point = |holds: walls::Holds| {
        let (subject, message) = (format!("wall: {}", holds.wall), format!("{}: {}", holds.hold, holds.why));
        match holds.hold {
            Hold::None if required && ["files", "system calls"].contains(&holds.wall) => Point::wrong(
                &subject,
                &Error::new(Kind::Denied, message).hint("`hikae.toml` requires the sandbox: a run is refused here"),
            ),
            Hold::Full => Point::ok(&subject, message),
            Hold::Partly | Hold::None => Point::not_tried(&subject, message),
        }
    };
    walls::report(wall::kernel()).into_iter().map(point).collect()
}
