//! The pages that the links in emails open: a form each, and one script. The token stands behind the `#`, where no server
//! sees it; it is sent when the person says so, so that a mail scanner that follows links uses none up.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::Html;
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;

use super::STYLE;

pub const PASSWORD_RESET_PATH: &str = "/reset-password";
pub const EMAIL_VERIFICATION_PATH: &str = "/verify-email";

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

/// A form that is sent to the API together with the token.
struct TokenForm {
    title: &'static str,
    /// Where it goes.
    route: &'static str,
    /// Named as the route names them, and the button.
    fields: &'static str,
    /// What is said when it was accepted.
    done: &'static str,
}

const PASSWORD_RESET: TokenForm = TokenForm {
    title: "A new password",
    route: "/api/auth/password/reset",
    fields: "<p><label>New password, at least 10 characters<br><input type=password name=password \
             autocomplete=new-password minlength=10 maxlength=128 required autofocus></label><p><button>Set it</button>",
    done: "Your password is set. You can log in with it now.",
};

const EMAIL_VERIFICATION: TokenForm = TokenForm {
    title: "Confirm your address",
    route: "/api/auth/email/verify",
    fields: "<p><button autofocus>Confirm it</button></p>",
    done: "Your address is confirmed.",
};

const SCRIPT_PATH: &str = "/token-form.js";
const SCRIPT: &str = r#""use strict";
const form = document.getElementById("form");
const told = document.getElementById("told");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  const answer = await fetch(form.dataset.route, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
  });
  if (answer.ok) {
    history.replaceState(null, "", location.pathname);
    form.remove();
    told.textContent = form.dataset.done;
  } else {
    const problem = await answer.json();
    told.textContent = problem.errors?.[0]?.message ?? problem.detail ?? problem.title;
  }
});
"#;

impl TokenForm {
    fn page(&self) -> String {
        let Self {
            title,
            route,
            fields,
            done,
        } = self;
        format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>{STYLE}<h1>{title}</h1>\
             <form id=form data-route=\"{route}\" data-done=\"{done}\">{fields}</form><p id=told role=status></p>\
             <script src={SCRIPT_PATH}></script></html>"
        )
    }
}

/// The forms to set a new password and to confirm an address.
pub fn token_forms() -> Router {
    let (reset, verification) = (PASSWORD_RESET.page(), EMAIL_VERIFICATION.page());
    let script = || async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT) };
    Router::new()
        .route(PASSWORD_RESET_PATH, get(move || async move { Html(reset) }))
        .route(
            EMAIL_VERIFICATION_PATH,
            get(move || async move { Html(verification) }),
        )
        .route(SCRIPT_PATH, get(script))
        .layer(SetResponseHeaderLayer::if_not_present(
            CONTENT_SECURITY_POLICY,
            POLICY,
        ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// What the route's document says of its body.
    fn fields_of(route: &str) -> BTreeSet<String> {
        let document = serde_json::to_value(command_api::document()).unwrap();
        let schema =
            &document["paths"][route]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let reference = schema["$ref"].as_str().unwrap().trim_start_matches('#');
        let properties = document.pointer(reference).map(|body| &body["properties"]);
        properties
            .and_then(Value::as_object)
            .unwrap()
            .keys()
            .cloned()
            .collect()
    }

    #[test]
    fn each_form_has_what_its_route_asks_for() {
        for form in [PASSWORD_RESET, EMAIL_VERIFICATION] {
            let named = form.fields.split(" name=").skip(1);
            let named = named.map(|rest| rest.split_whitespace().next().unwrap().to_owned());
            let sent = named.chain(["token".to_owned()]).collect::<BTreeSet<_>>();
            assert_eq!(sent, fields_of(form.route), "{}", form.route);
        }
    }
}
