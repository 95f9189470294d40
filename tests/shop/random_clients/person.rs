//! One client: who they are, what they have done, and how they send it.

use std::array;
use std::fmt;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::document::Route;
use super::world::World;
use crate::client::{Answer, Client};
use crate::process::Shop;
use crate::random::Random;

pub const PASSWORD: &str = "a password of a test";
/// "Not now", by the interface: a read model that lags, or a log that too many write to at once.
const NOT_NOW: [&str; 3] = ["read_model_behind", "contended", "timeout"];
/// How often something is sent again that is answered "not now".
const TRIES_MAX: u32 = 20;
/// Before that.
const PAUSE: Duration = Duration::from_millis(100);

/// How much was done.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub accepted: u64,
    pub refused: u64,
    pub replayed: u64,
    /// As often as each code of [`NOT_NOW`] came.
    not_now: [u64; NOT_NOW.len()],
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            replayed: self.replayed + other.replayed,
            not_now: array::from_fn(|code| self.not_now[code] + other.not_now[code]),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            accepted,
            refused,
            replayed,
            not_now,
        } = self;
        write!(
            f,
            "{accepted} requests were accepted, {refused} refused, {replayed} replayed; \"not now\":"
        )?;
        let mut codes = NOT_NOW.iter().zip(not_now);
        codes.try_for_each(|(code, times)| write!(f, " {times} {code}"))
    }
}

/// A command that was sent, to be sent again.
#[derive(Clone)]
pub struct Sent {
    route: Route,
    path: String,
    key: String,
    body: Value,
    answered: (u16, Value),
}

pub struct Person {
    pub number: u64,
    pub name: String,
    pub account: String,
    pub works_here: bool,
    pub random: Random,
    pub world: Arc<World>,
    pub tally: Tally,
    /// The newest position that was answered.
    pub position: u64,
    pub orders: Vec<String>,
    pub last: Option<Sent>,
    pub refresh_token: String,
    client: Client,
    commands: u64,
}

impl Person {
    /// Registers, gets a role if they work here, and logs in.
    pub async fn arrive(
        shop: &Shop,
        admin: &Client,
        world: &Arc<World>,
        number: u64,
        works_here: bool,
        seed: u64,
    ) -> Self {
        let name = format!("client-{number}");
        let email = format!("{name}@example.com");
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        let client = Client::new(shop);
        let registered = client.post("/api/auth/register", &body).await;
        let mut position = registered.position();
        let account = registered.expect(201)["account_id"].as_str().unwrap().to_owned();
        if works_here {
            let roles = json!({"roles": ["customer", "seller", "staff"]});
            let path = format!("/api/users/{account}/roles");
            let hired = admin.put(&path, &roles).await;
            position = hired.position();
            hired.expect(200);
        }
        let mut person = Self {
            number,
            name,
            account,
            works_here,
            random: Random::new(seed),
            world: Arc::clone(world),
            tally: Tally::default(),
            position,
            orders: vec![],
            last: None,
            refresh_token: String::new(),
            client,
            commands: 0,
        };
        person.log_in().await;
        person
    }

    pub async fn log_in(&mut self) {
        let login = json!({"login": self.name, "password": PASSWORD});
        let tokens = self.client.post("/api/auth/login", &login).await.expect(200);
        self.take_tokens(&tokens);
    }

    pub fn take_tokens(&mut self, tokens: &Value) {
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        self.refresh_token = text("refresh_token");
        self.client = self.client.clone().with_token(&text("access_token"));
    }

    /// One in so many.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.random.below(many) == 0
    }

    /// A command, sent until it is answered; its idempotency key says that it's the same.
    pub async fn command(&mut self, method: Method, template: &str, path: &str, body: &Value) -> Answer {
        self.command_with(method, template, path, body, &[]).await
    }

    pub async fn command_with(
        &mut self,
        method: Method,
        template: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.commands += 1;
        let key = format!("{}-{}", self.name, self.commands);
        let route = (method, template.to_owned());
        let mut headers = headers.to_vec();
        headers.push(("idempotency-key", key.as_str()));
        let answer = self.send(&route, path, &headers, Some(body.to_string())).await;
        if answer.status.is_success() && answer.headers.contains_key("tillstream-position") {
            self.position = self.position.max(answer.position());
            // Who sends a tag again may be refused for it: the version has moved on.
            if headers.len() == 1 {
                self.last = Some(Sent {
                    answered: (answer.status.as_u16(), answer.body.clone()),
                    route,
                    path: path.to_owned(),
                    key: key.clone(),
                    body: body.clone(),
                });
            }
        }
        answer
    }

    /// A query, as of everything that this client has done.
    pub async fn query(&mut self, template: &str, path: &str) -> Answer {
        let position = self.position.to_string();
        let route = (Method::GET, template.to_owned());
        let headers = [("tillstream-min-position", position.as_str())];
        self.send(&route, path, &headers, None).await
    }

    /// The last command once more: the same answer, and nothing happens. With another body: refused.
    pub async fn repeat(&mut self) {
        let Some(last) = self.last.clone() else { return };
        let headers = [("idempotency-key", last.key.as_str())];
        let same = self
            .send(&last.route, &last.path, &headers, Some(last.body.to_string()))
            .await;
        if (same.status.as_u16(), &same.body) != (last.answered.0, &last.answered.1)
            || !same.headers.contains_key("idempotency-replayed")
        {
            let told = format!("{} {} was {:?}", last.route.0, last.path, last.answered);
            self.wrong(&format!("{told} and again {} {}", same.status, same.body));
        }
        self.tally.replayed += 1;
        let other = json!({"another": "body"}).to_string();
        let other = self.send(&last.route, &last.path, &headers, Some(other)).await;
        if other.status.is_success() {
            self.wrong(&format!("{} took another body under its key", last.path));
        }
    }

    /// Anything, to a route of this template. What comes back must be documented, and no failure of the shop's.
    pub async fn send(
        &mut self,
        route: &Route,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        for _ in 0..TRIES_MAX {
            let mut request = self.client.request(route.0.clone(), path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(body) = body.clone() {
                request = request.header("content-type", "application/json").body(body);
            }
            let answer = request.answer().await.unwrap();
            let status = answer.status.as_u16();
            let not_now = NOT_NOW.iter().position(|code| *code == answer.code());
            if let Some(code) = not_now.filter(|_| status == 503) {
                self.tally.not_now[code] += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            if answer.code() == "token_expired" {
                self.log_in().await;
                continue;
            }
            if answer.status.is_server_error() || !self.world.document.allows(route, status) {
                self.wrong(&format!("{} {path}: {status} {}", route.0, answer.body));
            }
            if answer.status.is_success() {
                self.tally.accepted += 1;
            } else {
                self.tally.refused += 1;
            }
            return answer;
        }
        panic!("{} {path} is still not answered after {TRIES_MAX} tries", route.0);
    }

    pub fn wrong(&self, told: &str) {
        self.world.is_wrong(format!("{}: {told}", self.name));
    }
}
