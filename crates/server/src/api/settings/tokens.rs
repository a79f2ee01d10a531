//! `GET` and `PUT /api/v1/settings/personal-access-tokens`: the rules for tokens.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::ETAG;
use patgate_core::confirmation::FreshnessWindows;
use patgate_core::permission::names::SECURITY_EDIT;
use patgate_core::policy::origin::Origins;
use patgate_core::policy::{Cells, EmailNotifications, OriginPolicy, TokenSettings};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::existing::ExistingBody;
use crate::api::entity_tag::{self, IfMatch};
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Overtaken, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::settings::Put;
use crate::service::{confirmations, reminders, settings};
use crate::state::AppState;

/// The rules for tokens. A change sends all of them: what is left out is refused, not reset.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
#[schema(as = TokenSettings)]
pub(super) struct TokenSettingsBody {
    /// How long a new token can live at most: 7, 30, 45, 60 or 365 days; `null`: as long as one likes.
    #[serde(deserialize_with = "present")]
    #[schema(required = true, example = 30)]
    maximum_lifetime_days: Option<u32>,
    /// Whether a token may make a token, never a wider or longer-lived one.
    tokens_may_make_tokens: bool,
    /// Whether the API takes passwords.
    passwords_on_api: bool,
    /// Whose tokens pass where.
    origins: OriginTable,
    /// While all boxes of SSO users are clear: those that were checked before, and are again when *Allow personal access
    /// tokens for SSO users* is switched on. Absent while one is checked; ignored when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, read_only, required = false, example = "release.sso,deploy.sso,others.sso")]
    sso_reopens: Option<Cells>,
    /// For how many days the word of a provider counts.
    freshness_days: FreshnessBody,
    /// The mail before a token expires.
    email_notifications: NotificationsBody,
    /// What becomes of the tokens that a lower maximum or a closed origin touches, and when. Not part of the rules: it is
    /// never answered. Absent: those above the maximum are left, those of a closed origin are suspended, now.
    #[serde(default, skip_serializing)]
    #[schema(write_only, required = false)]
    existing_tokens: ExistingBody,
    /// How many owners of tokens a shorter freshness window suspended with this change, until their provider confirms them
    /// or they sign in. Answered to a change alone, when a window became shorter; not part of the rules, and ignored when
    /// it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only, required = false, example = 3)]
    suspended_owners: Option<u64>,
}

/// The mail that reminds an owner of a token that ends soon.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
#[schema(as = EmailNotifications)]
struct NotificationsBody {
    /// Whether it is sent.
    enabled: bool,
    /// How many days before the expiry: 1 to 365.
    #[schema(minimum = 1, maximum = 365, example = 7)]
    days: u32,
    /// More thresholds, each with a mail of its own: at most ten.
    #[schema(example = json!([30, 1]))]
    further_days: Vec<u32>,
    /// Whether an owner gets one mail a night about all tokens that are due, and not one for each.
    digest: bool,
    /// The mail server that sends it, a configuration item; `null`: none, and nothing is sent.
    #[serde(deserialize_with = "present")]
    #[schema(required = true)]
    server: Option<String>,
    /// Its subject: one line of 1 to 200 characters, with placeholders. Patgate's own text stays Patgate's own.
    #[schema(example = "Your token {{ token_name }} expires soon")]
    subject: String,
    /// Its body, which may be HTML: 1 to 10,000 characters, with placeholders; at most 33,000 bytes, where `<`, `>`, `&` and
    /// quotes count five.
    #[schema(example = "Generate a new one before {{ expires_at }}: {{ renew_url }}")]
    body: String,
}

/// Whose tokens pass where.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct OriginTable {
    /// Release.
    release: OriginRow,
    /// Deploy.
    deploy: OriginRow,
    /// All others, and tokens for any application elsewhere.
    others: OriginRow,
}

/// For how many days a token passes after its owner's provider last vouched for them: 1 to 3650; `null`: for ever.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = FreshnessDays)]
struct FreshnessBody {
    /// Of LDAP users.
    #[serde(deserialize_with = "present")]
    #[schema(required = true, example = 30)]
    ldap: Option<u32>,
    /// Of users of single sign-on.
    #[serde(deserialize_with = "present")]
    #[schema(required = true, example = 30)]
    sso: Option<u32>,
}

/// Users of which origins have tokens that pass.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct OriginRow {
    /// Users whose password is kept here.
    internal: bool,
    /// Users of an LDAP directory.
    ldap: bool,
    /// Users of single sign-on.
    sso: bool,
}

