//! The page that the link in a password email opens. The token stands behind the `#`, where no
//! server sees it, and is sent only with the new password.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::Html;
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;

use super::STYLE;

pub const PASSWORD_RESET_PATH: &str = "/reset-password";

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

const FORM: &str = "<h1>A new password</h1><form id=form><p><label>New password, at least 10 characters<br>\
<input type=password id=password autocomplete=new-password minlength=10 maxlength=128 required autofocus></label>\
<p><button>Set it</button></form><p id=told role=status></p><script src=/reset-password.js></script>";

const SCRIPT: &str = r#""use strict";
const form = document.getElementById("form");
const told = document.getElementById("told");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  const password = document.getElementById("password").value;
  const answer = await fetch("/api/auth/password/reset", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, password }),
  });
  if (answer.ok) {
    history.replaceState(null, "", location.pathname);
    form.remove();
    told.textContent = "Your password is set. You can log in with it now.";
  } else {
    const problem = await answer.json();
    told.textContent = problem.errors?.[0]?.message ?? problem.detail ?? problem.title;
  }
});
"#;

pub fn password_reset() -> Router {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>A new password</title>{STYLE}{FORM}</html>"
    );
    let script = || async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT) };
    Router::new()
        .route(PASSWORD_RESET_PATH, get(move || async move { Html(page) }))
        .route("/reset-password.js", get(script))
        .layer(SetResponseHeaderLayer::if_not_present(
            CONTENT_SECURITY_POLICY,
            POLICY,
        ))
}
