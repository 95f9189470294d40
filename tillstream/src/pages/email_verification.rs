//! The page that the link in a verification email opens. The token stands behind the `#`, where no server sees it; it is
//! sent when the person says so, so that a mail scanner that follows links verifies nothing.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::Html;
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;

use super::STYLE;

pub const EMAIL_VERIFICATION_PATH: &str = "/verify-email";

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
);

const FORM: &str = "<h1>Confirm your address</h1><form id=form><p><button autofocus>Confirm it</button></form>\
<p id=told role=status></p><script src=/verify-email.js></script>";

const SCRIPT: &str = r#""use strict";
const form = document.getElementById("form");
const told = document.getElementById("told");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  const answer = await fetch("/api/auth/email/verify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) {
    history.replaceState(null, "", location.pathname);
    form.remove();
    told.textContent = "Your address is confirmed.";
  } else {
    const problem = await answer.json();
    told.textContent = problem.errors?.[0]?.message ?? problem.detail ?? problem.title;
  }
});
"#;

pub fn email_verification() -> Router {
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Confirm your address</title>{STYLE}{FORM}</html>"
    );
    let script = || async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT) };
    Router::new()
        .route(EMAIL_VERIFICATION_PATH, get(move || async move { Html(page) }))
        .route("/verify-email.js", get(script))
        .layer(SetResponseHeaderLayer::if_not_present(
            CONTENT_SECURITY_POLICY,
            POLICY,
        ))
}
