//! The category tree, and what of it is missing for the products of a file.

use std::collections::{BTreeSet, HashMap};

use events::ids::CategoryId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::ImportError;
use crate::records::CategoryPath;

const PATH: &str = "/api/categories";

/// A category with what's below it, as the query API gives it; other members don't matter here.
#[derive(Debug, Deserialize)]
struct Node {
    #[serde(alias = "category_id")]
    id: CategoryId,
    slug: String,
    #[serde(default)]
    children: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tree {
    Bare(Vec<Node>),
    Wrapped {
        #[serde(alias = "categories")]
        items: Vec<Node>,
    },
}

/// The server's categories: by their parent and slug, and by their id.
#[derive(Debug, Default)]
pub struct Categories {
    ids: HashMap<(Option<CategoryId>, String), CategoryId>,
    parents: HashMap<CategoryId, Option<CategoryId>>,
    slugs: HashMap<CategoryId, String>,
}

impl Categories {
    pub async fn load(client: &Client) -> Result<Self, ImportError> {
        Self::read(client.get(PATH, &[]).await?)
    }

    fn read(answer: Value) -> Result<Self, ImportError> {
        let tree: Tree = serde_json::from_value(answer).map_err(|error| ImportError::Answer {
            doing: format!("GET {PATH}"),
            reason: error.to_string(),
        })?;
        let mut categories = Self::default();
        let (Tree::Bare(nodes) | Tree::Wrapped { items: nodes }) = tree;
        categories.add_all(None, nodes);
        Ok(categories)
    }

    fn add_all(&mut self, parent: Option<CategoryId>, nodes: Vec<Node>) {
        for node in nodes {
            self.add(parent, &node.slug, node.id);
            self.add_all(Some(node.id), node.children);
        }
    }

    pub fn add(&mut self, parent: Option<CategoryId>, slug: &str, id: CategoryId) {
        self.ids.insert((parent, slug.to_owned()), id);
        self.parents.insert(id, parent);
        self.slugs.insert(id, slug.to_owned());
    }

    /// Where a path leads; each step may go by its own slug or by the one of the whole path.
    pub fn find(&self, path: &CategoryPath) -> Option<CategoryId> {
        path.ancestry()
            .try_fold(None, |parent, step| self.child(parent, &step).map(Some))
            .flatten()
    }

    fn child(&self, parent: Option<CategoryId>, step: &CategoryPath) -> Option<CategoryId> {
        [step.slug(), step.long_slug()]
            .into_iter()
            .find_map(|slug| self.ids.get(&(parent, slug)).copied())
    }

    /// Whether this category, which has the step's slug, can be the one at that place: it's there, or it's
    /// too new to be in the tree that was read.
    pub fn may_be_at(&self, id: CategoryId, parent: Option<CategoryId>) -> bool {
        self.parents.get(&id).is_none_or(|known| *known == parent)
    }

    /// The slugs from the top to this category, such as `garden/lights`.
    pub fn path_of(&self, id: CategoryId) -> Option<String> {
        let mut slugs = Vec::new();
        let mut step = Some(id);
        while let Some(id) = step {
            slugs.push(self.slugs.get(&id)?.as_str());
            step = *self.parents.get(&id)?;
        }
        slugs.reverse();
        Some(slugs.join("/"))
    }
}

/// Every path that has to be there, parents first.
pub fn needed(paths: &BTreeSet<CategoryPath>) -> Vec<CategoryPath> {
    let mut all: Vec<CategoryPath> = paths.iter().flat_map(CategoryPath::ancestry).collect();
    let mut seen = BTreeSet::new();
    all.retain(|path| seen.insert(path.key()));
    all
}

/// Of `POST /api/categories`.
pub fn body(path: &CategoryPath, slug: &str, parent: Option<CategoryId>) -> Value {
    let mut body = json!({ "name": path.name(), "slug": slug });
    if let Some(parent) = parent {
        body["parent"] = json!(parent);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> CategoryPath {
        CategoryPath::parse(text).unwrap()
    }

    #[test]
    fn a_path_is_found_by_either_slug_and_only_at_its_place() {
        let [garden, lights, home, home_lights] = std::array::from_fn(|_| CategoryId::generate());
        let tree = json!({"items": [
            {"id": garden, "name": "Garden", "slug": "garden", "children": [
                {"id": lights, "name": "Lights", "slug": "lights"}]},
            {"id": home, "slug": "home", "children": [{"id": home_lights, "slug": "home-lights", "children": []}]},
        ]});
        let categories = Categories::read(tree).unwrap();
        assert_eq!(categories.find(&path("Garden/Lights")), Some(lights));
        assert_eq!(categories.find(&path("home/lights")), Some(home_lights));
        assert_eq!(categories.find(&path("lights")), None);
        assert!(!categories.may_be_at(lights, Some(home)));
        assert!(categories.may_be_at(CategoryId::generate(), Some(home)));
        assert_eq!(categories.path_of(lights).as_deref(), Some("garden/lights"));
        let error = Categories::read(json!({"trees": 1})).unwrap_err();
        assert!(matches!(error, ImportError::Answer { .. }));
    }

    #[test]
    fn what_is_needed_comes_once_and_parents_first() {
        let paths = BTreeSet::from([path("b/c"), path("B / c"), path("a"), path("b")]);
        let keys: Vec<String> = needed(&paths).iter().map(CategoryPath::key).collect();
        assert_eq!(keys.len(), 3);
        let place = |key: &str| keys.iter().position(|known| known == key).unwrap();
        assert!(place("b") < place("b/c"));
    }
}
