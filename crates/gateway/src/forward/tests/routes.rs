//! Rules at forward authentication, and which paths are questions at all.

use super::*;
use crate::application::{METHOD_HEADER, URI_HEADER};

#[test]
fn a_rule_asks_for_its_permission_and_an_uncovered_request_is_closed() {
    let mut world = World::new();
    let token = world.any();
    let show = |method: &str, uri: &str| world.show("/auth/release", &token, Some((method, uri)));
    assert_eq!(show("GET", "/view/x").status(), StatusCode::OK);
    assert_eq!(show("POST", "/open/x").status(), StatusCode::OK);
    for (method, uri, text) in [
        ("DELETE", "/abort/x", "You do not have release#abort permission"),
        ("POST", "/view/x", "no rule of this application covers the request"),
        ("GET", "/", "no rule of this application covers the request"),
        (
            "GET",
            "/open/../abort",
            "the path of the request has a segment that is or ends in a dot or a blank",
        ),
    ] {
        assert_eq!(cause(&show(method, uri)), (403, text.to_owned()), "{method} {uri}");
    }
    let body = show("GET", "/").into_body();
    let hint = "\"hint\":\"add a rule for this method and path to the application\"";
    assert!(std::str::from_utf8(&body).unwrap().contains(hint));
}

#[test]
fn a_bad_token_is_401_whatever_the_rules_say() {
    let mut world = World::new();
    let unknown = PlainToken::generate(Prefix::ANY, &mut world.random);
    for request in [Some(("GET", "/view/x")), Some(("GET", "/")), Some(("GET", "/..")), None] {
        let refused = (401, "the token is not known".to_owned());
        assert_eq!(cause(&world.show("/auth/release", &unknown, request)), refused, "{request:?}");
    }
}

#[test]
fn a_client_that_asks_itself_cannot_say_what_it_asks_for() {
    let mut world = World::new();
    let bearer = format!("Bearer {}", world.any().reveal());
    let lines = headers(&[
        ("authorization", &bearer),
        ("x-original-method", "POST"),
        ("x-original-uri", "/open"),
        ("x-forwarded-for", PROXY),
    ]);
    let client = "192.0.2.9".parse().unwrap();
    let Decision::Answer(response) = world.gateway.authorize("/auth/release", &lines, client, now()) else {
        panic!("no password was sent");
    };
    let text = "the rules of this application need a trusted proxy, and 192.0.2.9 is none";
    assert_eq!(cause(&response), (403, text.to_owned()));
    let Decision::Answer(response) = world.gateway.authorize("/auth/deploy", &lines, client, now()) else {
        panic!("no password was sent");
    };
    assert_eq!(response.status(), StatusCode::OK, "without rules the pair is not read");
}

#[test]
fn a_spoofed_header_beside_the_proxys_own_is_refused() {
    let mut world = World::new();
    let bearer = format!("Bearer {}", world.any().reveal());
    let spoofed = world.ask(
        "/auth/release",
        &[
            ("authorization", &bearer),
            ("x-original-uri", "/open"),
            ("x-original-method", "DELETE"),
            ("x-original-uri", "/abort/x"),
        ],
    );
    assert_eq!(cause(&spoofed), (403, "the header `x-original-uri` stands twice".to_owned()));
}

#[test]
fn a_path_that_names_no_application_is_the_proxys_fault() {
    let mut world = World::new();
    let token = world.any();
    for path in [
        "/auth/",
        "/auth/any",
        "/auth/nothing",
        "/auth/release/",
        "/auth/deploy/x",
        "/auth/Deploy",
        "/auth/depl%6fy",
        "/auth//deploy",
        "/authx",
        "",
        "/",
    ] {
        let unknown = (403, "the proxy asks for an application that Patgate does not know".to_owned());
        assert_eq!(cause(&world.show(path, &token, None)), unknown, "{path}");
    }
}

#[test]
fn gates_that_take_each_others_headers_are_refused() {
    let gateway = |gates: Vec<Gate>| {
        let world = World::new();
        let (samples, _) = channel(1);
        Gateway::new(world.index, world.catalog, gates, TrustedProxies::default(), samples).unwrap_err()
    };
    let gate = |name: &str, header: &'static str| {
        let header = HeaderName::from_static(header);
        Gate::new(name.parse().unwrap(), ApplicationSlot::RELEASE, header)
    };
    let twice = gateway(vec![gate("a", "x-a"), gate("a", "x-b")]);
    assert_eq!(twice, UnusableGates::Twice("a".into()));
    let shared = gateway(vec![gate("a", "x-a"), gate("b", "x-a")]);
    assert_eq!(shared, UnusableGates::SharedTokenHeader(SharedTokenHeader(HeaderName::from_static("x-a"))));
    let both = |header| UnusableGates::TwoMeanings { application: "a".into(), header };
    let same = Gate { uri_header: METHOD_HEADER, ..gate("a", "x-a") };
    assert_eq!(gateway(vec![same]), both(METHOD_HEADER));
    let others = gateway(vec![gate("a", "x-a"), gate("b", "x-original-uri")]);
    assert_eq!(others, both(URI_HEADER));
}
