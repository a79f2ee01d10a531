//! A call of a script to a configured application: judged by the application's rules, and made with the identity headers that
//! its proxy would set. No credential goes along: there is none.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request};
use http_body_util::Full;
use patgate_core::verify::{Demand, Surface};
use url::Url;

use super::call::headers;
use crate::caller::Behalf;
use crate::outbound::{addresses, first, send_to, system};
use crate::script::{ANSWER_BYTES, Answer, Call, CallRefused};
use crate::state::AppState;

/// Calls the application, when the user for automated tasks may.
///
/// # Errors
/// When there is no such application, the user may not call it, or it does not answer.
pub(super) async fn call(
    state: &AppState,
    behalf: &Behalf,
    application: &str,
    path: &str,
    call: &Call,
) -> Result<Answer, CallRefused> {
    let refused = |why: &dyn std::fmt::Display| CallRefused::new(why.to_string());
    let gate = state.gateway.gate_of(application).zip(state.application_urls.get(application));
    let (gate, base) = gate.ok_or_else(|| {
        refused(&format!(
            "there is no application `{application}` with an address; set its `url` in the configuration"
        ))
    })?;
    if matches!(behalf, Behalf::Password { .. }) && !gate.allow_passwords {
        return Err(refused(&format!(
            "`{application}` takes no passwords; run the release with a personal access token"
        )));
    }
    let route = gate.route_of(call.method.as_str(), path).map_err(|fault| refused(&fault))?;
    let demand = Demand { surface: Surface::Application(gate.slot), permission: route.permission };
    let identity = behalf.identity(state, demand).await.map_err(|problem| {
        refused(&format!("the user for automated tasks may not call `{application}`: {}", problem.detail()))
    })?;
    let url = target(base, path).ok_or_else(|| refused(&"this is no path; percent-encode what is in it"))?;
    let mut all = headers(call)?;
    all.extend(identity);
    all.insert(HOST, HeaderValue::try_from(host(&url)).map_err(|why| refused(&why))?);
    let body = call.body.as_ref().map(|body| body.get().to_owned()).unwrap_or_default();
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = call.method.clone();
    *request.uri_mut() =
        url[url::Position::BeforePath..].parse().map_err(|why: http::uri::InvalidUri| refused(&why))?;
    *request.headers_mut() = all;
    let address = async { first(&url, &addresses(&url, system).await?) };
    // One byte more than may be, which tells that it is too long.
    let reply = send_to(&url, address, request, ANSWER_BYTES + 1).await.map_err(|fault| refused(&fault))?;
    if reply.body.len() > ANSWER_BYTES {
        return Err(refused(&format!("its answer is longer than {ANSWER_BYTES} bytes")));
    }
    Ok(Answer { status: reply.status, headers: reply.headers, body: Bytes::copy_from_slice(&reply.body) })
}

/// The path below the application's address; nothing when it would lead elsewhere.
fn target(base: &Url, path: &str) -> Option<Url> {
    let beginning = base.as_str().trim_end_matches('/');
    let url = Url::parse(&format!("{beginning}{path}")).ok()?;
    let is_below = url.as_str().strip_prefix(beginning).is_some_and(|rest| rest.starts_with('/'));
    (is_below && url.origin() == base.origin() && url.fragment().is_none()).then_some(url)
}

fn host(url: &Url) -> String {
    match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_but_below_the_address() {
        let of = |base: &str, path: &str| target(&base.parse().unwrap(), path).map(String::from);
        for (base, path, expected) in [
            ("http://shop:8080", "/orders?x=1", Some("http://shop:8080/orders?x=1")),
            ("http://shop/api/", "/orders", Some("http://shop/api/orders")),
            ("http://shop/api", "/../admin", None),
            ("http://shop/api", "/../apis", None),
            ("http://shop", "/a#b", None),
        ] {
            assert_eq!(of(base, path).as_deref(), expected, "{base} {path}");
        }
        assert!(of("http://shop", "/@evil/").unwrap().starts_with("http://shop/"));
    }
}
