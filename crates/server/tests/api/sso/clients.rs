//! The ways in which Patgate proves that it is the client, and the algorithms of ID tokens that come with them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use patgate_testkit::certificates::Authority;
use patgate_testkit::child::run;
use patgate_testkit::ports;
use patgate_testkit::servers::fake_http::{FakeHttp, Reply};
use patgate_testkit::servers::nginx::Nginx;
use patgate_testkit::servers::oidc::{Certified, SECRET, Visitor};
use serde_json::{Value, json};

use super::{BASE, Stage, begin, come_back, document, table, world};
use crate::common::get;

#[tokio::test]
async fn a_secret_is_shown_in_the_form_or_not_at_all() {
    for (client, lines) in [
        ("patgate-post", "client_secret = 'posted'\nclient_auth_method = 'client_secret_post'"),
        // Its tokens are signed with ES256, which it offers.
        ("patgate-public", ""),
        ("patgate-public", "id_token_jws_alg = 'ES256'"),
    ] {
        let stage = Stage::with_client(client, lines).await;
        assert_eq!(stage.sign_in("alice").await.status(), 303, "{client}: {}", stage.provider.log());
    }
}

#[tokio::test]
async fn an_id_token_with_another_algorithm_than_the_named_one_is_refused() {
    let stage = Stage::with_client("patgate-public", "id_token_jws_alg = 'RS256'").await;
    stage.sign_in("alice").await.assert_refused();
}

#[tokio::test]
async fn a_private_key_proves_who_the_client_is() {
    let folder = tempfile::tempdir().unwrap();
    let (key, public) = (folder.path().join("key.pem"), folder.path().join("public.der"));
    let (key, public) = (key.display().to_string(), public.display().to_string());
    run("openssl", ["genpkey", "-algorithm", "ED25519", "-out", &key]);
    run("openssl", ["pkey", "-in", &key, "-pubout", "-outform", "DER", "-out", &public]);
    // The key is the last 32 bytes of its DER (RFC 8410 §4).
    let der = std::fs::read(&public).unwrap();
    let x = URL_SAFE_NO_PAD.encode(&der[der.len() - 32..]);
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ours", "x": x, "alg": "EdDSA", "use": "sig" });
    let port = ports::free();
    let lines = format!(
        "client_auth_key_file = '{key}'\nclient_auth_jws_alg = 'EdDSA'\nclient_auth_key_id = 'ours'\n\
         id_token_jws_alg = 'EdDSA'"
    );
    let world = world(&table("company", &Certified::issuer_on(port), "patgate-key", &lines)).await;
    let provider = Certified::start_with_key(port, BASE, "company", &jwk);
    let (location, cookie) = begin(&world, "company", "").await;
    let back = Visitor::new("alice", "any").sign_in(&location, BASE);
    let answer = come_back(&world, &back, &cookie).await;
    assert_eq!(answer.status(), 303, "{}{}", answer.shown(), provider.log());
}

#[tokio::test]
async fn addresses_of_the_configuration_make_the_document_needless() {
    let port = ports::free();
    let issuer = Certified::issuer_on(port);
    let lines = format!(
        "client_secret = '{SECRET}'\nkey_retrieval_uri = '{issuer}/jwks'\naccess_token_uri = '{issuer}/token'\n\
         user_authorization_uri = '{issuer}/auth'\nlogout_uri = '{issuer}/session/end'"
    );
    let world = world(&table("company", &issuer, "patgate", &lines)).await;
    let provider = Certified::start(port, BASE, "company");
    let (location, cookie) = begin(&world, "company", "").await;
    let back = Visitor::new("alice", "any").sign_in(&location, BASE);
    assert_eq!(come_back(&world, &back, &cookie).await.status(), 303, "{}", provider.log());
}

#[tokio::test]
async fn a_provider_is_tried_step_by_step() {
    let stage = Stage::build("").await;
    let provider = stage.world.state.oidc.find("company").unwrap();
    let steps = provider.check(stage.world.clock.now()).await.steps;
    let names: Vec<_> = steps.iter().map(|step| (step.what.as_str(), step.outcome.is_ok())).collect();
    let all = [
        "discovery",
        "endpoints",
        "PKCE",
        "keys",
        "scopes",
        "log-out",
        "back-channel log-out",
        "re-checks",
        "redirect",
    ];
    assert_eq!(names, all.map(|name| (name, true)));
    let seen = steps.iter().map(|step| step.outcome.clone().unwrap()).collect::<Vec<_>>().join("\n");
    for part in [
        "3 that can check signatures",
        "`/login/backchannel-logout/company`",
        "PKCE with S256",
        "/oidc-login",
    ] {
        assert!(seen.contains(part), "{seen}");
    }
}

#[tokio::test]
async fn a_provider_is_believed_by_the_authority_that_vouches_for_it() {
    let (ours, other) = (Authority::create(), Authority::create());
    let certificate = ours.server("id");
    let (pem, key) = (certificate.certificate.display(), certificate.key.display());
    let nginx = Nginx::start(|port| {
        let issuer = format!("https://localhost:{port}");
        let document = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        });
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {pem}; ssl_certificate_key {key}; \
             location / {{ default_type application/json; return 200 '{document}'; }} }}"
        )
    });
    let issuer = format!("https://localhost:{}", nginx.port());
    let trust = |authority: &Authority| format!("trust = '{}'", authority.certificate().display());
    for (lines, status) in [(trust(&ours), 303), (trust(&other), 503), (String::new(), 503)] {
        let world = world(&table("company", &issuer, "patgate", &lines)).await;
        let answer = world.send(get("/login/external/company")).await;
        assert_eq!(answer.status(), status, "{lines}: {}", answer.shown());
    }
}

#[tokio::test]
async fn offline_access_is_left_out_where_a_provider_says_that_it_knows_other_scopes_alone() {
    for (known, is_asked_for) in [
        (json!(["openid", "profile"]), false),
        (json!(["openid", "offline_access"]), true),
        (Value::Null, true),
    ] {
        let provider = FakeHttp::start(move |url, _| {
            let mut document = document(url);
            document["scopes_supported"] = known.clone();
            Reply::json(&document)
        });
        let world = world(&table("company", &provider.url(), "patgate", "")).await;
        let (location, _) = begin(&world, "company", "").await;
        for asked in ["offline_access", "prompt=consent"] {
            assert_eq!(location.contains(asked), is_asked_for, "{asked}: {location}");
        }
        assert!(location.contains("scope=openid+profile"), "{location}");
    }
}
