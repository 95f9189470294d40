//! How far each view has come.

use events::envelope::Position;

use crate::view_name::ViewName;

/// The position that the serving generation of each view reflects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions([Position; ViewName::ALL.len()]);

impl Positions {
    pub fn of(&self, view: ViewName) -> Position {
        self.0[view.index()]
    }

    pub fn set(&mut self, view: ViewName, position: Position) {
        self.0[view.index()] = position;
    }

    /// What every view reflects.
    pub fn min(&self) -> Position {
        self.0.into_iter().min().unwrap_or_default()
    }
}
