//! What tokens of a provider must say: one thing wrong at a time.

use serde_json::{Value, json};

use super::fault::TokenFault;
use super::jws::tests::{Signer, set};
use super::jws::{Algorithm, KeySet, Trust};
use super::*;

const ISSUER: &str = "https://id.example.com";
const NOW: i64 = 1_800_000_000;
const SKEW: SignedDuration = SignedDuration::from_secs(60);

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// Claims with some of them changed; `null` takes one away.
fn changed(mut claims: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("{changes}") };
    for (name, value) in changes {
        let all = claims.as_object_mut().unwrap();
        if value.is_null() {
            all.remove(&name)
        } else {
            all.insert(name, value)
        };
    }
    claims
}

fn trust(keys: &KeySet) -> Trust<'_> {
    Trust { algorithms: &[Algorithm::EdDsa], keys, secret: None }
}

fn id_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "patgate", "sub": "4711", "nonce": "n", "iat": NOW - 1, "exp": NOW + 300,
        "auth_time": 1_799_999_999.5,
    })
}

fn id_token(claims: &Value) -> Result<jws::Claims, TokenFault> {
    let signer = Signer::ed25519("k");
    let keys = set(&[&signer.public]);
    let expected =
        id_token::ExpectedIdToken { issuer: ISSUER, client_id: "patgate", skew: SKEW, nonce: Some("n") };
    id_token::check(&signer.sign(claims), expected, trust(&keys), now())
}

#[test]
fn an_id_token_says_who_signed_in() {
    for claims in [
        id_claims(),
        changed(id_claims(), json!({ "aud": ["patgate"] })),
        changed(id_claims(), json!({ "aud": ["patgate", "other"], "azp": "patgate" })),
        changed(id_claims(), json!({ "azp": "patgate", "exp": NOW as f64 + 0.5 })),
        // Within what clocks may differ.
        changed(id_claims(), json!({ "exp": NOW - 59 })),
        changed(id_claims(), json!({ "iat": NOW + 60, "nbf": NOW + 60 })),
    ] {
        assert_eq!(id_token(&claims).unwrap()["sub"], "4711", "{claims}");
    }
}

#[test]
fn an_id_token_with_one_thing_wrong_says_nothing() {
    for (change, fault) in [
        (json!({ "iss": "https://id.example.com/" }), TokenFault::Issuer),
        (json!({ "iss": null }), TokenFault::Issuer),
        (json!({ "aud": "someone-else" }), TokenFault::Audience),
        (json!({ "aud": [] }), TokenFault::Audience),
        (json!({ "aud": null }), TokenFault::Audience),
        (json!({ "aud": ["patgate", "other"] }), TokenFault::AuthorizedParty),
        (json!({ "azp": "other" }), TokenFault::AuthorizedParty),
        (json!({ "exp": NOW - 60 }), TokenFault::Expired),
        (json!({ "exp": null }), TokenFault::Claim("exp")),
        (json!({ "exp": "soon" }), TokenFault::Claim("exp")),
        (json!({ "exp": 1e30 }), TokenFault::Claim("exp")),
        (json!({ "iat": NOW + 61 }), TokenFault::Future),
        (json!({ "iat": null }), TokenFault::Claim("iat")),
        (json!({ "nbf": NOW + 61 }), TokenFault::Future),
        (json!({ "nonce": "m" }), TokenFault::Nonce),
        (json!({ "nonce": null }), TokenFault::Nonce),
        (json!({ "nonce": ["n"] }), TokenFault::Claim("nonce")),
        (json!({ "sub": null }), TokenFault::Claim("sub")),
        (json!({ "sub": "x".repeat(256) }), TokenFault::Claim("sub")),
    ] {
        assert_eq!(id_token(&changed(id_claims(), change.clone())).unwrap_err(), fault, "{change}");
    }
}

fn logout_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": ["patgate"], "sub": "4711", "sid": "s1", "iat": NOW, "exp": NOW + 120, "jti": "j1",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

fn shown<'s>(
    claims: &Value,
    seen: &'s logout_token::Seen,
    at: Timestamp,
) -> Result<SignedOut<'s>, TokenFault> {
    let signer = Signer::ed25519("k");
    let keys = set(&[&signer.public]);
    let expected = logout_token::ExpectedLogoutToken { issuer: ISSUER, client_id: "patgate", skew: SKEW };
    logout_token::check(&signer.sign(claims), expected, trust(&keys), seen, at)
}

/// The subject and the session that a token ended.
fn logout(
    claims: &Value,
    seen: &logout_token::Seen,
    at: Timestamp,
) -> Result<(Option<String>, Option<String>), TokenFault> {
    let mut signed_out = shown(claims, seen, at)?;
    let both = (signed_out.subject.take(), signed_out.session.take());
    signed_out.done();
    Ok(both)
}

