//! The executable that is measured: built from this tree in release mode.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// Builds it; its path.
pub fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "tillstream",
            "--bin",
            "tillstream",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo can't be started")?;
    if !output.status.success() {
        bail!("tillstream can't be built");
    }
    executable(&String::from_utf8_lossy(&output.stdout)).context("cargo built no executable tillstream")
}

/// The last executable that cargo's messages tell of.
fn executable(messages: &str) -> Option<PathBuf> {
    let mut messages = messages
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_that_cargo_names() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"web"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"tillstream"},"executable":"/t/release/tillstream"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some("/t/release/tillstream".into()));
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
