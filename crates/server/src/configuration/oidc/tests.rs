//! Identity providers in the configuration: what is usual, what a preset sets, and which faults are told.

use super::*;
use crate::configuration::{Configuration, Faults, Flags, Sources};

const SHORTEST: &str =
    "[[oidc]]\nname = 'company'\nissuer = 'https://id.example.com'\nclient_id = 'patgate'\n";

fn file(text: &str) -> Result<Configuration, Faults> {
    Configuration::of_sources(Sources::new(Flags::default(), []).with_file("patgate.toml", text))
}

/// The one provider of the shortest table and these lines.
fn with(lines: &str) -> OidcSettings {
    file(&format!("{SHORTEST}{lines}")).unwrap_or_else(|faults| panic!("{faults}")).oidc.remove(0)
}

/// The fields at fault in the shortest table with these lines.
fn at_fault(lines: &str) -> Vec<String> {
    let faults = file(&format!("{SHORTEST}{lines}")).unwrap_err();
    faults.iter().map(|fault| fault.field().to_owned()).collect()
}

#[test]
fn an_issuer_and_a_client_are_enough() {
    let provider = with("");
    assert_eq!((provider.label.as_str(), provider.button.as_str()), ("company", "Log in with company"));
    assert_eq!(provider.issuer, "https://id.example.com", "the issuer keeps its letters");
    assert!(matches!(provider.authentication, ClientAuthentication::None));
    assert_eq!(provider.scopes, ["openid", "profile", "email", "offline_access"]);
    assert_eq!(provider.claims.roles, "groups");
    assert_eq!((provider.prompt, provider.clock_skew), (Prompt::AsNeeded, SignedDuration::from_secs(60)));
    assert!(!provider.log_in_directly && provider.access_token.is_none());
    assert!(!provider.recheck_confirms, "nobody knows whether it refuses whom it disabled");
    assert!(with("recheck_confirms = true\n").recheck_confirms);
    assert_eq!(at_fault("recheck_confirms = 'yes'\n"), ["oidc[1].recheck_confirms"]);
}

#[test]
fn a_preset_knows_the_claims_of_its_product() {
    for (preset, roles, external_id) in
        [("keycloak", "realm_access.roles", "sub"), ("okta", "groups", "sub"), ("entra-id", "roles", "oid")]
    {
        let provider = with(&format!("preset = '{preset}'\n"));
        assert_eq!(
            (provider.claims.roles.as_str(), provider.claims.external_id.as_str()),
            (roles, external_id)
        );
        assert_eq!(provider.prompt, Prompt::Nothing);
        assert!(provider.recheck_confirms, "it refuses whom it disabled");
        assert!(!with(&format!("preset = '{preset}'\nrecheck_confirms = false\n")).recheck_confirms);
    }
    let provider =
        with("preset = 'keycloak'\nroles_claim = 'groups'\nprompt = 'login'\nscopes = ['groups']\n");
    assert_eq!(provider.claims.roles, "groups");
    assert_eq!(provider.prompt, Prompt::Word("login".to_owned()));
    assert_eq!(provider.scopes, ["openid", "groups"]);
}

#[test]
fn each_claim_can_be_named() {
    let lines = "user_name_claim = 'upn'\nroles_claim = 'a.b'\nfull_name_claim = 'display_name'\nemail_claim = 'mail'\n\
                 external_id_claim = 'employee'\n";
    let claims = ClaimNames {
        user_name: "upn".to_owned(),
        roles: "a.b".to_owned(),
        full_name: "display_name".to_owned(),
        email: "mail".to_owned(),
        external_id: "employee".to_owned(),
    };
    assert_eq!(with(lines).claims, claims);
    assert_eq!(with(&format!("preset = 'entra-id'\n{lines}")).claims, claims);
}

#[test]
fn how_a_client_proves_itself_follows_from_what_it_has() {
    assert!(matches!(with("client_secret = 's'\n").authentication, ClientAuthentication::Basic(_)));
    let post = with("client_secret = 's'\nclient_auth_method = 'client_secret_post'\n");
    assert!(matches!(post.authentication, ClientAuthentication::Post(_)));
    let folder = tempfile::tempdir().unwrap();
    let random = ring::rand::SystemRandom::new();
    let key = ring::signature::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, crate::provider::oidc::jws::tests::pem(key.as_ref())).unwrap();
    let lines = format!("client_auth_key_file = '{}'\nclient_auth_jws_alg = 'EdDSA'\n", path.display());
    assert!(matches!(with(&lines).authentication, ClientAuthentication::PrivateKey(_)));
    let wrong = lines.replace("EdDSA", "ES256");
    assert_eq!(at_fault(&wrong), ["oidc[1].client_auth_key_file"]);
    for (lines, field) in [
        ("client_auth_method = 'client_secret_basic'\n", "oidc[1].client_auth_method"),
        ("client_auth_method = 'private_key_jwt'\n", "oidc[1].client_auth_method"),
        ("client_auth_method = 'magic'\n", "oidc[1].client_auth_method"),
        ("client_secret = 's'\nclient_auth_method = 'none'\n", "oidc[1].client_auth_method"),
        ("client_secret_file = '/no/such/file'\n", "oidc[1].client_secret_file"),
        ("client_auth_key_file = '/no/such/file'\n", "oidc[1].client_auth_key_file"),
    ] {
        assert_eq!(at_fault(lines), [field], "{lines}");
    }
}

