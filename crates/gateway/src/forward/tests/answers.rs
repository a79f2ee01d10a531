//! 200 with seven headers, or 401 or 403 with a cause: for every kind of token, caller and path.

use patgate_core::grant::SuspensionReason;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;

use super::*;

#[test]
fn a_good_token_is_told_to_the_upstream_in_seven_headers() {
    let mut world = World::new();
    let token = world.token(Prefix::ANY, |record| {
        record.name = "ci für alle".into();
        record.expires_at = Expiry::at("2026-06-01T00:00:00Z".parse().unwrap()).unwrap();
    });
    let response = world.show("/auth", &token, None);
    assert_eq!(response.status(), StatusCode::OK);
    let told: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            "x-patgate-user: Ann",
            "x-patgate-email: ann@example.org",
            "x-patgate-groups: dev%2Cops,qa",
            "x-patgate-permissions: login,release#view",
            "x-patgate-token-id: 00000000007",
            "x-patgate-token-name: ci%20f%C3%BCr%20alle",
            "x-patgate-token-expires: 2026-06-01T00:00:00Z",
            "cache-control: no-store",
        ]
    );
    assert!(response.body().is_empty());
}

#[test]
fn what_there_is_nothing_to_say_about_is_empty_but_there() {
    let mut world = World::new();
    world.ann.email = String::new();
    world.ann.groups.clear();
    world.put_ann();
    let none = world.token(Prefix::ANY, |record| record.permissions = Some(PermissionSet::NONE));
    let response = world.show("/auth", &none, None);
    for (name, value) in [("email", ""), ("groups", ""), ("permissions", ""), ("token-expires", "")] {
        assert_eq!(only(&response, &format!("x-patgate-{name}")), value, "{name}");
    }
}

#[test]
fn a_token_with_a_list_carries_what_of_it_the_owner_has_now() {
    let mut world = World::new();
    let chosen = world.permissions(&["release#view", "security#edit"]);
    let token = world.token(Prefix::ANY, |record| record.permissions = Some(chosen));
    assert_eq!(only(&world.show("/auth", &token, None), "x-patgate-permissions"), "release#view");
    let chosen = world.permissions(&["login", "release#view"]);
    let token = world.token(Prefix::ANY, |record| record.permissions = Some(chosen));
    assert_eq!(only(&world.show("/auth", &token, None), "x-patgate-permissions"), "login,release#view");
}

