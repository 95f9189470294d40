//! What the shop says that its routes can answer.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

/// One route: its method, and its path with names in braces.
pub type Route = (Method, String);

/// The statuses that each route documents.
pub struct Document(BTreeMap<String, BTreeSet<u16>>);

impl Document {
    pub fn read(document: &Value) -> Self {
        let mut routes = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Some(responses) = operation["responses"].as_object() else {
                    continue;
                };
                let statuses = responses.keys().filter_map(|status| status.parse().ok());
                routes.insert(name(&method.to_uppercase(), path), statuses.collect());
            }
        }
        Self(routes)
    }

    /// Whether the route says that it can answer this. 429 is the door's, not the route's, and 405 nobody's.
    pub fn allows(&self, (method, path): &Route, status: u16) -> bool {
        let statuses = self.0.get(&name(method.as_str(), path));
        statuses.is_some_and(|statuses| statuses.contains(&status))
    }

    /// All routes, in a fixed order.
    pub fn routes(&self) -> Vec<Route> {
        let split = |name: &String| {
            let (method, path) = name.split_once(' ').unwrap();
            (method.parse().unwrap(), path.to_owned())
        };
        self.0.keys().map(split).collect()
    }
}

fn name(method: &str, path: &str) -> String {
    format!("{method} {path}")
}

#[test]
fn a_status_is_allowed_where_it_is_documented() {
    let document = serde_json::json!({"paths": {"/a/{id}": {"get": {"responses": {"200": {}, "404": {}}}}}});
    let document = Document::read(&document);
    let route = (Method::GET, "/a/{id}".to_owned());
    assert!(document.allows(&route, 404) && !document.allows(&route, 409));
    assert!(!document.allows(&(Method::PUT, "/a/{id}".to_owned()), 200));
    assert_eq!(document.routes(), [route]);
}
