//! The categories as a tree: which of them show, the way to one from the top, and sums over what is below. It is made of
//! all rows for each answer, since they are few; the counts of single categories come from the read models.

use std::collections::HashMap;

use events::ids::CategoryId;
use read_models::categories::Category;

/// Deeper than any tree that the shop lets grow; bounds every walk should the rows ever disagree.
const DEPTH_MAX: usize = 64;

/// See the module.
pub struct CategoryTree {
    all: HashMap<CategoryId, Category>,
    /// Those that show, in the order in which they came.
    children: HashMap<Option<CategoryId>, Vec<CategoryId>>,
}

impl CategoryTree {
    pub fn new(all: Vec<Category>) -> Self {
        let mut children = HashMap::<_, Vec<_>>::new();
        for category in all.iter().filter(|category| !category.archived) {
            children.entry(category.parent).or_default().push(category.id);
        }
        let all = all.into_iter().map(|category| (category.id, category)).collect();
        Self { all, children }
    }

    /// Those directly below, or at the top. What is below an archived category is asked for by nobody.
    pub fn below(&self, parent: Option<CategoryId>) -> impl Iterator<Item = &Category> {
        let ids = self.children.get(&parent).into_iter().flatten();
        ids.filter_map(|id| self.all.get(id))
    }

    /// The categories from the top to this one, if it shows: if neither it nor one above it is archived.
    pub fn path(&self, id: CategoryId) -> Option<Vec<&Category>> {
        let mut path: Vec<_> = self.up_from(id).collect();
        path.reverse();
        let complete = path.first()?.parent.is_none();
        (complete && path.iter().all(|category| !category.archived)).then_some(path)
    }

    /// The one that shows with this id or slug.
    pub fn find(&self, named: &str) -> Option<&Category> {
        let by_slug = |category: &&Category| !category.archived && category.slug == named;
        let found = match named.parse::<CategoryId>() {
            Ok(id) => self.all.get(&id),
            Err(_) => self.all.values().find(by_slug),
        };
        found.filter(|category| self.path(category.id).is_some())
    }

    /// All that show, in no order.
    pub fn shown(&self) -> impl Iterator<Item = &Category> {
        self.all
            .values()
            .filter(|category| self.path(category.id).is_some())
    }

    /// Each count added to its category and to all above it: what is below an archived one still counts above.
    pub fn sums(&self, counts: impl IntoIterator<Item = (CategoryId, i64)>) -> HashMap<CategoryId, i64> {
        let mut sums = HashMap::new();
        for (id, count) in counts {
            for category in self.up_from(id) {
                *sums.entry(category.id).or_default() += count;
            }
        }
        sums
    }

    /// This one and those above it, archived or not.
    pub fn up_from(&self, id: CategoryId) -> impl Iterator<Item = &Category> {
        let first = self.all.get(&id);
        let up = |category: &&Category| category.parent.and_then(|parent| self.all.get(&parent));
        std::iter::successors(first, up).take(DEPTH_MAX)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(n))
    }

    fn category(n: u128, parent: Option<u128>, archived: bool) -> Category {
        Category {
            id: id(n),
            parent: parent.map(id),
            slug: format!("c{n}"),
            archived,
            ..Category::default()
        }
    }

    /// 1 ─ 2 ─ 3, and beside 2 the archived 4 with 5 below.
    fn tree() -> CategoryTree {
        CategoryTree::new(vec![
            category(1, None, false),
            category(2, Some(1), false),
            category(3, Some(2), false),
            category(4, Some(1), true),
            category(5, Some(4), false),
        ])
    }

    #[test]
    fn a_path_leads_from_the_top_and_never_through_what_is_archived() {
        let tree = tree();
        let path: Vec<_> = tree
            .path(id(3))
            .unwrap()
            .iter()
            .map(|category| category.id)
            .collect();
        assert_eq!(path, [id(1), id(2), id(3)]);
        for hidden in [4, 5, 6] {
            assert!(tree.path(id(hidden)).is_none(), "{hidden}");
        }
        assert_eq!(tree.find("c3").map(|category| category.id), Some(id(3)));
        assert_eq!(
            tree.find(&id(2).to_string()).map(|category| category.id),
            Some(id(2))
        );
        assert!(tree.find("c5").is_none() && tree.find("c4").is_none());
        assert_eq!(tree.shown().count(), 3);
    }

    #[test]
    fn sums_go_up_to_the_top() {
        let sums = tree().sums([(id(3), 5), (id(2), 1), (id(5), 10), (id(9), 100)]);
        let of = |n| sums.get(&id(n)).copied();
        assert_eq!(
            [of(1), of(2), of(3), of(5), of(9)],
            [Some(16), Some(6), Some(5), Some(10), None]
        );
    }

    #[test]
    fn rows_that_disagree_end_every_walk() {
        let circle = CategoryTree::new(vec![category(1, Some(2), false), category(2, Some(1), false)]);
        assert!(circle.path(id(1)).is_none());
        assert!(circle.sums([(id(1), 1)]).contains_key(&id(2)));
    }
}