#[test]
fn identity_headers_that_a_client_forges_count_for_nothing() {
    let mut world = World::new();
    let bearer = format!("Bearer {}", world.any().reveal());
    let forged = [
        ("authorization", bearer.as_str()),
        ("x-patgate-user", "admin"),
        ("x-patgate-permissions", "admin"),
        ("x-patgate-token-id", "00000000001"),
    ];
    assert_eq!(world.ask("/auth", &forged).headers(), world.ask("/auth", &forged[..1]).headers());
    assert_eq!(only(&world.ask("/auth", &forged), "x-patgate-user"), "Ann");
    assert_eq!(world.ask("/auth", &forged[1..]).status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn every_prefix_passes_at_auth_and_its_own_at_its_application() {
    let mut world = World::new();
    let shop: Prefix = "shop".parse().unwrap();
    let slots = [ApplicationSlot::ANY, ApplicationSlot::RELEASE, ApplicationSlot::DEPLOY, world.shop];
    for ((prefix, slot), passes) in
        [Prefix::ANY, Prefix::RELEASE, Prefix::DEPLOY, shop].into_iter().zip(slots).zip([
            [true, true, true, true],
            [true, true, false, false],
            [true, false, true, false],
            [true, false, false, true],
        ])
    {
        let token = world.token(prefix, |record| record.application = slot);
        for (path, passes) in ["/auth", "/auth/release", "/auth/deploy", "/auth/shop"].into_iter().zip(passes)
        {
            for header in ["x-release-personal-token", "x-deploy-personal-token", "x-shop-personal-token"] {
                let lines =
                    [(header, token.reveal()), ("x-original-method", "GET"), ("x-original-uri", "/open")];
                let response = world.ask(path, &lines);
                if passes {
                    assert_eq!(response.status(), StatusCode::OK, "{prefix} at {path} in {header}");
                } else {
                    let other = (401, "the token is for another application".to_owned());
                    assert_eq!(cause(&response), other, "{prefix} at {path} in {header}");
                }
            }
        }
    }
}

#[test]
fn each_refusal_tells_its_cause_to_who_holds_the_secret() {
    let mut world = World::new();
    let yesterday = Expiry::at(now() - SignedDuration::from_hours(24)).unwrap();
    let over = Standing::Suspended(SuspensionReason::OverMaximum);
    let expired = world.token(Prefix::ANY, |record| record.expires_at = yesterday);
    let deleted = world.token(Prefix::ANY, |record| record.standing = Standing::Deleted);
    let suspended = world.token(Prefix::ANY, |record| record.standing = over);
    let foreign = world.token(Prefix::ANY, |record| record.application = ApplicationSlot::UNKNOWN);
    let unknown = PlainToken::generate(Prefix::ANY, &mut world.random);
    for (token, text) in [
        (&expired, "the token expired on 2 May 2026"),
        (&deleted, "the token was deleted"),
        (&suspended, "the token is suspended: it lives longer than the maximum"),
        (&foreign, "the token is for another application"),
        (&unknown, "the token is not known"),
    ] {
        assert_eq!(cause(&world.show("/auth", token, None)), (401, text.to_owned()));
    }
    let good = world.any();
    world.ann.state = UserState::Disabled { at: now() };
    world.put_ann();
    let disabled = (401, "the owner of the token is disabled".to_owned());
    assert_eq!(cause(&world.show("/auth", &good, None)), disabled);
    world.ann.state = UserState::Enabled;
    world.ann.origin = Origin::Sso;
    world.put_ann();
    let closed = (401, "tokens are not allowed for SSO users here".to_owned());
    assert_eq!(cause(&world.show("/auth/release", &good, Some(("GET", "/open")))), closed);
    let typed = world.ask("/auth", &[("authorization", "Bearer hunter2")]);
    assert_eq!(cause(&typed), (401, "the text does not start like a token".to_owned()));
}

#[test]
fn who_shows_nothing_is_challenged_without_an_error() {
    let world = World::new();
    let cookie = ("cookie", "patgate_session=abc; __Host-patgate_session=abc");
    for lines in
        [&[][..], &[cookie], &[("x-patgate-user", "admin")], &[("proxy-authorization", "Basic YTpi")]]
    {
        let response = world.ask("/auth", lines);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(only(&response, "www-authenticate"), "Bearer realm=\"patgate\"");
        let body = std::str::from_utf8(response.body()).unwrap();
        assert_eq!(
            body,
            "{\"type\":\"urn:patgate:problem:unauthorized\",\"title\":\"Unauthorized\",\"status\":401,\
             \"code\":\"unauthorized\",\"detail\":\"the request has no credentials\",\
             \"hint\":\"send a personal access token, as `Authorization: Bearer <token>`\"}"
        );
    }
}

#[test]
fn two_credentials_are_refused_even_when_both_are_good() {
    let mut world = World::new();
    let token = world.any();
    let twice = world.ask(
        "/auth",
        &[("x-release-personal-token", token.reveal()), ("x-deploy-personal-token", token.reveal())],
    );
    let text =
        "there are two token headers, `x-release-personal-token` and `x-deploy-personal-token`: send one";
    assert_eq!(cause(&twice), (401, text.to_owned()));
}

#[test]
fn a_token_with_another_users_name_looks_unknown_and_leaves_no_trace() {
    let mut world = World::new();
    let token = world.any();
    let unknown = PlainToken::generate(Prefix::ANY, &mut world.random);
    let basic = |name: &str, token: &PlainToken| {
        use base64::Engine;
        let text = format!("{name}:{}", token.reveal());
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    let answer = |line: String| world.ask("/auth", &[("authorization", &line)]);
    let (stolen, guessed) = (answer(basic("bob", &token)), answer(basic("bob", &unknown)));
    assert_eq!(stolen.body(), guessed.body());
    assert_eq!(stolen.headers(), guessed.headers());
    assert_eq!(cause(&stolen), (401, "the token is not known".to_owned()));
    world.index.used_since(Timestamp::UNIX_EPOCH, |id, _| panic!("{id} counts as used"));
    for name in ["Ann", "ann", "ANN", "", "  "] {
        assert_eq!(answer(basic(name, &token)).status(), StatusCode::OK, "{name:?}");
    }
    world.index.remove_owner(world.ann.id);
    let gone = (401, "the owner of the token is disabled".to_owned());
    assert_eq!(cause(&answer(basic("Ann", &token))), gone);
}

#[test]
fn one_use_a_minute_is_sampled_and_a_full_queue_keeps_nobody_waiting() {
    let mut world = World::new();
    let tokens = [world.any(), world.any(), world.any()];
    let agent = "x".repeat(300);
    let ask = |token: &PlainToken, second: i64| {
        let bearer = format!("Bearer {}", token.reveal());
        let lines = headers(&[
            ("authorization", &bearer),
            ("user-agent", &agent),
            ("x-forwarded-for", "203.0.113.9, 192.0.2.9"),
        ]);
        let at = now() + SignedDuration::from_secs(second);
        match world.gateway.authorize("/auth", &lines, PROXY.parse().unwrap(), at) {
            Decision::Answer(response) => assert_eq!(response.status(), StatusCode::OK),
            Decision::JudgePassword(demand) => panic!("{demand:?}"),
        }
    };
    [0, 0, 1, 59].into_iter().for_each(|second| ask(&tokens[0], second));
    let address = "192.0.2.9".parse().unwrap();
    let sample =
        UseSample { grant: GrantId::from_i64(7), at: now(), address, user_agent: agent[..200].into() };
    assert_eq!(sampled(&mut world.samples), [sample]);
    tokens.iter().for_each(|token| ask(token, 60));
    assert_eq!(sampled(&mut world.samples).len(), 2, "the third did not fit");
}

proptest! {
    #[test]
    fn no_name_or_address_breaks_out_of_its_header(
        username: String, email: String, groups: Vec<String>, token_name: String,
    ) {
        let mut world = World::new();
        let typed = username.parse();
        world.ann.username = typed.unwrap_or_else(|_| "Ann".parse().unwrap());
        world.ann.email = email.clone();
        world.ann.groups = groups;
        world.put_ann();
        let token = world.token(Prefix::ANY, |record| record.name = token_name.as_str().into());
        let response = world.show("/auth", &token, None);
        prop_assert_eq!(response.headers().len(), 8);
        for value in response.headers().values() {
            prop_assert!(value.as_bytes().iter().all(u8::is_ascii_graphic), "{:?}", value);
        }
        let decoded = |name| percent_decode_str(only(&response, name)).decode_utf8().unwrap().into_owned();
        prop_assert_eq!(decoded("x-patgate-user"), world.ann.username.as_str());
        prop_assert_eq!(decoded("x-patgate-email"), email);
        prop_assert_eq!(decoded("x-patgate-token-name"), token_name);
        let groups = only(&response, "x-patgate-groups").split(',');
        let groups: Vec<_> = groups.map(|g| percent_decode_str(g).decode_utf8().unwrap()).collect();
        prop_assert!(groups == world.ann.groups || world.ann.groups.is_empty());
    }

    #[test]
    fn whatever_is_asked_the_answer_is_one_that_proxies_know(
        path in "(/auth(/(release|deploy|shop|any|[a-z.%/]{0,6}))?|[ -~]{0,8})",
        lines in proptest::collection::vec(
            (
                prop::sample::select(vec![
                    "authorization", "x-release-personal-token", "x-original-uri", "x-original-method",
                    "x-forwarded-for", "cookie", "user-agent",
                ]),
                prop_oneof!["[ -~]{0,40}", "(Bearer|Basic) [A-Za-z0-9+/=:]{0,40}", Just("GET".to_owned())],
            ),
            0..6,
        ),
    ) {
        let world = World::new();
        let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if let Decision::Answer(response) = world.decide(&path, &lines) {
            prop_assert!([401, 403].contains(&response.status().as_u16()), "nobody holds a token here");
            prop_assert_eq!(response.headers().get_all("www-authenticate").iter().count(), 1);
            prop_assert!(!response.headers().contains_key("location"));
        }
    }
}