#[test]
fn every_fault_of_a_provider_is_told_at_once() {
    let faults = file(
        "[[oidc]]\nname = 'Company'\nlabel = ''\npreset = 'auth0'\nissuer = 'http://id.example.com'\n\
         redirect_uri = 'https://t.example.com/elsewhere'\nkey_retrieval_uri = 'id.example.com'\n\
         id_token_jws_alg = 'none'\nclock_skew_seconds = 601\nprompt = 'none'\nscopes = ['a b']\n\
         trust = '/no/such/file'\n[oidc.access_token]\njws_alg = 'HS256'\n[[oidc]]\nname = 'b'\n",
    )
    .unwrap_err();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(faults) });
}

#[test]
fn shared_secrets_sign_only_where_they_are_named_and_there() {
    assert_eq!(at_fault("id_token_jws_alg = 'HS256'\n"), ["oidc[1].id_token_jws_alg"]);
    let provider = with("id_token_jws_alg = 'HS256'\nclient_secret = 's'\n");
    assert_eq!(provider.id_token_algorithm, Some(Algorithm::Hs256));
}

#[test]
fn plain_http_is_for_this_machine() {
    let issuer = |issuer: &str, more: &str| {
        file(
            &SHORTEST
                .replace("https://id.example.com", issuer)
                .replace("[[oidc]]\n", &format!("[[oidc]]\n{more}")),
        )
    };
    for ours in
        ["http://localhost:8080/realms/a", "http://127.0.0.1:80", "http://[::1]/", "http://op.localhost"]
    {
        assert!(issuer(ours, "").is_ok(), "{ours}");
    }
    for other in ["http://id.example.com", "http://localhost.example.com", "http://128.0.0.1"] {
        assert!(issuer(other, "").is_err(), "{other}");
        assert!(issuer(other, "allow_clear_text = true\n").is_ok(), "{other}");
    }
}

#[test]
fn one_provider_alone_is_gone_to_directly_and_names_are_taken_once() {
    let two = format!("{SHORTEST}log_in_directly = true\n{}", SHORTEST.replace("company", "other"));
    assert!(file(&two).unwrap_err().to_string().contains("log_in_directly"));
    assert!(file(&format!("{SHORTEST}{SHORTEST}")).unwrap_err().to_string().contains("is taken"));
    let directory = "[[ldap]]\nname = 'company'\nurls = ['ldaps://h']\nuser_search_base = 'dc=x'\n";
    assert!(file(&format!("{SHORTEST}{directory}")).unwrap_err().to_string().contains("is taken"));
    assert!(with("log_in_directly = true\n").log_in_directly);
}

#[test]
fn no_secret_of_a_provider_is_shown() {
    let shown = format!("{:?}", with("client_secret = 'hunter2'\n"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn access_tokens_count_when_an_audience_is_named() {
    let provider = with("[oidc.access_token]\naudience = 'https://api.example.com'\n");
    let settings = provider.access_token.unwrap();
    assert_eq!(settings.issuer, "https://id.example.com");
    assert_eq!(at_fault("[oidc.access_token]\nissuer = 'https://x'\n"), ["oidc[1].access_token.audience"]);
}

#[test]
fn each_provider_has_a_scim_client_of_its_own() {
    assert_eq!(with("scim_user = 'Company-SCIM'\n").scim_user.unwrap().as_str(), "Company-SCIM");
    assert!(with("").scim_user.is_none());
    assert_eq!(at_fault("scim_user = 'a:b'\n"), ["oidc[1].scim_user"]);
    let second = SHORTEST.replace("company", "other");
    let twice = file(&format!("{SHORTEST}scim_user = 'robot'\n{second}scim_user = 'ROBOT'\n")).unwrap_err();
    let told: Vec<_> = twice.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("`scim_user` `ROBOT` stands twice"), "{told:?}");
}

#[test]
fn a_proxy_is_a_host_and_a_port() {
    assert_eq!(with("").proxy, None);
    let proxy = with("proxy = 'http://proxy.example.com:3128'\n").proxy.unwrap();
    assert_eq!(proxy.to_string(), "http://proxy.example.com:3128");
    for bad in ["proxy.example.com:3128", "https://proxy.example.com", "http://ann:secret@proxy.example.com"]
    {
        assert_eq!(at_fault(&format!("proxy = '{bad}'\n")).len(), 1, "{bad}");
    }
    let told = file(&format!("{SHORTEST}proxy = 'http://ann:secret@proxy.example.com'\n")).unwrap_err();
    assert!(
        told.to_string().contains("`http://HOST:PORT`") && !told.to_string().contains("secret"),
        "{told}"
    );
}
