//! What happens around every request: its id, its span and trace, its deadline, the end of its body, and what is counted of it.
//!
//! A service by hand rather than an async function, since every request passes here: it boxes nothing. Which
//! other layers there are, and in what order, is `layers`' to say.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use tokio::time::Timeout;
use tower::{Layer, Service};
use tracing::instrument::Instrumented;
use tracing::{Instrument, Span, field};

use crate::http_metrics::{Endpoint, InFlight};
use crate::problem::Problem;
use crate::request_id::{REQUEST_ID, RequestId};
use crate::unread;

/// W3C Trace Context: in a request the span that it comes from, in an answer the one that served it.
pub const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// A client that ran into the deadline should let the load pass.
const RETRY_AFTER_TIMEOUT: Duration = Duration::from_secs(2);

/// What holds for every answer, unless its handler says otherwise.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];
/// Those, the request's id and the trace's.
const OWN_HEADERS: usize = 6;

#[derive(Clone)]
pub(crate) struct SurroundLayer {
    /// Until the answer's head.
    pub timeout: Duration,
    /// The same where uploads are taken.
    pub upload_timeout: Duration,
    pub upload_routes: &'static [&'static str],
}

impl<S> Layer<S> for SurroundLayer {
    type Service = Surround<S>;

    /// Called for each endpoint of a router, so that each keeps instruments of its own.
    fn layer(&self, inner: S) -> Surround<S> {
        Surround {
            inner,
            limits: self.clone(),
            endpoint: Arc::default(),
        }
    }
}

impl SurroundLayer {
    fn timeout_of(&self, method: &Method, route: &str) -> Duration {
        if *method == Method::POST && self.upload_routes.contains(&route) {
            self.upload_timeout
        } else {
            self.timeout
        }
    }
}

#[derive(Clone)]
pub(crate) struct Surround<S> {
    inner: S,
    limits: SurroundLayer,
    endpoint: Arc<Endpoint>,
}

impl<S> Service<Request> for Surround<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let started_at = Instant::now();
        let id = RequestId::of(request.headers());
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or("unknown", MatchedPath::as_str);
        let timeout = self.limits.timeout_of(request.method(), route);
        let in_flight = self.endpoint.instruments(request.method(), route).begin();
        let (span, trace_parent) = span(&request, route, &id);
        request.extensions_mut().insert(id.clone());
        let answer = tokio::time::timeout(timeout, self.inner.call(unread::read_to_end(request)));
        Answer {
            inner: answer.instrument(span),
            started_at,
            id,
            trace_parent,
            in_flight,
        }
    }
}

/// The request's span, and what names it to the client if it is part of a trace.
fn span(request: &Request, route: &str, id: &RequestId) -> (Span, Option<HeaderValue>) {
    if telemetry::traces_on() {
        return traced(request, route, id);
    }
    let method = request.method().as_str();
    // A span costs as much as all else around a query, and hardly a query has anything to log: one that fails is told
    // with its answer, see `tell_failure`.
    let span = if request.method().is_safe() {
        tracing::debug_span!(
            "request",
            http.method = method,
            http.route = route,
            request.id = id.as_str()
        )
    } else {
        tracing::info_span!(
            "request",
            http.method = method,
            http.route = route,
            request.id = id.as_str()
        )
    };
    (span, None)
}

/// The request's span within the trace that the client names, or a new one.
fn traced(request: &Request, route: &str, id: &RequestId) -> (Span, Option<HeaderValue>) {
    let method = request.method().as_str();
    let span = tracing::info_span!(
        "request",
        http.method = method,
        http.route = route,
        http.status = field::Empty,
        request.id = id.as_str(),
        trace.id = field::Empty,
        otel.kind = "server",
        otel.name = format!("{method} {route}"),
        otel.status_code = field::Empty,
    );
    let outside = request.headers().get(TRACE_PARENT);
    if let Some(outside) = outside.and_then(|value| value.to_str().ok()) {
        telemetry::continue_trace(&span, outside);
    }
    let Some(trace_parent) = telemetry::trace_parent_of(&span) else {
        return (span, None);
    };
    // For the log, where it leads from a line to the trace.
    span.record("trace.id", field::display(trace_parent.trace_id()));
    let header = HeaderValue::try_from(trace_parent.to_string());
    (span, header.ok()) // always one: it is digits and dashes
}

pin_project! {
    /// A request on its way to its answer.
    pub(crate) struct Answer<F> {
        #[pin]
        inner: Instrumented<Timeout<F>>,
        started_at: Instant,
        id: RequestId,
        trace_parent: Option<HeaderValue>,
        in_flight: InFlight,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answer<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // What a handler leaves behind when it panics, nobody sees again: its future is dropped.
        let polled = catch_unwind(AssertUnwindSafe(|| this.inner.as_mut().poll(cx)));
        let span = this.inner.span();
        let mut response = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(Ok(response)))) => response,
            Ok(Poll::Ready(Err(_))) => Problem::unavailable(RETRY_AFTER_TIMEOUT, "timeout").into_response(),
            Err(panic) => span.in_scope(|| answer_panic(panic.as_ref())),
        };
        let (status, took) = (response.status(), this.started_at.elapsed());
        this.in_flight.answered(status, took);
        tracing::info!(
            target: "access",
            parent: span,
            status = status.as_u16(),
            elapsed_us = took.as_micros(),
            "answered"
        );
        if this.trace_parent.is_some() {
            tell_trace(span, status);
        }
        if span.is_disabled() && status.is_server_error() {
            tell_failure(this.in_flight, this.id, status);
        }
        let headers = response.headers_mut();
        headers.reserve(OWN_HEADERS);
        headers.insert(REQUEST_ID, this.id.value().clone());
        if let Some(trace_parent) = this.trace_parent.take() {
            headers.insert(TRACE_PARENT, trace_parent);
        }
        secure(headers);
        Poll::Ready(Ok(response))
    }
}

fn tell_trace(span: &Span, status: StatusCode) {
    span.record("http.status", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// Says which request the line before was about.
fn tell_failure(request: &InFlight, id: &RequestId, status: StatusCode) {
    tracing::warn!(
        http.method = request.method(),
        http.route = request.route(),
        request.id = id.as_str(),
        status = status.as_u16(),
        "a request failed"
    );
}

fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(name).or_insert(value);
    }
}

fn answer_panic(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text");
    Problem::internal(format_args!("a handler panicked: {message}")).into_response()
}
