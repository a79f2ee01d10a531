//! The kinds of callers, and the world they meet.

use patgate_core::identifier::{GroupId, MailId, RunId, UserId};
use patgate_core::user::{Origin, PrincipalKind};
use patgate_testkit::servers::slapd::Slapd;
use serde_json::json;

use crate::common::{Call, IssuedToken, NewGrant, PASSWORD, SignedIn, WebhookThings, World, get};

/// A kind of caller.
#[derive(Clone, Copy)]
pub(super) enum Cast {
    Nobody,
    Garbage,
    UnknownToken,
    DeletedToken,
    ExpiredToken,
    TokenOfDisabledOwner,
    SuspendedToken,
    TokenOfClosedOrigin,
    TokenForAnotherApplication,
    TwoTokenHeaders,
    TheSameHeaderTwice,
    HeaderOf30KiB,
    BasicWithAnothersName,
    WrongPassword,
    PasswordOfNobody,
    CrossSite,
    SessionWithoutCsrf,
    EndedSession,
    TokenWithEmptyList,
    ReleaseToken,
    DeployToken,
    FullToken,
    BearerToken,
    OtherUsersToken,
    AdministratorsToken,
    ScimClientsToken,
    BasicWithBlankName,
    BasicWithOwnersName,
    PasswordWithoutLogin,
    RightPassword,
    Session,
    AdministratorsPassword,
    TokenOfSso,
    SessionOfSso,
    TokenOfWebhooks,
    PasswordOfLdap,
}

impl Cast {
    /// All of them; those who are refused everywhere first, and whom a directory is asked about last.
    pub(super) const ALL: [Self; 36] = [
        Self::Nobody,
        Self::Garbage,
        Self::UnknownToken,
        Self::DeletedToken,
        Self::ExpiredToken,
        Self::TokenOfDisabledOwner,
        Self::SuspendedToken,
        Self::TokenOfClosedOrigin,
        Self::TokenForAnotherApplication,
        Self::TwoTokenHeaders,
        Self::TheSameHeaderTwice,
        Self::HeaderOf30KiB,
        Self::BasicWithAnothersName,
        Self::WrongPassword,
        Self::PasswordOfNobody,
        Self::CrossSite,
        Self::SessionWithoutCsrf,
        Self::EndedSession,
        Self::TokenWithEmptyList,
        Self::ReleaseToken,
        Self::DeployToken,
        Self::FullToken,
        Self::BearerToken,
        Self::OtherUsersToken,
        Self::AdministratorsToken,
        Self::ScimClientsToken,
        Self::BasicWithBlankName,
        Self::BasicWithOwnersName,
        Self::PasswordWithoutLogin,
        Self::RightPassword,
        Self::Session,
        Self::AdministratorsPassword,
        Self::TokenOfSso,
        Self::SessionOfSso,
        Self::TokenOfWebhooks,
        Self::PasswordOfLdap,
    ];

