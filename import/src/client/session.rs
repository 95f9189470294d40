//! The access token: fetched at the first request, renewed shortly before it ends or when the server no
//! longer takes it, by one task while the others wait for it.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Answer, Client, Problem};
use crate::error::ImportError;
use crate::options::Credentials;

/// A request that's sent now is decided within this, so its token must last as long.
const RENEW_BEFORE_END: Duration = Duration::from_mins(1);

/// See the module.
pub struct Session {
    credentials: Credentials,
    tokens: Mutex<Option<Tokens>>,
}

struct Tokens {
    access: String,
    refresh: Option<String>,
    /// None for a token that was given from outside.
    renew_at: Option<Instant>,
}

#[derive(Deserialize)]
struct LoginAnswer {
    access_token: String,
    expires_in_s: u64,
    refresh_token: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?})", self.credentials)
    }
}

impl Session {
    pub fn new(credentials: Credentials) -> Self {
        let given = match &credentials {
            Credentials::Password { .. } => None,
            Credentials::Token(token) => Some(Tokens {
                access: token.clone(),
                refresh: None,
                renew_at: None,
            }),
        };
        Self {
            credentials,
            tokens: Mutex::new(given),
        }
    }

    /// A token that's good for now.
    pub async fn token(&self, client: &Client) -> Result<String, ImportError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(current) = &*tokens {
            let ending = current.renew_at.is_some_and(|at| Instant::now() >= at);
            if !ending {
                return Ok(current.access.clone());
            }
        }
        self.renew(client, &mut tokens).await
    }

    /// Another token than this one, which the server has refused.
    pub async fn renewed(&self, client: &Client, refused: &str) -> Result<String, ImportError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(current) = &*tokens
            && current.access != refused
        {
            return Ok(current.access.clone());
        }
        self.renew(client, &mut tokens).await
    }

    /// By the refresh token, or by logging in.
    async fn renew(&self, client: &Client, tokens: &mut Option<Tokens>) -> Result<String, ImportError> {
        let refresh = tokens.as_ref().and_then(|tokens| tokens.refresh.clone());
        if let Some(refresh_token) = refresh {
            let body = json!({ "refresh_token": refresh_token });
            if let Answer::Done { body, .. } = client.open_post("/api/auth/refresh", &body).await? {
                return accept(body, "POST /api/auth/refresh", tokens);
            }
        }
        let (login, password) = match &self.credentials {
            Credentials::Password { login, password } => (login, password),
            Credentials::Token(token) => {
                // It's sent as it is; if the server refuses it, so be it.
                return Ok(token.clone());
            }
        };
        let doing = "POST /api/auth/login";
        let body = json!({ "login": login, "password": password });
        match client.open_post("/api/auth/login", &body).await? {
            Answer::Done { body, .. } => accept(body, doing, tokens),
            Answer::Refused(problem) => Err(Problem::into_error(problem, doing.to_owned())),
        }
    }
}

fn accept(body: Value, doing: &str, tokens: &mut Option<Tokens>) -> Result<String, ImportError> {
    // What serde finds wrong may quote a token, so only the place is told.
    let answer: LoginAnswer = serde_json::from_value(body).map_err(|_| ImportError::Answer {
        doing: doing.to_owned(),
        reason: "it has no access_token, refresh_token and expires_in_s".to_owned(),
    })?;
    let lifetime = Duration::from_secs(answer.expires_in_s);
    // A token that lives shorter than the margin is renewed at half of its life.
    let good_for = lifetime.saturating_sub(RENEW_BEFORE_END).max(lifetime / 2);
    let access = answer.access_token.clone();
    *tokens = Some(Tokens {
        access: answer.access_token,
        refresh: Some(answer.refresh_token),
        renew_at: Some(Instant::now() + good_for),
    });
    Ok(access)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_s_answer_is_taken_and_a_wrong_one_not_quoted() {
        let mut tokens = None;
        let good = json!({"access_token": "a", "expires_in_s": 900, "refresh_token": "r", "roles": []});
        assert_eq!(accept(good, "POST /x", &mut tokens).unwrap(), "a");
        let kept = tokens.as_ref().unwrap();
        assert_eq!(kept.refresh.as_deref(), Some("r"));
        let left = kept.renew_at.unwrap().duration_since(Instant::now());
        assert!(
            left > Duration::from_secs(800) && left <= Duration::from_mins(14),
            "{left:?}"
        );
        let wrong = accept(json!({"access_token": "sesame"}), "POST /x", &mut tokens).unwrap_err();
        assert!(!wrong.to_string().contains("sesame"), "{wrong}");
    }
}
