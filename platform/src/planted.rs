//! Slowness on request: with the feature `planted-bugs`, and if the environment asks for it, what follows the log lags
//! behind it. It shows who counts on reading at once what was just written (`cargo xtask test --lag-ms`). Nothing of this
//! is compiled into a release.

use std::sync::OnceLock;
use std::time::Duration;

/// How long, in milliseconds.
const VARIABLE: &str = "TILLSTREAM_TEST_LAG_MS";

/// Waits for the lag that was asked for, if one was: before a batch is projected, before an effect is carried out.
pub async fn lag() {
    static LAG: OnceLock<Option<Duration>> = OnceLock::new();
    let lag = LAG.get_or_init(|| {
        let asked = std::env::var(VARIABLE).ok()?;
        asked.parse().ok().map(Duration::from_millis)
    });
    if let Some(lag) = lag {
        tokio::time::sleep(*lag).await;
    }
}
