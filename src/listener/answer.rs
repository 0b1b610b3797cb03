//! What is answered, and to whom: a function from a request's head to a response.
//!
//! A page of the open web can make a browser ask here, under a name of its own that leads to this address (DNS rebinding), and would read
//! how near the process is to running out of memory. So the host must be called by an IP address, `localhost` or a name that was told, and no
//! answer carries a CORS header.

use std::net::IpAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::uri::Authority;
use hyper::{Method, Request, Response, StatusCode, Uri};

use crate::export::exposition::Format;

/// Where the contents come from.
pub trait Source: Send + Sync {
    /// The text of `/metrics`.
    fn metrics(&self, format: Format) -> String;
    /// The JSON of `/health`, and whether it is bad.
    fn health(&self) -> (bool, String);
}

/// Answers requests.
#[derive(Clone)]
pub struct Answers {
    source: Arc<dyn Source>,
    hosts: Arc<[String]>,
    /// Any host will do: no browser comes this way.
    is_private: bool,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Answers {
    /// From `source`, to whoever calls the host by one of `hosts`, an IP address or `localhost`.
    #[must_use]
    pub fn new(source: Arc<dyn Source>, hosts: Vec<String>, is_private: bool) -> Self {
        Self { source, hosts: hosts.into(), is_private }
    }

    /// The response; a request's body is not looked at.
    #[must_use]
    pub fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if !self.is_private && !self.is_called_rightly(request.uri(), request.headers()) {
            let why = "heapwatch: this host is to be called by an IP address, localhost, or a name in metricsListen.hosts\n";
            return page(StatusCode::FORBIDDEN, TEXT, why.to_owned());
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut refusal =
                page(StatusCode::METHOD_NOT_ALLOWED, TEXT, "heapwatch: GET or HEAD\n".to_owned());
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        match request.uri().path() {
            "/metrics" => {
                let format = wanted_format(request.headers());
                let kind = if format == Format::OpenMetrics { OPEN_METRICS } else { PROMETHEUS };
                page(StatusCode::OK, kind, self.source.metrics(format))
            }
            "/health" => {
                let (is_bad, text) = self.source.health();
                page(if is_bad { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, JSON, text)
            }
            _ => page(StatusCode::NOT_FOUND, TEXT, "heapwatch: /metrics and /health are here\n".to_owned()),
        }
    }

    fn is_called_rightly(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return false };
        let Some(host) = host.to_str().ok().and_then(|text| text.parse::<Authority>().ok()) else {
            return false;
        };
        self.is_known(host.host()) && uri.authority().is_none_or(|authority| self.is_known(authority.host()))
    }

    fn is_known(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        bare.parse::<IpAddr>().is_ok()
            || host.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// `OpenMetrics` where it is asked for by name and nothing of ours is liked better.
fn wanted_format(headers: &HeaderMap) -> Format {
    let mut open = 0.0_f32;
    let mut plain = 0.0_f32;
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
        let of = |name: &str| parameters.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        let quality = of("q").and_then(|(_, q)| q.parse().ok()).unwrap_or(1.0_f32);
        let version = of("version").map(|(_, version)| *version);
        match kind.as_str() {
            "application/openmetrics-text" if version.is_none_or(|version| version == "1.0.0") => {
                open = open.max(quality);
            }
            "text/plain" | "text/*" => plain = plain.max(quality),
            _ => {}
        }
    }
    if open > 0.0 && open >= plain { Format::OpenMetrics } else { Format::Prometheus }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Source for Fixed {
        fn metrics(&self, format: Format) -> String {
            format!("{format:?}")
        }

        fn health(&self) -> (bool, String) {
            (true, "{}".to_owned())
        }
    }

    fn status(request: hyper::http::request::Builder) -> u16 {
        let answers = Answers::new(Arc::new(Fixed), vec!["app.internal".to_owned()], false);
        answers.answer(&request.body(()).expect("a request")).status().as_u16()
    }

    #[test]
    fn a_host_is_called_by_an_address_or_a_name_that_is_known() {
        let called = |host: &str| status(Request::get("/metrics").header(HOST, host));
        for known in
            ["127.0.0.1:9464", "[::1]:9464", "10.1.2.3", "localhost:1", "LocalHost", "app.internal:9464"]
        {
            assert_eq!(called(known), 200, "{known}");
        }
        for unknown in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:9464", "", "a b"] {
            assert_eq!(called(unknown), 403, "{unknown}");
        }
        assert_eq!(status(Request::get("/metrics")), 403);
        let twice = Request::get("/metrics").header(HOST, "localhost").header(HOST, "evil.example");
        assert_eq!(status(twice), 403);
        assert_eq!(status(Request::get("http://evil.example/metrics").header(HOST, "localhost")), 403);
    }

    #[test]
    fn only_two_pages_are_there_to_be_got() {
        let of = |method: &str, path: &str| {
            status(Request::builder().method(method).uri(path).header(HOST, "localhost"))
        };
        assert_eq!(
            (of("GET", "/metrics?x=1"), of("HEAD", "/metrics"), of("GET", "/health")),
            (200, 200, 503)
        );
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "FROB"] {
            assert_eq!(of(method, "/metrics"), 405, "{method}");
        }
        assert_eq!((of("GET", "/"), of("GET", "/metrics/"), of("GET", "//metrics")), (404, 404, 404));
    }

    #[test]
    fn the_format_is_the_one_that_is_asked_for() {
        let wanted = |accept: &str| {
            wanted_format(Request::get("/").header(ACCEPT, accept).body(()).expect("a request").headers())
        };
        for accept in [
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "application/openmetrics-text",
        ] {
            assert_eq!(wanted(accept), Format::OpenMetrics, "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/html,application/xhtml+xml",
            "text/plain;version=0.0.4",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;version=0.0.1",
            "application/openmetrics-text;q=0.3,text/plain",
        ] {
            assert_eq!(wanted(accept), Format::Prometheus, "{accept}");
        }
    }
}
