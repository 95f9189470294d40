//! The Kubernetes manifests, as kustomize puts them together.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::executable::{knows_arguments, knows_settings};
use super::{deploy, elements, members, read, strings};

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn the_executable_knows_every_setting_and_role() {
    let manifests = manifests();
    let mut roles = BTreeSet::new();
    for (name, container) in containers(&manifests).filter(|(_, container)| is_ours(container)) {
        let arguments = strings(&container["args"]);
        knows_settings(&name, &[], &settings(&manifests, container));
        knows_arguments(&name, &arguments);
        roles.extend(
            arguments
                .iter()
                .skip_while(|word| *word != "--role")
                .nth(1)
                .cloned(),
        );
    }
    let all = ["command-api", "projectors", "query-api", "relay", "workers"];
    assert_eq!(roles, all.map(str::to_owned).into());
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn every_container_is_locked_down_and_bounded() {
    for (name, container) in containers(&manifests()) {
        let security = &container["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(strings(&security["capabilities"]["drop"]), ["ALL"], "{name}");
        assert!(
            security["runAsUser"].as_u64().is_some_and(|user| user > 0),
            "{name}"
        );
        assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
        assert!(container["resources"]["requests"]["cpu"].is_string(), "{name}");
    }
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn every_deployment_is_probed_and_guarded() {
    let manifests = manifests();
    for deployment in of_kind(&manifests, "Deployment") {
        let name = name(deployment);
        let pod = &deployment["spec"]["template"];
        assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["spec"]["automountServiceAccountToken"], false, "{name}");
        for container in elements(&pod["spec"]["containers"]) {
            assert!(container["readinessProbe"].is_object(), "{name}");
            assert!(container["livenessProbe"].is_object(), "{name}");
        }
        let labels = &pod["metadata"]["labels"];
        assert!(
            selects(&deployment["spec"]["selector"], labels),
            "{name} doesn't select its own"
        );
        let mut budgets = of_kind(&manifests, "PodDisruptionBudget");
        let is_guarded = budgets.any(|budget| selects(&budget["spec"]["selector"], labels));
        assert!(is_guarded, "no disruption budget for {name}");
    }
}

/// What selects pods finds some: a typing error in a label would open or close everything in silence.
#[test]
#[ignore = "needs servers: cargo xtask test"]
fn every_selector_finds_pods() {
    let manifests = manifests();
    let pods: Vec<&Value> = workloads(&manifests)
        .map(|workload| &workload["spec"]["template"]["metadata"]["labels"])
        .collect();
    for kind in ["NetworkPolicy", "PodDisruptionBudget"] {
        for manifest in of_kind(&manifests, kind) {
            let spec = &manifest["spec"];
            let selector = if kind == "NetworkPolicy" {
                &spec["podSelector"]
            } else {
                &spec["selector"]
            };
            let found = pods.iter().any(|labels| selects(selector, labels));
            assert!(found, "{kind} {} selects nothing", name(manifest));
        }
    }
    for service in of_kind(&manifests, "Service") {
        let wanted = &service["spec"]["selector"];
        let found = pods
            .iter()
            .any(|labels| members(wanted).all(|(key, value)| labels[key] == *value));
        assert!(found, "Service {} selects nothing", name(service));
    }
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn it_scales_what_is_there_by_what_is_measured() {
    let manifests = manifests();
    let names = read(&deploy().join("../telemetry/src/names.rs"));
    let mut by_lag = 0;
    for scaler in of_kind(&manifests, "HorizontalPodAutoscaler") {
        let target = &scaler["spec"]["scaleTargetRef"]["name"];
        let mut deployments = of_kind(&manifests, "Deployment");
        let deployment = deployments.find(|deployment| deployment["metadata"]["name"] == *target);
        let deployment = deployment.unwrap_or_else(|| panic!("there is no {target} to scale"));
        assert!(
            deployment["spec"]["replicas"].is_null(),
            "{target}: two would set the number"
        );
        for metric in elements(&scaler["spec"]["metrics"]).filter(|metric| metric["type"] == "External") {
            let metric = metric["external"]["metric"]["name"].as_str().unwrap();
            assert!(
                names.contains(&format!("\"{metric}\"")),
                "nobody measures {metric}"
            );
            by_lag += usize::from(metric.ends_with("lag_events"));
        }
    }
    assert!(by_lag > 0);
}

#[test]
#[ignore = "needs servers: cargo xtask test"]
fn no_secret_is_in_the_files() {
    let manifests = manifests();
    assert_eq!(of_kind(&manifests, "Secret").count(), 0);
    for (name, container) in containers(&manifests) {
        for variable in elements(&container["env"]) {
            let setting = variable["name"].as_str().unwrap();
            let is_secret = ["PASSWORD", "SECRET", "POSTGRES__URL", "REDIS__URL"];
            if is_secret.iter().any(|part| setting.contains(part)) {
                assert!(
                    variable["valueFrom"]["secretKeyRef"].is_object(),
                    "{name}: {setting}"
                );
            }
        }
    }
}

fn manifests() -> Vec<Value> {
    let production = deploy().join("kubernetes/overlays/production");
    let output = Command::new("kubectl").arg("kustomize").arg(production).output();
    let output = output.expect("kubectl is installed, 1.22 or newer");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_saphyr::from_multiple(str::from_utf8(&output.stdout).unwrap()).unwrap()
}

fn of_kind<'a>(manifests: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    manifests.iter().filter(move |manifest| manifest["kind"] == kind)
}

fn workloads(manifests: &[Value]) -> impl Iterator<Item = &Value> {
    of_kind(manifests, "Deployment").chain(of_kind(manifests, "Job"))
}

/// Each with the name of what it belongs to.
fn containers(manifests: &[Value]) -> impl Iterator<Item = (String, &Value)> {
    workloads(manifests).flat_map(|workload| {
        let containers = elements(&workload["spec"]["template"]["spec"]["containers"]);
        containers.map(|container| (name(workload).to_owned(), container))
    })
}

fn name(manifest: &Value) -> &str {
    manifest["metadata"]["name"].as_str().unwrap()
}

fn is_ours(container: &Value) -> bool {
    container["image"].as_str().unwrap().starts_with("tillstream:")
}

/// Whether a selector with labels or expressions finds a pod with these labels.
fn selects(selector: &Value, labels: &Value) -> bool {
    let has_labels = members(&selector["matchLabels"]).all(|(key, value)| labels[key] == *value);
    let fits = elements(&selector["matchExpressions"]).all(|expression| {
        let label = &labels[expression["key"].as_str().unwrap()];
        match expression["operator"].as_str().unwrap() {
            "Exists" => label.is_string(),
            "In" => elements(&expression["values"]).any(|value| value == label),
            other => panic!("the operator {other} isn't known here"),
        }
    });
    has_labels && fits
}

/// A container's environment, with a plausible value for each secret.
fn settings(manifests: &[Value], container: &Value) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    for source in elements(&container["envFrom"]) {
        let wanted = &source["configMapRef"]["name"];
        let mut maps = of_kind(manifests, "ConfigMap");
        let map = maps.find(|map| map["metadata"]["name"] == *wanted);
        let map = map.unwrap_or_else(|| panic!("there is no ConfigMap {wanted}"));
        settings.extend(
            members(&map["data"]).map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())),
        );
    }
    for variable in elements(&container["env"]) {
        let name = variable["name"].as_str().unwrap();
        let secret = match name {
            "TILLSTREAM_POSTGRES__URL" => "postgres://user:password@host/database?sslmode=verify-full",
            "TILLSTREAM_REDIS__URL" => "rediss://:password@host:6379/0",
            _ => "something secret",
        };
        let value = variable["value"].as_str().unwrap_or(secret);
        settings.insert(name.to_owned(), value.to_owned());
    }
    settings
}