#[test]
fn a_logout_token_names_a_subject_or_a_session_or_both() {
    let both = |subject: Option<&str>, session: Option<&str>| {
        (subject.map(str::to_owned), session.map(str::to_owned))
    };
    for (change, expected) in [
        (json!({}), both(Some("4711"), Some("s1"))),
        (json!({ "sid": null }), both(Some("4711"), None)),
        (json!({ "sub": null }), both(None, Some("s1"))),
        // A draft's, without an end.
        (json!({ "exp": null, "aud": "patgate" }), both(Some("4711"), Some("s1"))),
    ] {
        let seen = logout_token::Seen::default();
        assert_eq!(logout(&changed(logout_claims(), change), &seen, now()).unwrap(), expected);
    }
}

#[test]
fn a_logout_token_with_one_thing_wrong_ends_nothing() {
    let event = "http://schemas.openid.net/event/backchannel-logout";
    for (change, fault) in [
        (json!({ "iss": "https://evil.example" }), TokenFault::Issuer),
        (json!({ "aud": "other" }), TokenFault::Audience),
        (json!({ "exp": NOW - 60 }), TokenFault::Expired),
        (json!({ "exp": null, "iat": NOW - 180 }), TokenFault::Expired),
        (json!({ "iat": NOW + 61 }), TokenFault::Future),
        (json!({ "iat": null }), TokenFault::Claim("iat")),
        (json!({ "sub": null, "sid": null }), TokenFault::Claim("sub")),
        (json!({ "events": null }), TokenFault::Kind),
        (json!({ "events": {} }), TokenFault::Kind),
        (json!({ "events": { event: true } }), TokenFault::Kind),
        (json!({ "events": [event] }), TokenFault::Kind),
        (json!({ "nonce": "n" }), TokenFault::Kind),
        (json!({ "jti": null }), TokenFault::Claim("jti")),
    ] {
        let seen = logout_token::Seen::default();
        assert_eq!(logout(&changed(logout_claims(), change.clone()), &seen, now()), Err(fault), "{change}");
    }
    // An ID token ends nothing, and a logout token signs nobody in.
    assert_eq!(logout(&id_claims(), &logout_token::Seen::default(), now()), Err(TokenFault::Kind));
    assert_eq!(id_token(&logout_claims()), Err(TokenFault::Nonce));
}

#[test]
fn a_logout_token_counts_once_while_it_counts() {
    let seen = logout_token::Seen::default();
    assert!(logout(&logout_claims(), &seen, now()).is_ok());
    let last = now() + SignedDuration::from_secs(120 + 59);
    for at in [now(), last] {
        assert_eq!(logout(&logout_claims(), &seen, at), Err(TokenFault::Replayed));
    }
    let ended = last + SignedDuration::from_secs(1);
    assert_eq!(logout(&logout_claims(), &seen, ended), Err(TokenFault::Expired));
    assert!(logout(&changed(logout_claims(), json!({ "jti": "j2" })), &seen, now()).is_ok());
}

#[test]
fn a_logout_token_can_be_shown_again_when_nothing_has_ended() {
    let seen = logout_token::Seen::default();
    let first = shown(&logout_claims(), &seen, now()).unwrap();
    assert_eq!(logout(&logout_claims(), &seen, now()), Err(TokenFault::Replayed), "the first is at it");
    drop(first);
    assert!(logout(&logout_claims(), &seen, now()).is_ok());
    assert_eq!(logout(&logout_claims(), &seen, now()), Err(TokenFault::Replayed));
}

fn access_claims() -> Value {
    json!({ "iss": ISSUER, "aud": "https://api.example.com", "sub": "4711", "exp": NOW + 60, "iat": NOW })
}

fn access(claims: &Value) -> Result<String, TokenFault> {
    let signer = Signer::ed25519("k");
    let keys = set(&[&signer.public]);
    let settings = AccessTokenSettings {
        issuer: ISSUER.to_owned(),
        audience: "https://api.example.com".to_owned(),
        keys: None,
        algorithm: None,
    };
    access_token::check(&signer.sign(claims), &settings, ("sub", SKEW), trust(&keys), now())
}

#[test]
fn an_access_token_that_was_made_for_this_api_names_its_user() {
    assert_eq!(access(&access_claims()).as_deref(), Ok("4711"));
    // As at a sign-in, a number counts as its digits.
    assert_eq!(access(&changed(access_claims(), json!({ "sub": 4711 }))).as_deref(), Ok("4711"));
    for (change, fault) in [
        (json!({ "aud": "patgate" }), TokenFault::Audience),
        (json!({ "iss": "https://evil.example" }), TokenFault::Issuer),
        (json!({ "exp": NOW - 60 }), TokenFault::Expired),
        (json!({ "exp": null }), TokenFault::Claim("exp")),
        (json!({ "nbf": NOW + 61 }), TokenFault::Future),
        (json!({ "sub": ["4711"] }), TokenFault::Claim("sub")),
        (json!({ "sub": " " }), TokenFault::Claim("sub")),
        // An ID token for the same audience, and a logout token, open nothing.
        (json!({ "nonce": "n" }), TokenFault::Kind),
        (json!({ "events": {} }), TokenFault::Kind),
    ] {
        assert_eq!(access(&changed(access_claims(), change.clone())), Err(fault), "{change}");
    }
}