/// Reads the rules. Needs `config#view`, `config#edit`, `security#view` or `security#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/settings/personal-access-tokens",
    tag = "settings",
    responses(
        (status = 200, description = "The rules", body = TokenSettingsBody, headers(
            ("ETag" = String, description = "Their version with the decisions that wait, for `If-Match`"),
        )),
        Unproven,
    )
)]
pub(super) async fn read_token_settings(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    let (rules, version) = settings::read_version(&state, &caller).await?;
    let tag = entity_tag::entity_tag(&version)?;
    Ok(([(ETAG, tag)], axum::Json(TokenSettingsBody::from(rules))).into_response())
}

/// Changes the rules. Needs `security#edit`, and not by a token with a permission list. In force when it is answered, but
/// for a lower maximum and closed origins that `existingTokens` schedules: these are the answer's as they are now.
///
/// With `If-Match`, nothing is changed when somebody else changed the rules, or decided about them, after they were read.
/// Without it whatever is in force is replaced, but for what a decision that waits is about: then the answer is 409.
#[utoipa::path(
    put,
    path = "/api/v1/settings/personal-access-tokens",
    tag = "settings",
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that came with the rules (RFC 9110 §13.1.1)")),
    request_body = TokenSettingsBody,
    responses(
        (status = 200, description = "The rules as they are now", body = TokenSettingsBody),
        BadBody, Conflict, Overtaken, Unproven,
    )
)]
pub(super) async fn put_token_settings(
    State(state): State<AppState>,
    caller: Caller,
    IfMatch(versions): IfMatch,
    Json(body): Json<TokenSettingsBody>,
) -> Result<axum::Json<TokenSettingsBody>, Problem> {
    // Before anything is said about mail servers.
    caller.require(&state, SECURITY_EDIT)?;
    let mut body = body;
    let choices = std::mem::take(&mut body.existing_tokens).read(state.clock.now())?;
    let wanted = body.read(&state).await?;
    let before = state.node.settings().freshness;
    match settings::put(&state, &caller, wanted, &choices, versions.as_deref()).await? {
        Put::Done(rules) => {
            let suspended_owners = confirmations::suspended_by(&state, &before, &rules.freshness).await?;
            Ok(axum::Json(TokenSettingsBody { suspended_owners, ..rules.into() }))
        }
        Put::Overtaken(_) => Err(entity_tag::overtaken()),
    }
}

impl TokenSettingsBody {
    async fn read(self, state: &AppState) -> Result<TokenSettings, Problem> {
        let row = |row: OriginRow| Origins { internal: row.internal, ldap: row.ldap, sso: row.sso };
        Ok(TokenSettings {
            maximum_lifetime_days: settings::maximum_lifetime(self.maximum_lifetime_days)?,
            tokens_may_make_tokens: self.tokens_may_make_tokens,
            passwords_on_api: self.passwords_on_api,
            origins: OriginPolicy {
                release: row(self.origins.release),
                deploy: row(self.origins.deploy),
                others: row(self.origins.others),
            },
            sso_reopens: None,
            freshness: FreshnessWindows {
                ldap: settings::freshness("freshnessDays.ldap", self.freshness_days.ldap)?,
                sso: settings::freshness("freshnessDays.sso", self.freshness_days.sso)?,
            },
            email_notifications: self.email_notifications.read(state).await?,
        })
    }
}

impl NotificationsBody {
    async fn read(self, state: &AppState) -> Result<EmailNotifications, Problem> {
        let notifications = settings::Notifications {
            enabled: self.enabled,
            days: self.days,
            further_days: self.further_days,
            digest: self.digest,
            server: self.server,
            subject: self.subject,
            body: self.body,
        };
        notifications.read(state).await
    }
}

impl From<EmailNotifications> for NotificationsBody {
    fn from(notifications: EmailNotifications) -> Self {
        let texts = reminders::texts(&notifications);
        Self {
            enabled: notifications.enabled,
            days: notifications.days.into(),
            further_days: notifications.further_days.clone().into(),
            digest: notifications.digest,
            server: notifications.server.as_ref().map(ToString::to_string),
            subject: texts.subject,
            body: texts.body,
        }
    }
}

impl From<TokenSettings> for TokenSettingsBody {
    fn from(settings: TokenSettings) -> Self {
        let row = |row: Origins| OriginRow { internal: row.internal, ldap: row.ldap, sso: row.sso };
        Self {
            maximum_lifetime_days: settings.maximum_lifetime_days.map(u32::from),
            tokens_may_make_tokens: settings.tokens_may_make_tokens,
            passwords_on_api: settings.passwords_on_api,
            origins: OriginTable {
                release: row(settings.origins.release),
                deploy: row(settings.origins.deploy),
                others: row(settings.origins.others),
            },
            sso_reopens: settings.sso_reopens,
            freshness_days: FreshnessBody {
                ldap: settings.freshness.ldap.map(u32::from),
                sso: settings.freshness.sso.map(u32::from),
            },
            email_notifications: settings.email_notifications.into(),
            existing_tokens: ExistingBody::default(),
            suspended_owners: None,
        }
    }
}

/// Lets `null` pass and an absent field not.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}
