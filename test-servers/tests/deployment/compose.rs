//! `compose.yaml`, and the secrets that are made for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::executable::{knows_arguments, knows_settings};
use super::{deploy, elements, members, read, strings, yaml};

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn the_executable_knows_every_setting_and_role() {
    let compose = compose();
    let secrets = Secrets::make();
    let mut roles = BTreeSet::new();
    for (name, service) in
        members(&compose["services"]).filter(|(_, service)| service["image"] == "tillstream")
    {
        if service["command"].is_null() {
            continue;
        }
        let command = secrets.in_place(&strings(&service["command"]));
        let (flags, arguments) = split_flags(&command);
        knows_settings(name, flags, &environment(service));
        knows_arguments(name, arguments);
        roles.extend(
            arguments
                .iter()
                .skip_while(|word| *word != "--role")
                .nth(1)
                .cloned(),
        );
    }
    let all = [
        "command-api",
        "payment-sandbox",
        "projectors",
        "query-api",
        "relay",
        "workers",
    ];
    assert_eq!(roles, all.map(str::to_owned).into());
}

#[test]
fn every_service_is_locked_down() {
    for (name, service) in members(&compose()["services"]) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(strings(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(
            strings(&service["security_opt"]),
            ["no-new-privileges:true"],
            "{name}"
        );
        for port in elements(&service["ports"]) {
            assert!(
                port.as_str().unwrap().starts_with("127.0.0.1:"),
                "{name} publishes {port}"
            );
        }
    }
}

#[test]
fn what_it_names_is_there() {
    let compose = compose();
    let secrets = Secrets::make();
    for (_, secret) in members(&compose["secrets"]) {
        let file = secret["file"].as_str().unwrap().trim_start_matches("./secrets/");
        assert!(
            secrets.folder.join(file).is_file(),
            "make-secrets doesn't make {file}"
        );
    }
    for (_, config) in members(&compose["configs"]) {
        assert!(
            deploy().join(config["file"].as_str().unwrap()).is_file(),
            "{config}"
        );
    }
    let services = || members(&compose["services"]);
    for (name, service) in services() {
        for volume in strings(&service["volumes"]) {
            let (from, _) = volume.split_once(':').unwrap();
            let is_there = match from.strip_prefix("./") {
                Some(path) => deploy().join(path).exists(),
                None => compose["volumes"].get(from).is_some(),
            };
            assert!(is_there, "{name} mounts {from}");
        }
        for secret in elements(&service["secrets"]) {
            let secret = secret.as_str().or(secret["source"].as_str()).unwrap();
            assert!(
                compose["secrets"].get(secret).is_some(),
                "{name} wants the secret {secret}"
            );
        }
        let waits_for = members(&service["depends_on"]).map(|(other, _)| other.clone());
        let waits_for =
            waits_for.chain(elements(&service["depends_on"]).map(|other| other.as_str().unwrap().to_owned()));
        for other in waits_for {
            assert!(
                services().any(|(name, _)| *name == other),
                "{name} waits for {other}"
            );
        }
    }
}

/// Prometheus asks processes by the names that they have here.
#[test]
fn prometheus_watches_services_that_are_there() {
    let prometheus = yaml(&read(&deploy().join("monitoring/prometheus.yml")));
    let compose = compose();
    let names: BTreeSet<String> = members(&compose["services"])
        .flat_map(|(name, service)| names(name, service))
        .collect();
    let mut watched = BTreeSet::new();
    for job in elements(&prometheus["scrape_configs"]) {
        let found_by_name = elements(&job["dns_sd_configs"]).flat_map(|config| strings(&config["names"]));
        let listed = elements(&job["static_configs"]).flat_map(|config| strings(&config["targets"]));
        for target in found_by_name.chain(listed) {
            let host = target
                .split(':')
                .next()
                .unwrap()
                .trim_start_matches("tasks.")
                .to_owned();
            let is_there = names.contains(&host);
            assert!(is_there || host == "localhost", "Prometheus watches {host}");
            watched.insert(host);
        }
    }
    for role in ["command-api", "query-api", "relay", "projectors", "workers"] {
        assert!(watched.contains(role), "nobody watches {role}");
    }
}

fn compose() -> Value {
    yaml(&read(&deploy().join("compose.yaml")))
}

/// What other services reach it by.
fn names(name: &str, service: &Value) -> Vec<String> {
    let mut names = strings(&service["networks"]["default"]["aliases"]);
    names.push(name.to_owned());
    names
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let pairs = members(&service["environment"]);
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

/// Flags that stand before the subcommand, and the rest.
fn split_flags(command: &[String]) -> (&[String], &[String]) {
    let flags = if command[0] == "--config" { 2 } else { 0 };
    command.split_at(flags)
}

/// Secrets as `make-secrets` makes them, in a folder of the test's own.
struct Secrets {
    folder: PathBuf,
    _deploy: tempfile::TempDir,
}

impl Secrets {
    fn make() -> Self {
        let copy = tempfile::tempdir().unwrap();
        let folder = copy.path().join("secrets");
        fs::create_dir(&folder).unwrap();
        let script = copy.path().join("make-secrets");
        fs::copy(deploy().join("make-secrets"), &script).unwrap();
        let made = Self {
            folder,
            _deploy: copy,
        };
        run(&script);
        let first = made.passwords();
        run(&script);
        assert_eq!(first, made.passwords(), "what is there is kept");
        made
    }

    fn passwords(&self) -> Vec<String> {
        let file = |name: &str| read(&self.folder.join(name));
        ["postgres-password", "tillstream.toml", "query-api.toml"]
            .map(file)
            .into()
    }

    /// The command with these files instead of those in the container.
    fn in_place(&self, command: &[String]) -> Vec<String> {
        let here = self.folder.display().to_string();
        command
            .iter()
            .map(|word| word.replace("/run/secrets", &here))
            .collect()
    }
}

fn run(script: &Path) {
    let output = Command::new("bash").arg(script).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
