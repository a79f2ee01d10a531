//! The tables `[[oidc]]` and `[oidc.access_token]`.

use confique::Config;

/// One `[[oidc]]`.
#[derive(Config)]
pub struct Oidc {
    /// The name, as it stands at the provider's users and in `/login/external/NAME`: 1 to 40 lower-case letters, digits
    /// and `-`, a letter first. It is not to change: users are known by it.
    ///
    /// Example: `"company"`
    pub name: String,

    /// What people read on the pages, 1 to 100 characters. When it is absent it is the name.
    ///
    /// Example: `"Example Ltd."`
    pub label: Option<String>,

    /// `keycloak`, `okta` or `entra-id`: defaults for the claims, the scopes and `prompt` as the guide tells.
    ///
    /// Example: `"keycloak"`
    pub preset: Option<String>,

    /// The issuer, letter by letter as the provider writes it. What else is needed is read from its discovery document,
    /// `ISSUER/.well-known/openid-configuration`.
    ///
    /// Example: `"https://id.example.com/realms/company"`
    pub issuer: String,

    /// What the server told that this provider was, when `issuer` or `external_id_claim` has changed since it was first met
    /// under its name, and it has the same people under the same keys. See the guide.
    ///
    /// Example: `"sso https://old.example.com by sub"`
    pub moved_from: Option<String>,

    /// What Patgate is called at the provider.
    ///
    /// Example: `"patgate"`
    pub client_id: String,

    /// The secret that the provider has for Patgate.
    ///
    /// Example: `"the provider shows it"`
    pub client_secret: Option<String>,

    /// A file that holds that secret and nothing else, instead of `client_secret`.
    ///
    /// Example: `"/run/secrets/patgate-oidc"`
    pub client_secret_file: Option<String>,

    /// How Patgate proves that it is the client: `client_secret_basic`, `client_secret_post`, `private_key_jwt`, or
    /// `none` for a public client. When it is absent it is `client_secret_basic` with a secret, `private_key_jwt` with a
    /// key, and else `none`.
    ///
    /// Example: `"client_secret_basic"`
    pub client_auth_method: Option<String>,

    /// The private key of `private_key_jwt`, a PEM file (PKCS #8).
    ///
    /// Example: `"/etc/patgate/oidc.key"`
    pub client_auth_key_file: Option<String>,

    /// With which algorithm it signs: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA.
    #[config(default = "RS256")]
    pub client_auth_jws_alg: String,

    /// What the provider calls that key.
    ///
    /// Example: `"patgate-2026"`
    pub client_auth_key_id: Option<String>,

    /// Where the provider's keys are (`jwks_uri`), when its discovery document says it wrongly or not at all. With
    /// `access_token_uri` and `user_authorization_uri` beside it, the document is not read.
    ///
    /// Example: `"https://id.example.com/realms/company/protocol/openid-connect/certs"`
    pub key_retrieval_uri: Option<String>,

    /// Where codes become tokens (`token_endpoint`).
    ///
    /// Example: `"https://id.example.com/realms/company/protocol/openid-connect/token"`
    pub access_token_uri: Option<String>,

    /// Where people sign in (`authorization_endpoint`).
    ///
    /// Example: `"https://id.example.com/realms/company/protocol/openid-connect/auth"`
    pub user_authorization_uri: Option<String>,

    /// Where people sign out (`end_session_endpoint`).
    ///
    /// Example: `"https://id.example.com/realms/company/protocol/openid-connect/logout"`
    pub logout_uri: Option<String>,

    /// Where the provider sends people back to: an address of Patgate that ends with `/oidc-login` or
    /// `/login/external-login`. The provider must know it. When it is absent it is `/oidc-login` below `public_url`.
    ///
    /// Example: `"https://tokens.example.com/oidc-login"`
    pub redirect_uri: Option<String>,

    /// Where the provider sends people after they logged out. The provider must know it. When it is absent it is
    /// `/login` below `public_url`.
    ///
    /// Example: `"https://tokens.example.com/login"`
    pub post_logout_redirect_uri: Option<String>,

    /// The claim with the log-in name. When it is absent it is `preferred_username`.
    ///
    /// Example: `"preferred_username"`
    pub user_name_claim: Option<String>,

    /// The claim with groups or roles: a list of texts, or one text in which `;` or `,` separates them. Dots lead into
    /// objects, as in `realm_access.roles`. When it is absent it is `groups`, or what the preset says.
    ///
    /// Example: `"groups"`
    pub roles_claim: Option<String>,

