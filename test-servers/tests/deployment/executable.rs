//! Asking the executable whether it knows what it is started with.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What clap ends with when a flag or a value isn't known.
const WRONG_ARGUMENTS: i32 = 2;

fn executable() -> PathBuf {
    if let Some(path) = env::var_os("TILLSTREAM_TEST_EXECUTABLE") {
        return path.into();
    }
    let test = env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap().join("tillstream");
    assert!(
        built.is_file(),
        "{} isn't built: cargo build -p tillstream",
        built.display()
    );
    built
}

fn tillstream(folder: &Path) -> Command {
    let mut command = Command::new(executable());
    command.env_clear().current_dir(folder);
    command
}

/// Asserts that these settings are known, each with its value: `tillstream config` refuses any other.
pub fn knows_settings(of: &str, flags: &[String], settings: &BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let output = tillstream(folder.path())
        .args(flags)
        .arg("config")
        .envs(settings)
        .output()
        .unwrap();
    assert!(output.status.success(), "the settings of {of}: {}", told(&output));
}

/// Asserts that these arguments are known. Without a database no role gets far, but as far as that.
pub fn knows_arguments(of: &str, arguments: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let on_loopback = arguments.iter().map(|argument| {
        if argument.starts_with("0.0.0.0:") {
            "127.0.0.1:0"
        } else {
            argument
        }
    });
    let data_dir = folder.path().join("data");
    let output = tillstream(folder.path())
        .args(on_loopback)
        .env("TILLSTREAM_DATA_DIR", &data_dir)
        .output()
        .unwrap();
    let is_known = output.status.code().is_some_and(|code| code != WRONG_ARGUMENTS);
    assert!(is_known, "the arguments of {of}: {}", told(&output));
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
#[should_panic(expected = "the settings of a typing error")]
fn a_setting_that_is_not_one_is_noticed() {
    let settings = [("TILLSTREAM_NATS__URI".to_owned(), "nats://localhost".to_owned())];
    knows_settings("a typing error", &[], &settings.into());
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
#[should_panic(expected = "the arguments of a typing error")]
fn a_role_that_is_not_one_is_noticed() {
    knows_arguments(
        "a typing error",
        &["serve", "--role", "relays"].map(str::to_owned),
    );
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
