//! Says what a store can be asked beside its objects: the rules of a lifecycle, and to bring back what is archived.

use std::sync::Arc;

use super::{Object, Store};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAsk {
    /// The rules of the bucket's lifecycle in the vendor's own words; nothing where it has none.
    Lifecycle(Arc<Store>),
    /// Puts these in the place of all rules that the bucket has.
    SetLifecycle { store: Arc<Store>, text: String },
    /// To bring an archived object to where it can be read, for this many days.
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

    /// What it is about, for people.
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
