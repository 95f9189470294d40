//! What can be seen of requests from outside: the trace that goes through them, and what is counted.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use telemetry::{LogFormat, LogSettings, TelemetrySettings, TraceParent, TraceSettings};
use tower::ServiceExt;
use web::layers::{Limits, wrap};

const OUTSIDE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn app() -> Router {
    let routes = Router::new()
        .route(
            "/orders",
            post(async || telemetry::current_trace_parent().unwrap()),
        )
        .route("/items/{id}", get(async || "item"))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR));
    wrap(routes, Limits::default())
}

async fn call(app: &Router, method: Method, path: &str, trace_parent: Option<&str>) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(trace_parent) = trace_parent {
        request = request.header("traceparent", trace_parent);
    }
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

fn trace_parent(response: &Response) -> TraceParent {
    response.headers()["traceparent"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn requests_are_traced_and_counted() {
    // Nobody listens there, and no request may care.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = TelemetrySettings {
        role: "command-api".to_owned(),
        version: "1.2.3",
        logs: LogSettings {
            filter: "off".to_owned(),
            format: LogFormat::Human,
        },
        traces: Some(TraceSettings::new(format!("http://{nobody}"))),
    };
    let telemetry = telemetry::start(&settings).unwrap();
    let app = app();

    // What a handler's events carry is the span that the answer names, in the trace that the client began.
    let response = call(&app, Method::POST, "/orders", Some(OUTSIDE)).await;
    let answered = trace_parent(&response);
    let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
    assert_eq!(body, answered.to_string());
    let outside: TraceParent = OUTSIDE.parse().unwrap();
    assert_eq!(answered.trace_id().to_string(), outside.trace_id().to_string());
    assert_ne!(answered, outside);
    // Without one, or with nonsense, a trace begins here; each time another.
    let new = trace_parent(&call(&app, Method::POST, "/orders", None).await);
    let other = trace_parent(&call(&app, Method::POST, "/orders", Some("nonsense")).await);
    assert_ne!(new.trace_id().to_string(), other.trace_id().to_string());

    // Whatever a client asks for, no series is of its making.
    for path in [
        "/items/1",
        "/items/2",
        "/items/2/",
        "/broken",
        "/nowhere/1",
        "/nowhere/2",
    ] {
        call(&app, Method::GET, path, None).await;
    }
    call(&app, Method::HEAD, "/items/1", None).await;
    call(&app, Method::from_bytes(b"BREW").unwrap(), "/nowhere", None).await;
    let page = telemetry::metrics_page();
    let samples: Vec<_> = page
        .lines()
        .filter(|line| line.starts_with("tillstream_http_requests"))
        .collect();
    let mut expected = vec![
        "tillstream_http_requests_in_flight 0",
        r#"tillstream_http_requests_total{method="GET",route="/broken",status="500"} 1"#,
        r#"tillstream_http_requests_total{method="GET",route="/items/{id}",status="200"} 3"#,
        r#"tillstream_http_requests_total{method="GET",route="unknown",status="404"} 2"#,
        r#"tillstream_http_requests_total{method="HEAD",route="/items/{id}",status="200"} 1"#,
        r#"tillstream_http_requests_total{method="OTHER",route="unknown",status="404"} 1"#,
        r#"tillstream_http_requests_total{method="POST",route="/orders",status="200"} 3"#,
    ];
    let mut found = samples.clone();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(page.contains(r#"tillstream_http_request_seconds_count{method="GET",route="/items/{id}"} 3"#));
    tokio::task::spawn_blocking(|| telemetry.shutdown())
        .await
        .unwrap();
}