    /// In the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Garbage => "a token header with garbage",
            Self::UnknownToken => "a well-formed token that nobody made",
            Self::DeletedToken => "a deleted token of Ann's",
            Self::ExpiredToken => "an expired token of Ann's",
            Self::TokenOfDisabledOwner => "a token whose owner is disabled",
            Self::SuspendedToken => "a token of Ann's that is suspended",
            Self::TokenOfClosedOrigin => "a token of somebody from a directory, to whom Release is closed",
            Self::TokenForAnotherApplication => "a token of Ann's for the application `shop`",
            Self::TwoTokenHeaders => "the token headers of two applications",
            Self::TheSameHeaderTwice => "the same token header twice",
            Self::HeaderOf30KiB => "a token header of 30 KiB",
            Self::BasicWithAnothersName => "Basic: Bob's name and Ann's token",
            Self::WrongPassword => "Basic: Ann's name and a wrong password",
            Self::PasswordOfNobody => "Basic: the name of nobody and a password",
            Self::CrossSite => "Ann's password, from a page of another site",
            Self::SessionWithoutCsrf => "Ann's session without the CSRF token",
            Self::EndedSession => "a session that has ended",
            Self::TokenWithEmptyList => "a token of Ann's with the permission list []",
            Self::ReleaseToken => "a token of Ann's for Release",
            Self::DeployToken => "a token of Ann's for Deploy, in the header of Deploy",
            Self::FullToken => "a token of Ann's for any application, with all that she may do",
            Self::BearerToken => "the same, as Bearer",
            Self::OtherUsersToken => "a token of Bob's",
            Self::AdministratorsToken => "a token of an administrator",
            Self::ScimClientsToken => "a token of the SCIM client of a provider",
            Self::BasicWithBlankName => "Basic: no name and Ann's token",
            Self::BasicWithOwnersName => "Basic: Ann's name and Ann's token",
            Self::PasswordWithoutLogin => "Basic: the name and password of somebody without `login`",
            Self::RightPassword => "Basic: Ann's name and password",
            Self::Session => "Ann's session with the CSRF token",
            Self::AdministratorsPassword => "Basic: an administrator's name and password",
            Self::TokenOfSso => {
                "Bearer: a token of somebody from single sign-on, who may sign in and nothing else"
            }
            Self::SessionOfSso => "their session with the CSRF token",
            Self::TokenOfWebhooks => {
                "a token of Ann's, in the header of webhook endpoints, two of which take it"
            }
            Self::PasswordOfLdap => {
                "Basic: the name and password of Alice from a directory, who may do what Ann may"
            }
        }
    }

    /// Whether a directory judges the caller's password.
    pub(super) fn needs_directory(self) -> bool {
        matches!(self, Self::PasswordOfLdap)
    }

    /// Puts the caller's credentials on a call.
    pub(super) fn enter(self, stage: &Stage, call: Call) -> Call {
        let full = &stage.full;
        match self {
            Self::Nobody => call,
            Self::Garbage => call.header("x-release-personal-token", "open sesame"),
            Self::UnknownToken => call.token(&stage.unknown),
            Self::DeletedToken => call.token(&stage.deleted),
            Self::ExpiredToken => call.token(&stage.expired),
            Self::TokenOfDisabledOwner => call.token(&stage.of_disabled),
            Self::SuspendedToken => call.token(&stage.suspended),
            Self::TokenOfClosedOrigin => call.token(&stage.of_closed_origin),
            Self::TokenForAnotherApplication => call.token(&stage.elsewhere),
            Self::TwoTokenHeaders => call.token(full).deploy_token(full),
            Self::TheSameHeaderTwice => call.token(full).token(full),
            Self::HeaderOf30KiB => call.header("x-release-personal-token", &"x".repeat(30 * 1024)),
            Self::BasicWithAnothersName => call.basic("bob", &full.text),
            Self::WrongPassword => call.basic("ann", "wrong horse battery"),
            Self::PasswordOfNobody => call.basic("nobody", PASSWORD),
            Self::CrossSite => call.basic("ann", PASSWORD).header("sec-fetch-site", "cross-site"),
            Self::SessionWithoutCsrf => call.cookie(&stage.session),
            Self::EndedSession => call.session(&stage.ended_session),
            Self::TokenWithEmptyList => call.token(&stage.empty),
            Self::ReleaseToken => call.token(&stage.release),
            Self::DeployToken => call.deploy_token(&stage.deploy),
            Self::FullToken => call.token(full),
            Self::BearerToken => call.header("authorization", &format!("Bearer {}", full.text)),
            Self::OtherUsersToken => call.token(&stage.bobs),
            Self::AdministratorsToken => call.token(&stage.administrators),
            Self::ScimClientsToken => {
                call.header("authorization", &format!("Bearer {}", stage.scim_clients.text))
            }
            Self::BasicWithBlankName => call.basic("", &full.text),
            Self::BasicWithOwnersName => call.basic("ann", &full.text),
            Self::PasswordWithoutLogin => call.basic("nora", PASSWORD),
            Self::RightPassword => call.basic("ann", PASSWORD),
            Self::Session => call.session(&stage.session),
            Self::AdministratorsPassword => call.basic("root", PASSWORD),
            Self::TokenOfSso => call.header("authorization", &format!("Bearer {}", stage.of_sso.text)),
            Self::SessionOfSso => call.session(&stage.session_of_sso),
            Self::TokenOfWebhooks => call.header("x-release-webhook-token", &full.text),
            Self::PasswordOfLdap => call.basic("alice", ALICES_PASSWORD),
        }
    }
}

/// The state that every caller meets, and the secrets of all of them.
///
/// Tokens are for any application where nothing else is said, so that it is not the surface that refuses them.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    slapd: Slapd,
    full: IssuedToken,
    empty: IssuedToken,
    release: IssuedToken,
    deploy: IssuedToken,
    elsewhere: IssuedToken,
    unknown: IssuedToken,
    deleted: IssuedToken,
    expired: IssuedToken,
    of_disabled: IssuedToken,
    suspended: IssuedToken,
    of_closed_origin: IssuedToken,
    bobs: IssuedToken,
    administrators: IssuedToken,
    scim_clients: IssuedToken,
    session: SignedIn,
    ended_session: SignedIn,
    of_sso: IssuedToken,
    session_of_sso: SignedIn,
    /// A token of Ann's that the calls are about.
    pub(super) subject: IssuedToken,
    /// A user of the provider that has a SCIM client.
    pub(super) scim_user: UserId,
    /// A group of it.
    pub(super) scim_group: GroupId,
    /// A run of reminders about it.
    pub(super) run: RunId,
    /// A mail of that run, which failed.
    pub(super) failed_mail: MailId,
    /// A webhook endpoint, and what there is of it.
    pub(super) webhook: WebhookThings,
}

/// The configuration: a third application, and a provider with a SCIM client.
const CONFIGURATION: &str = "[[application]]\nname = \"shop\"\ntoken_prefix = \"shop\"\nlabel = \"Shop\"\n\
    [[oidc]]\nname = \"corp\"\nissuer = \"https://id.example.com\"\nclient_id = \"patgate\"\nscim_user = \"robot\"\n";

