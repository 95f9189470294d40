//! The places of categories in their tree, as files name them: `garden/lights`.

use std::collections::HashMap;

use events::ids::CategoryId;
use read_models::categories::Category;

/// Deeper than any tree that the shop lets grow; bounds the walk should the rows ever disagree.
const DEPTH_MAX: usize = 32;

/// The categories that are open.
pub struct CategoryPaths(HashMap<CategoryId, Category>);

impl CategoryPaths {
    pub fn new(all: Vec<Category>) -> Self {
        let open = all.into_iter().filter(|category| !category.archived);
        Self(open.map(|category| (category.id, category)).collect())
    }

    /// The slugs from the top; none for a category that is archived, or below one that is.
    pub fn of(&self, id: CategoryId) -> Option<String> {
        let mut slugs = Vec::new();
        let mut step = Some(id);
        while let Some(id) = step.filter(|_| slugs.len() < DEPTH_MAX) {
            let category = self.0.get(&id)?;
            slugs.push(category.slug.as_str());
            step = category.parent;
        }
        slugs.reverse();
        Some(slugs.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn category(n: u128, parent: Option<u128>, archived: bool) -> Category {
        Category {
            id: id(n),
            parent: parent.map(id),
            slug: format!("c{n}"),
            archived,
            ..Category::default()
        }
    }

    fn id(n: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(n))
    }

    #[test]
    fn a_path_leads_from_the_top_and_not_through_what_is_closed() {
        let paths = CategoryPaths::new(vec![
            category(1, None, false),
            category(2, Some(1), false),
            category(3, Some(2), true),
            category(4, Some(3), false),
        ]);
        assert_eq!(paths.of(id(2)).as_deref(), Some("c1/c2"));
        assert_eq!(paths.of(id(3)), None);
        assert_eq!(paths.of(id(4)), None);
    }
}
