//! Dispatches what a person types.
