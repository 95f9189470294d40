//! A real collector, as far as OTLP over HTTP goes: what reaches it of a request that goes through two processes.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span::SpanKind};
use prost::Message;
use telemetry::{
    LogFormat, LogSettings, SecretHeaders, TelemetrySettings, TraceParent, TraceSettings, continue_trace,
    current_trace_parent, trace_parent_of,
};
use tracing::Instrument;

/// As long as a slow machine may take; what is waited for comes at once.
const PATIENCE: Duration = Duration::from_mins(1);

async fn take(State(batches): State<Sender<ResourceSpans>>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    assert_eq!(headers[CONTENT_TYPE], "application/x-protobuf");
    assert_eq!(headers["authorization"], "Bearer hunter2");
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    for spans in request.resource_spans {
        batches.send(spans).unwrap();
    }
    Vec::new()
}

async fn collector() -> (String, Receiver<ResourceSpans>) {
    let (send, receive) = channel();
    let app = Router::new().route("/v1/traces", post(take)).with_state(send);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
    (url, receive)
}

fn attribute<'s>(spans: &'s ResourceSpans, key: &str) -> Option<&'s Value> {
    let attributes = &spans.resource.as_ref().unwrap().attributes;
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.as_ref()?.value.as_ref()
}

/// What one process does of a command: a span for the request, one for the command in it.
async fn command(outside: &str) -> String {
    let request = tracing::info_span!("request", otel.kind = "server", otel.name = "POST /api/orders");
    continue_trace(&request, outside);
    async {
        let command = tracing::info_span!("command");
        async { current_trace_parent().unwrap() }
            .instrument(command)
            .await
    }
    .instrument(request)
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_beyond_its_process_and_reaches_the_collector() {
    let (endpoint, batches) = collector().await;
    let mut traces = TraceSettings::new(endpoint);
    traces.headers = SecretHeaders::parse("authorization=Bearer hunter2").unwrap();
    let settings = TelemetrySettings {
        role: "command-api".to_owned(),
        version: "1.2.3",
        logs: LogSettings {
            // What the log leaves out, a trace still has.
            filter: "off".to_owned(),
            format: LogFormat::Json,
        },
        traces: Some(traces),
    };
    let telemetry = telemetry::start(&settings).unwrap();

    let outside = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let stored = command(outside).await;
    // Long after, in the process that sends the email.
    let effect = tracing::info_span!("effect");
    continue_trace(&effect, &stored);
    drop(effect);
    // One that nobody began before, and one that goes on from nonsense: traces of their own.
    let new = tracing::info_span!("new");
    continue_trace(&new, "nonsense");
    let new_parent = trace_parent_of(&new).unwrap();
    drop(new);
    // A trace that isn't sampled stays so.
    let unsampled = tracing::info_span!("unsampled");
    continue_trace(&unsampled, &outside.replace("-01", "-00"));
    assert!(!trace_parent_of(&unsampled).unwrap().is_sampled());
    drop(unsampled);

    let mut spans: Vec<Span> = vec![];
    let mut names: Vec<String> = vec![];
    while names.len() < 4 {
        let batch = batches.recv_timeout(PATIENCE).unwrap();
        assert_eq!(
            attribute(&batch, "service.name"),
            Some(&Value::StringValue("tillstream-command-api".to_owned()))
        );
        spans.extend(batch.scope_spans.into_iter().flat_map(|scope| scope.spans));
        names = spans.iter().map(|span| span.name.clone()).collect();
    }
    names.sort();
    assert_eq!(names, ["POST /api/orders", "command", "effect", "new"]);
    let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (request, command, effect) = (span("POST /api/orders"), span("command"), span("effect"));
    assert_eq!(request.kind, SpanKind::Server as i32);
    assert_eq!(request.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!(command.parent_span_id, request.span_id);
    assert_eq!(effect.parent_span_id, command.span_id);
    let trace_id = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
    for span in [request, command, effect] {
        assert_eq!(span.trace_id, trace_id, "{}", span.name);
    }
    assert_ne!(span("new").trace_id, trace_id);
    assert!(new_parent.is_sampled());
    assert_eq!(stored.parse::<TraceParent>().unwrap().to_string(), stored);

    // What is under way at the end still arrives.
    drop(tracing::info_span!("last"));
    tokio::task::spawn_blocking(|| telemetry.shutdown())
        .await
        .unwrap();
    let last = batches.recv_timeout(PATIENCE).unwrap();
    assert_eq!(last.scope_spans[0].spans[0].name, "last");
}
