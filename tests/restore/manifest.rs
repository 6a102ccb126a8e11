//! Placeholder sentence for now.
