//! The settings of a cluster's roles: those that the cluster gives by itself, and over them the operator's own, which may
//! be others after a restart.
//!
//! They are those of an operation with care: the query API's user can only read, and knows no other.

use crate::role::RoleKind;

/// Names that a setting has in the environment, with what they say.
pub type Settings = Vec<(String, String)>;

/// What is in the environment of each role.
#[derive(Debug)]
pub struct Environment {
    given: Settings,
    reader_url: String,
    /// Of every role but the query API.
    shared: Settings,
}

impl Environment {
    /// `given` by the cluster; `own` wins over them. `reader_url` is the database as the query API may see it.
    pub fn new(given: Settings, reader_url: String, own: &[(String, String)]) -> Self {
        let shared = overridden(&given, own);
        Self {
            given,
            reader_url,
            shared,
        }
    }

    /// Other settings of the operator's in place of those before.
    pub fn replace_own(&mut self, own: &[(String, String)]) {
        self.shared = overridden(&self.given, own);
    }

    /// Of every role but the query API.
    pub fn shared(&self) -> &[(String, String)] {
        &self.shared
    }

    pub fn of(&self, kind: RoleKind) -> Settings {
        let mut settings = self.shared.clone();
        if kind == RoleKind::QueryApi {
            set(&mut settings, "TILLSTREAM_POSTGRES__URL", &self.reader_url);
        }
        settings
    }

    /// What a setting says; nothing if it isn't there.
    pub fn setting(&self, name: &str) -> String {
        let found = self.shared.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

fn overridden(given: &[(String, String)], own: &[(String, String)]) -> Settings {
    let mut settings = given.to_vec();
    for (name, value) in own {
        set(&mut settings, name, value);
    }
    settings
}

fn set(settings: &mut Settings, name: &str, value: &str) {
    settings.retain(|(known, _)| known != name);
    settings.push((name.to_owned(), value.to_owned()));
}

#[test]
fn what_the_operator_says_wins_until_they_say_otherwise() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let given = vec![pair("A", "given"), pair("TILLSTREAM_POSTGRES__URL", "writer")];
    let mut environment = Environment::new(given, "reader".to_owned(), &[pair("A", "own"), pair("B", "own")]);
    assert_eq!(
        (environment.setting("A"), environment.setting("B")),
        ("own".into(), "own".into())
    );
    environment.replace_own(&[pair("C", "other")]);
    assert_eq!(environment.setting("A"), "given");
    assert_eq!(environment.setting("B"), "");
    assert_eq!(environment.setting("C"), "other");
    let url = |kind| {
        let settings = environment.of(kind);
        let found = settings
            .into_iter()
            .find(|(name, _)| name == "TILLSTREAM_POSTGRES__URL");
        found.unwrap().1
    };
    assert_eq!(url(RoleKind::CommandApi), "writer");
    assert_eq!(url(RoleKind::QueryApi), "reader");
}
