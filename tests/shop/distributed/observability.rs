//! What an operator sees: one order as one trace through every process, and every metric that a rule or a dashboard
//! asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;
use serde_json::json;
use test_servers::{Cluster, ClusterSettings, ClusterSize, Durability, Folder, RoleKind, Servers};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::block_in_place;

use super::careful::{Doors, PASSWORD};
use crate::client::{Client, order};
use crate::process::{Shop, login_made_in};

/// Spans are sent every few seconds.
const PATIENCE: Duration = Duration::from_mins(1);
const TRACE_ID: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
/// Every process that has a part in an order, in the order in which it passes through them.
const SERVICES: [&str; 4] = [
    "tillstream-command-api",
    "tillstream-relay",
    "tillstream-projectors",
    "tillstream-workers",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs servers: cargo xtask test"]
async fn an_order_is_one_trace_and_every_metric_that_is_asked_for_exists() {
    let servers = block_in_place(|| Servers::start(Folder::temporary().unwrap(), Durability::None)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (collector, mut spans) = collector().await;
    let settings = ClusterSettings::new(
        env!("CARGO_BIN_EXE_tillstream"),
        folder.path(),
        ClusterSize::ONE_OF_EACH,
    )
    .with("TILLSTREAM_TELEMETRY__OTLP_ENDPOINT", &collector);
    let cluster = block_in_place(|| Cluster::start(&servers, settings)).unwrap();
    let doors = Doors::new(
        cluster.urls(RoleKind::CommandApi),
        cluster.urls(RoleKind::QueryApi),
    );
    doors.register("ann").await;
    let token = doors.login("ann", PASSWORD).await;

    let client = reqwest::Client::new();
    let placed = client
        .post(format!("{}/api/orders", cluster.urls(RoleKind::CommandApi)[0]))
        .bearer_auth(&token)
        .header("traceparent", format!("00-{TRACE_ID:032x}-00f067aa0ba902b7-01"))
        .json(&order("MUG-BLUE", 1))
        .send()
        .await
        .unwrap();
    assert_eq!(placed.status(), 201);
    let position = placed.headers()["tillstream-position"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let order: serde_json::Value = placed.json().await.unwrap();
    let id = order["order_id"].as_str().unwrap();
    let page = doors
        .query(Some(&token), &format!("/api/orders/{id}"), position)
        .await;
    assert_eq!(page.expect(200)["id"], json!(id));

    doors.query(None, "/api/products", position).await.expect(200);

    let trace = trace_of_all(&mut spans).await;
    println!("{trace:#?}");
    assert!(
        trace["tillstream-workers"]
            .iter()
            .any(|span| span.contains("email")),
        "the email is no part of the trace"
    );
    let monitoring = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/monitoring"));
    let wanted = telemetry::metrics_named_in(monitoring).unwrap();
    assert!(!wanted.is_empty());
    let branch = branch(&cluster, folder.path()).await;
    let asked_at = Instant::now();
    loop {
        let mut exist = block_in_place(|| metrics(&cluster));
        let page = client
            .get(format!("{}/metrics", branch.url))
            .send()
            .await
            .unwrap();
        exist.extend(telemetry::metrics_named(&page.text().await.unwrap()));
        let missing: Vec<_> = wanted.difference(&exist).collect();
        if missing.is_empty() {
            break;
        }
        assert!(asked_at.elapsed() < PATIENCE, "no process has {missing:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(branch.stop().success());
    block_in_place(|| cluster.stop()).unwrap();
}

/// A shop in one process, with backups, and with the cluster as its headquarters: it measures what no role does.
async fn branch(cluster: &Cluster, folder: &Path) -> Shop {
    let url = cluster.urls(RoleKind::CommandApi).remove(0);
    let admin = login_made_in(&cluster.data_dir());
    let boss = Client::at(&url).login(&admin.username, &admin.password).await;
    let body =
        json!({"name": "Leeds", "location": "Leeds", "region": "North", "url": "https://leeds.example"});
    let registered = boss.post("/api/branches", &body).await.expect(201);
    let backups = folder.join("backups");
    let settings = [
        ("TILLSTREAM_BACKUP__TO", backups.to_str().unwrap()),
        ("TILLSTREAM_CHAIN__HEADQUARTERS", &url),
        ("TILLSTREAM_CHAIN__TOKEN", registered["token"].as_str().unwrap()),
    ];
    Shop::start_with(&folder.join("branch"), &settings)
}

/// An OTLP collector, and the batches that it is given.
async fn collector() -> (String, UnboundedReceiver<ResourceSpans>) {
    async fn take(State(batches): State<UnboundedSender<ResourceSpans>>, body: Bytes) -> Vec<u8> {
        for spans in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
            let _ = batches.send(spans); // the test has seen enough
        }
        vec![]
    }
    let (send, receive) = unbounded_channel();
    let app = Router::new().route("/v1/traces", post(take)).with_state(send);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    (url, receive)
}

/// The names of the trace's spans, by service, once every service has one.
async fn trace_of_all(batches: &mut UnboundedReceiver<ResourceSpans>) -> BTreeMap<String, BTreeSet<String>> {
    let began = Instant::now();
    let mut trace: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let complete = |trace: &BTreeMap<String, BTreeSet<String>>| {
        let emailed = trace.get("tillstream-workers");
        let emailed = emailed.is_some_and(|spans| spans.iter().any(|span| span.contains("email")));
        emailed && SERVICES.iter().all(|service| trace.contains_key(*service))
    };
    while !complete(&trace) {
        let left = PATIENCE.saturating_sub(began.elapsed());
        let batch = tokio::time::timeout(left, batches.recv()).await;
        let batch = batch
            .unwrap_or_else(|_| panic!("of the trace there is only {trace:#?}"))
            .unwrap();
        let service = service(&batch);
        for span in batch.scope_spans.iter().flat_map(|scope| &scope.spans) {
            if span.trace_id == TRACE_ID.to_be_bytes() {
                trace
                    .entry(service.clone())
                    .or_default()
                    .insert(span.name.clone());
            }
        }
    }
    trace
}

fn service(spans: &ResourceSpans) -> String {
    let attributes = &spans.resource.as_ref().unwrap().attributes;
    let name = attributes
        .iter()
        .find(|attribute| attribute.key == "service.name")
        .unwrap();
    match name.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(name) => name.clone(),
        other => panic!("a service's name is {other:?}"),
    }
}

/// The names of all metrics that any process has.
fn metrics(cluster: &Cluster) -> BTreeSet<String> {
    let pages = cluster.roles.iter().map(|role| role.program.metrics().unwrap());
    pages.flat_map(|page| telemetry::metrics_named(&page)).collect()
}
