//! Every route, once: who may call it, and a call of it that must succeed for whoever may.
//!
//! A new route is an arm in the file of its area, a new way to call an old one a line in [`VARIANTS`] and an arm.

mod accounts;
mod catalogue;
mod chain;
mod figures;
mod money;
mod orders;

use serde_json::Value;
use uuid::Uuid;

use super::people::{People, Who, picture};
use super::rules::Rule;

/// Who sees what is one's own.
const ONLY_OWNER: &[Who] = &[Who::Owner];
const OWNER_AND_STAFF: &[Who] = &[Who::Owner, Who::Staff, Who::Admin];

/// Other ways to call a route, with a rule of their own.
pub const VARIANTS: &[&str] = &[
    "GET /api/analytics/best-sellers (the owner's)",
    "GET /api/analytics/items (the owner's)",
    "GET /api/analytics/purchases (the owner's)",
    "GET /api/analytics/revenue (the owner's)",
    "GET /api/analytics/sales-over-time (the owner's)",
    "GET /api/dashboard (the owner's)",
    "GET /api/dashboard/archived (the owner's)",
    "GET /api/dashboard/purchased (the owner's)",
    "GET /api/dashboard/sold (the owner's)",
    "GET /api/dashboard/unsold (the owner's)",
    "POST /api/orders (of the past)",
];

/// A call, ready to be sent.
pub struct Call {
    pub rule: Rule,
    pub path: String,
    pub body: Option<Vec<u8>>,
    pub media_type: &'static str,
    /// Where not even who may can succeed here: what they are told in place of 401 and 403.
    pub in_vain: Option<u16>,
    pub headers: Vec<(&'static str, String)>,
    /// What its answer shows to these and hides from all others that may call.
    pub shown: Option<(String, &'static [Who])>,
}

impl Call {
    fn new(rule: Rule, path: impl Into<String>) -> Self {
        Self {
            rule,
            path: path.into(),
            body: None,
            media_type: "application/json",
            in_vain: None,
            headers: vec![],
            shown: None,
        }
    }

    fn with_png(self) -> Self {
        Self {
            body: Some(picture()),
            media_type: "image/png",
            ..self
        }
    }

    /// It needs more than this shop has, such as money that moved without it; other tests have that.
    fn in_vain(self, status: u16) -> Self {
        Self {
            in_vain: Some(status),
            ..self
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is given away in every arm")]
    fn with(self, body: Value) -> Self {
        Self {
            body: Some(body.to_string().into_bytes()),
            ..self
        }
    }

    fn showing(self, text: String, to: &'static [Who]) -> Self {
        Self {
            shown: Some((text, to)),
            ..self
        }
    }

    /// The same call about something that isn't there.
    pub fn to_nowhere(&self) -> Option<Self> {
        let is_id = |part: &&str| Uuid::parse_str(part).is_ok();
        let id = self.path.split(['/', '?']).find(is_id)?;
        let never = Uuid::now_v7().to_string();
        Some(Self {
            path: self.path.replace(id, &never),
            body: self.body.clone(),
            media_type: self.media_type,
            in_vain: self.in_vain,
            headers: self.headers.clone(),
            shown: None,
            rule: self.rule,
        })
    }
}

/// A call of this route that succeeds for `who`, if they may; about new things wherever a call changes them. None for a
/// route that nobody has thought of yet.
pub async fn call(name: &str, who: Who, people: &People) -> Option<Call> {
    if let Some(call) = accounts::call(name, who, people).await {
        return Some(call);
    }
    if let Some(call) = catalogue::call(name, who, people).await {
        return Some(call);
    }
    if let Some(call) = orders::call(name, who, people).await {
        return Some(call);
    }
    if let Some(call) = money::call(name, who, people).await {
        return Some(call);
    }
    if let Some(call) = chain::call(name, people).await {
        return Some(call);
    }
    figures::call(name, who, people).await
}
