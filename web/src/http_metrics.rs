//! What is counted of requests: how many, with which status, and how long they took.
//!
//! By route, never by path, and by the methods that HTTP has: a client can't make new series. Instruments are
//! looked up once for each endpoint, since every request passes here.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use telemetry::names;

/// Where one handler is found. Its instruments are made at its first request, when there is somebody to read them.
#[derive(Default)]
pub(crate) struct Endpoint(OnceLock<Arc<Instruments>>);

impl Endpoint {
    pub(crate) fn instruments(&self, method: &Method, route: &str) -> Arc<Instruments> {
        let method = method_name(method);
        let of_first = self.0.get_or_init(|| Arc::new(Instruments::new(method, route)));
        if of_first.method == method && of_first.route == route {
            return Arc::clone(of_first);
        }
        // HEAD on a route for GET, or something that no route is for.
        Arc::new(Instruments::new(method, route))
    }
}

/// What a request to one route is counted with.
pub(crate) struct Instruments {
    method: &'static str,
    route: String,
    seconds: Histogram,
    in_flight: Gauge,
    /// The few statuses that came up.
    answers: RwLock<Vec<(StatusCode, Counter)>>,
}

impl Instruments {
    fn new(method: &'static str, route: &str) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned())];
        Self {
            method,
            route: route.to_owned(),
            seconds: histogram!(names::HTTP_REQUEST_SECONDS, &labels),
            in_flight: gauge!(names::HTTP_REQUESTS_IN_FLIGHT),
            answers: RwLock::default(),
        }
    }

    /// Counts a request as being answered for as long as the value lives.
    pub(crate) fn begin(self: Arc<Self>) -> InFlight {
        self.in_flight.increment(1.0);
        InFlight(self)
    }

    fn answered(&self, status: StatusCode, took: Duration) {
        self.seconds.record(took);
        let known = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answers)) = known.iter().find(|(known, _)| *known == status) {
            answers.increment(1);
            return;
        }
        drop(known);
        let answers = counter!(
            names::HTTP_REQUESTS,
            "method" => self.method,
            "route" => self.route.clone(),
            "status" => status.as_str().to_owned()
        );
        answers.increment(1);
        let mut known = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        if known.iter().all(|(known, _)| *known != status) {
            known.push((status, answers));
        }
    }
}

/// A request that is being answered, or that a client has given up.
pub(crate) struct InFlight(Arc<Instruments>);

impl InFlight {
    pub(crate) fn method(&self) -> &'static str {
        self.0.method
    }

    pub(crate) fn route(&self) -> &str {
        &self.0.route
    }

    pub(crate) fn answered(&self, status: StatusCode, took: Duration) {
        self.0.answered(status, took);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.decrement(1.0);
    }
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