    /// The claim with the full name.
    #[config(default = "name")]
    pub full_name_claim: String,

    /// The claim with the mail address.
    #[config(default = "email")]
    pub email_claim: String,

    /// The claim with the provider's own key for somebody, which it never gives to another. Users are known by it.
    /// When it is absent it is `sub`, or what the preset says.
    ///
    /// Example: `"sub"`
    pub external_id_claim: Option<String>,

    /// What is asked for. When it is absent it is `["openid", "profile", "email", "offline_access"]`, or what the preset
    /// says. `openid` is always asked for; `offline_access` only of a provider that knows it.
    ///
    /// Example: `["openid", "profile", "email", "groups", "offline_access"]`
    #[config(default = [])]
    pub scopes: Vec<String>,

    /// What the provider is to do with somebody who is signed in there: `login`, `consent`, `select_account`; `default`
    /// leaves it to the provider. When it is absent it is `consent` where `offline_access` is asked for, as OpenID
    /// Connect wants it, and `default` with a preset.
    ///
    /// Example: `"default"`
    pub prompt: Option<String>,

    /// With which algorithm ID tokens must be signed. When it is absent, with RS256 or with one that the provider offers
    /// and that needs a public key. `HS256`, `HS384` and `HS512`, whose key is the client secret, count only when they
    /// are named here.
    ///
    /// Example: `"RS256"`
    pub id_token_jws_alg: Option<String>,

    /// The text of the button on the log-in page. When it is absent it is `Log in with` and the label.
    ///
    /// Example: `"Log in with your company account"`
    pub login_method_description: Option<String>,

    /// How far the provider's clock and ours may differ, in seconds: 0 to 600.
    #[config(default = 60)]
    pub clock_skew_seconds: u64,

    /// The certificate authorities that vouch for the provider, a PEM file. When it is absent they are the machine's.
    ///
    /// Example: `"/etc/patgate/company-ca.pem"`
    pub trust: Option<String>,

    /// The HTTP proxy through which Patgate calls the provider; it must take `CONNECT`. Directly when it is absent. Browsers
    /// find their own way.
    ///
    /// Example: `"http://proxy.example.com:3128"`
    pub proxy: Option<String>,

    /// Whether the provider may be reached by plain http on another machine. Whoever is in between can then sign in as
    /// anybody.
    #[config(default = false)]
    pub allow_clear_text: bool,

    /// Whether somebody who visits a page without being signed in goes straight to the provider. Only where it is the
    /// only provider; `/login` shows the log-in page all the same.
    #[config(default = false)]
    pub log_in_directly: bool,

    /// Whether it confirms somebody that the provider vouches for them at a re-check, which shows it their refresh token.
    /// `false`: only a sign-in confirms; the groups that a re-check brings count all the same. A provider that goes on
    /// vouching for people whom it disabled keeps their tokens alive where this is `true`. When it is absent it is `true`
    /// with a `preset`, whose providers refuse such people, and `false` without one.
    ///
    /// Example: `true`
    pub recheck_confirms: Option<bool>,

    /// The internal user whose tokens may change the provider's users and groups over SCIM, with the permission
    /// `scim#provision`. Nobody may when it is absent.
    ///
    /// Example: `"company-scim"`
    pub scim_user: Option<String>,

    /// The provider's access tokens on the API, as `Authorization: Bearer`. Off unless `audience` is set.
    #[config(nested)]
    pub access_token: AccessToken,
}

/// The provider's access tokens on the API.
#[derive(Config)]
pub struct AccessToken {
    /// For whom such a token must have been made (`aud`). It must speak for somebody who has signed in to the pages
    /// once.
    ///
    /// Example: `"https://tokens.example.com"`
    pub audience: Option<String>,

    /// Who must have made it (`iss`). When it is absent it is the provider's `issuer`.
    ///
    /// Example: `"https://id.example.com/realms/company"`
    pub issuer: Option<String>,

    /// Where the keys are that sign it. When it is absent they are those of ID tokens.
    ///
    /// Example: `"https://id.example.com/realms/company/protocol/openid-connect/certs"`
    pub key_retrieval_uri: Option<String>,

    /// With which algorithm it must be signed. When it is absent, with any that needs a public key.
    ///
    /// Example: `"RS256"`
    pub jws_alg: Option<String>,
}
