//! Requests to a store beyond its objects: lifecycle rules, and the restore of archived objects.

use std::sync::Arc;

use super::{Object, Store};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAsk {
    /// Gets the lifecycle rules of the bucket in the vendor's own format; `None` if it has none.
    Lifecycle(Arc<Store>),
    /// Replaces all lifecycle rules of the bucket.
    SetLifecycle { store: Arc<Store>, text: String },
    /// Makes an archived object readable, for this many days.
    Thaw { object: Object, days: u32 },
}

impl StoreAsk {
    pub fn store(&self) -> &Arc<Store> {
        match self {
            StoreAsk::Lifecycle(store) | StoreAsk::SetLifecycle { store, .. } => store,
            StoreAsk::Thaw { object, .. } => &object.store,
        }
    }

    pub fn verb(&self) -> &'static str {
        match self {
            StoreAsk::Lifecycle(_) => "lifecycle",
            StoreAsk::SetLifecycle { .. } => "set_lifecycle",
            StoreAsk::Thaw { .. } => "thaw",
        }
    }

    /// The subject, for people.
    pub fn title(&self) -> String {
        match self {
            StoreAsk::Lifecycle(store) | StoreAsk::SetLifecycle { store, .. } => store.container(),
            StoreAsk::Thaw { object, .. } => object.to_string(),
        }
    }

    pub fn changes(&self) -> bool {
        !matches!(self, StoreAsk::Lifecycle(_))
    }
}
