//! Names the events that a run tells while it goes.
