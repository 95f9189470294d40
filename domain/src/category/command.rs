//! What can be asked of a category.

use events::category::CategoryCreated;
use events::ids::CategoryId;

#[derive(Debug, Clone)]
pub enum CategoryCommand {
    Create(CategoryCreated),
    Rename { name: String },
    Move { parent: Option<CategoryId> },
    Archive,
}
