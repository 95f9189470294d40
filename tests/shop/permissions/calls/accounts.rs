//! Who somebody is: accounts, sessions, passwords, roles.

use serde_json::{Value, json};

use super::{Call, ONLY_OWNER};
use crate::permissions::people::{PASSWORD, People, Who};
use crate::permissions::rules::{ADMIN, ANY_ACCOUNT, OWNER, PUBLIC, PUBLIC_OR_LOGGED_IN};
use crate::process::mailbox;

/// A call of this route that succeeds for `who`, if they may; none if it is no route of these.
pub async fn call(name: &str, who: Who, people: &People) -> Option<Call> {
    let route = name.split_once(' ')?.1;
    Some(match name {
        "POST /api/auth/register" => {
            let username = format!("joins-{}", people.number());
            let email = format!("{username}@example.com");
            Call::new(PUBLIC_OR_LOGGED_IN, route)
                .with(json!({"username": username, "email": email, "password": PASSWORD}))
        }
        "POST /api/auth/login" => {
            let login = people.newcomer().await.username;
            Call::new(PUBLIC, route).with(json!({"login": login, "password": PASSWORD}))
        }
        "POST /api/auth/refresh" | "POST /api/auth/logout" => {
            let session = people.newcomer().await.session().await;
            Call::new(PUBLIC, route).with(json!({"refresh_token": session["refresh_token"]}))
        }
        "POST /api/auth/password/forgot" | "POST /api/auth/email/verify/request" => {
            let email = format!("{}@example.com", people.newcomer().await.username);
            Call::new(PUBLIC, route).with(json!({"email": email}))
        }
        "POST /api/auth/password/reset" => {
            let token = reset_token(people).await;
            Call::new(PUBLIC, route).with(json!({"token": token, "password": "another password"}))
        }
        "GET /api/users/me" => Call::new(ANY_ACCOUNT, route).showing(people.owner_id.clone(), ONLY_OWNER),
        "PATCH /api/users/me" => {
            let name = format!("Robin {}", people.number());
            Call::new(ANY_ACCOUNT, route).with(json!({"first_name": name}))
        }
        "PUT /api/users/me/password" => {
            let old = if who == Who::Admin {
                &people.admin_password
            } else {
                PASSWORD
            };
            Call::new(ANY_ACCOUNT, route).with(json!({"old_password": old, "new_password": old}))
        }
        "POST /api/auth/email/verify" => {
            let token = emailed_token(people, &people.newcomer().await.username, "/verify-email").await;
            Call::new(PUBLIC, route).with(json!({"token": token}))
        }
        "GET /api/api-keys" => {
            let id = people.api_key().await;
            Call::new(ANY_ACCOUNT, route).showing(id, ONLY_OWNER)
        }
        "POST /api/api-keys" => {
            Call::new(ANY_ACCOUNT, route).with(json!({"name": "a system", "scopes": ["orders:read"]}))
        }
        "DELETE /api/api-keys/{id}" => {
            let id = people.api_key().await;
            Call::new(OWNER, format!("/api/api-keys/{id}"))
        }
        "GET /api/users/{id}" => Call::new(ADMIN, format!("/api/users/{}", people.owner_id)),
        "GET /api/users" => Call::new(ADMIN, "/api/users?limit=100"),
        "PUT /api/users/{id}/roles" => {
            let id = people.newcomer().await.id;
            Call::new(ADMIN, format!("/api/users/{id}/roles")).with(json!({"roles": ["customer"]}))
        }
        _ => return None,
    })
}

/// The token of the email that somebody new has asked for.
async fn reset_token(people: &People) -> String {
    let username = people.newcomer().await.username;
    let asked = json!({"email": format!("{username}@example.com")});
    people
        .nobody
        .post("/api/auth/password/forgot", &asked)
        .await
        .expect(202);
    emailed_token(people, &username, "/reset-password").await
}

/// The token of the newest email to somebody with a link to this page.
async fn emailed_token(people: &People, username: &str, page: &str) -> String {
    let path = mailbox(&people.data_dir);
    let address = format!("{username}@");
    let token_in = |mailbox: &Value| {
        let mut emails = mailbox.as_str()?.split(&address).skip(1);
        emails.find_map(|email| {
            let (before, token) = email.split_once("#token=")?;
            let token = token.split_whitespace().next()?;
            before.ends_with(page).then(|| token.to_owned())
        })
    };
    let page = people
        .nobody
        .wait_for(&path, |page| token_in(page).is_some())
        .await;
    token_in(&page).unwrap()
}
