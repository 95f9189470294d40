//! Categories, from their own events.

use events::Event;
use events::category::CategoryEvent;
use events::ids::CategoryId;
use read_models::categories::Category;
use read_models::{NoEntries, ViewName};

use crate::projection::{Fact, Projection};

pub struct Categories;

impl Projection for Categories {
    const VIEW: ViewName = ViewName::Categories;
    type Row = Category;
    type Entry = NoEntries;

    fn keys(event: &Event) -> Vec<CategoryId> {
        let Event::Category(event) = event else {
            return Vec::new();
        };
        vec![match event {
            CategoryEvent::CategoryCreated(e) => e.category_id,
            CategoryEvent::CategoryRenamed(e) => e.category_id,
            CategoryEvent::CategoryMoved(e) => e.category_id,
            CategoryEvent::CategoryArchived(e) => e.category_id,
        }]
    }

    fn apply(
        id: &CategoryId,
        row: Option<Category>,
        fact: &Fact,
        _: &mut Vec<NoEntries>,
    ) -> Option<Category> {
        let Event::Category(event) = &fact.event else {
            return row;
        };
        let mut category = row.unwrap_or_else(|| Category {
            id: *id,
            ..Category::default()
        });
        match event {
            CategoryEvent::CategoryCreated(e) => {
                category.parent = e.parent;
                category.name.clone_from(&e.name);
                category.slug.clone_from(&e.slug);
            }
            CategoryEvent::CategoryRenamed(e) => category.name.clone_from(&e.name),
            CategoryEvent::CategoryMoved(e) => category.parent = e.parent,
            CategoryEvent::CategoryArchived(_) => category.archived = true,
        }
        category.version = fact.version;
        category.position = fact.position;
        Some(category)
    }
}
