//! Copies the backups of a folder into a store: looks at both, plans the changes, guards the plan, and carries it out.

pub mod apply;
pub mod compare;
pub mod deletions;
pub mod guards;
pub mod index;
pub mod item;
pub mod lifecycle;
pub mod look;
pub mod marker;
pub mod names;
pub mod open_questions;
pub mod pace;
pub mod plan;
mod progress;
mod upload;
pub mod work;