/// What the directory is called in the configuration.
const DIRECTORY: &str = "company";

/// Alice's password in the directory.
const ALICES_PASSWORD: &str = "alice password";

/// What Ann may do, and Alice.
const ANNS_PERMISSIONS: &[&str] = &["login", "release#view"];

impl Stage {
    /// Ann, Bob, an administrator, somebody disabled, Alice from a directory, and what they hold.
    pub(super) async fn build() -> Self {
        let slapd = Slapd::with().quiet().start();
        let world = World::configured(&with_directory(&slapd)).await;
        let ann = world.user("ann", ANNS_PERMISSIONS).await;
        let bob = world.user("bob", &["login"]).await;
        let root = world.user("root", &["admin"]).await;
        let dora = world.user("dora", &["login"]).await;
        world.user("carl", &["login"]).await;
        let robot = world.user("robot", &["scim#provision"]).await;
        let sam = world.user_from("sam", Origin::Sso, "corp", &[]).await;
        world.idle_mail_server().await;
        let any = || NewGrant { application: "any", ..NewGrant::default() };
        let unknown = world.never_stored();
        let deleted = world.token(&ann, any()).await;
        world.delete_token(&deleted).await;
        let of_disabled = world.token(&dora, any()).await;
        world.disable(&dora).await;
        let suspended = world.token(&ann, any()).await;
        world.suspend(&suspended).await;
        let lena = world.user_from("lena", Origin::Ldap, "corp", &["login"]).await;
        world.user("nora", &["release#view"]).await;
        let ended_session = world.session(&ann).await;
        world.end_sessions(&ann).await;
        let subject = world.token(&ann, NewGrant::default()).await;
        let sue = world.user_from("sue", Origin::Sso, "corp", &["login"]).await;
        world.role_of(PrincipalKind::Group, "users", DIRECTORY, ANNS_PERMISSIONS).await;
        // Her first sign-in makes her a user here; later it would be a change, even by a call that is refused.
        let alice = world.send(get("/api/v1/global-permissions").basic("alice", ALICES_PASSWORD)).await;
        assert_eq!(alice.status(), 200, "{}", alice.shown());
        let stage = Self {
            run: world.run(&ann, &[&subject], &[]).await,
            failed_mail: world.fail_mails("550 no such user").await[0],
            webhook: world.webhook_things().await,
            folder: tempfile::tempdir().unwrap(),
            slapd,
            full: world.token(&ann, any()).await,
            empty: world.token(&ann, NewGrant { permissions: Some(&[]), ..any() }).await,
            release: world.token(&ann, NewGrant::default()).await,
            deploy: world.token(&ann, NewGrant { application: "deploy", ..any() }).await,
            elsewhere: world.token(&ann, NewGrant { application: "shop", ..any() }).await,
            unknown,
            deleted,
            expired: world.token(&ann, NewGrant { expires_at: Some("2026-05-03T12:00:00Z"), ..any() }).await,
            of_disabled,
            suspended,
            of_closed_origin: world.token(&lena, any()).await,
            bobs: world.token(&bob, any()).await,
            administrators: world.token(&root, any()).await,
            scim_clients: world.token(&robot, any()).await,
            scim_user: sam.id,
            scim_group: world.scim_group("corp", "Staff").await,
            session: world.session(&ann).await,
            ended_session,
            of_sso: world.token(&sue, any()).await,
            session_of_sso: world.session(&sue).await,
            subject,
        };
        world.release_things().await;
        let opened_by_full = || json!({ "secretToken": stage.full.text });
        world.post_endpoint("events", opened_by_full()).await;
        world.get_endpoint("pings", opened_by_full()).await;
        world.decision_and_exemption_called(stage.subject.id).await;
        Self { folder: world.close().await, ..stage }
    }

    /// A server on a fresh copy of the state.
    pub(super) async fn world(&self) -> World {
        World::copied(&self.folder, CONFIGURATION).await
    }

    /// The same with the directory. There every wrong password is told late, so it is not for everybody.
    pub(super) async fn world_with_directory(&self) -> World {
        World::copied(&self.folder, &with_directory(&self.slapd)).await
    }

    /// What no answer may repeat.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let tokens = [
            &self.full,
            &self.empty,
            &self.release,
            &self.deploy,
            &self.elsewhere,
            &self.unknown,
            &self.deleted,
            &self.expired,
            &self.of_disabled,
            &self.suspended,
            &self.of_closed_origin,
            &self.bobs,
            &self.administrators,
            &self.scim_clients,
            &self.of_sso,
            &self.subject,
        ];
        tokens.into_iter().map(|token| token.text.as_str()).chain([PASSWORD, ALICES_PASSWORD])
    }
}

/// The configuration with a directory that is asked about names that are nobody's here.
fn with_directory(slapd: &Slapd) -> String {
    format!("{CONFIGURATION}{}", slapd.table(DIRECTORY, ""))
}
