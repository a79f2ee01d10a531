//! Passwords at forward authentication: handed back to be judged, where the application allows them.

use super::*;

/// `ann:secret`.
const ANN: (&str, &str) = ("authorization", "Basic YW5uOnNlY3JldA==");

fn demand(world: &World) -> PasswordDemand {
    match world.decide("/auth/shop", &[ANN, ("x-forwarded-for", "192.0.2.9")]) {
        Decision::JudgePassword(demand) => demand,
        Decision::Answer(response) => panic!("{response:?}"),
    }
}

#[test]
fn only_an_application_that_allows_passwords_has_them_judged() {
    let world = World::new();
    let told = ("x-original-uri", "/open");
    for path in ["/auth", "/auth/release", "/auth/deploy"] {
        let refused = (401, "passwords are not accepted here, only tokens".to_owned());
        assert_eq!(cause(&world.ask(path, &[ANN, told, ("x-original-method", "GET")])), refused, "{path}");
    }
    let demand = demand(&world);
    assert_eq!(demand.credential.username(), "ann");
    assert_eq!(demand.credential.reveal(), "secret");
    assert_eq!(demand.client_address.to_string(), "192.0.2.9");
    assert!(!format!("{demand:?}").contains("secret"));
}

#[test]
fn a_proven_password_is_told_like_a_token_without_one() {
    let mut world = World::new();
    let response =
        world.gateway.answer_password(demand(&world), PasswordOutcome::Proven(world.ann.id), now());
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("user", "Ann"),
        ("email", "ann@example.org"),
        ("groups", "dev%2Cops,qa"),
        ("permissions", "login,release#view"),
        ("token-id", ""),
        ("token-name", ""),
        ("token-expires", ""),
    ] {
        assert_eq!(only(&response, &format!("x-patgate-{name}")), value, "{name}");
    }
    assert_eq!(only(&response, "cache-control"), "no-store");
    assert_eq!(sampled(&mut world.samples), []);
}

#[test]
fn each_other_outcome_is_401_with_its_cause() {
    let mut world = World::new();
    for (outcome, text) in [
        (PasswordOutcome::Wrong, "the user name or the password is wrong"),
        (PasswordOutcome::Throttled { seconds: 30 }, "too many wrong passwords: try again in 30 s"),
        (PasswordOutcome::Busy, "too many passwords are being checked: try again soon"),
        (PasswordOutcome::Disabled, "the user is disabled"),
        (
            PasswordOutcome::Refused { reference: 7 },
            "the sign-in was refused; an administrator finds the reason in the log under 7",
        ),
        (PasswordOutcome::SwitchedOff, "passwords are not accepted here, only tokens"),
        (PasswordOutcome::Proven(UserId::from_i64(99)), "the user name or the password is wrong"),
    ] {
        let response = world.gateway.answer_password(demand(&world), outcome, now());
        assert_eq!(cause(&response), (401, text.to_owned()), "{outcome:?}");
    }
    world.ann.state = UserState::Disabled { at: now() };
    world.put_ann();
    let response =
        world.gateway.answer_password(demand(&world), PasswordOutcome::Proven(world.ann.id), now());
    assert_eq!(cause(&response), (401, "the user is disabled".to_owned()));
}

#[test]
fn rules_hold_for_passwords_and_are_told_only_to_who_has_proven_one() {
    let world = World::new();
    let view = world.catalog.slot(&"release#view".parse().unwrap());
    let abort = world.catalog.slot(&"release#abort".parse().unwrap());
    let gate = Gate {
        allow_passwords: true,
        rules: vec![Rule::new(["GET"], "/view", view).unwrap(), Rule::new(["GET"], "/abort", abort).unwrap()],
        ..Gate::new("release".parse().unwrap(), ApplicationSlot::RELEASE, RELEASE_TOKEN_HEADER)
    };
    let (samples, _) = channel(1);
    let proxies = TrustedProxies::read([PROXY]).unwrap();
    let (index, catalog) = (Arc::clone(&world.index), Arc::clone(&world.catalog));
    let gateway = Gateway::new(index, catalog, vec![gate], proxies, samples).unwrap();
    let answer = |uri, outcome| {
        let lines = headers(&[ANN, ("x-original-method", "GET"), ("x-original-uri", uri)]);
        match gateway.authorize("/auth/release", &lines, PROXY.parse().unwrap(), now()) {
            Decision::JudgePassword(demand) => gateway.answer_password(demand, outcome, now()),
            Decision::Answer(response) => panic!("{response:?}"),
        }
    };
    let proven = PasswordOutcome::Proven(world.ann.id);
    assert_eq!(answer("/view", proven).status(), StatusCode::OK);
    let lacks = (403, "You do not have release#abort permission".to_owned());
    assert_eq!(cause(&answer("/abort", proven)), lacks);
    let uncovered = (403, "no rule of this application covers the request".to_owned());
    assert_eq!(cause(&answer("/other", proven)), uncovered);
    let wrong = (401, "the user name or the password is wrong".to_owned());
    for uri in ["/view", "/abort", "/other", "/.."] {
        assert_eq!(cause(&answer(uri, PasswordOutcome::Wrong)), wrong, "{uri}");
    }
}
