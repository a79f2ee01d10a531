//! What is stored comes back as it was.

use patgate_core::confirmation::Withdrawal;
use patgate_core::grant::{LastUse, SuspensionReason};
use patgate_core::policy::TokenSettings;
use patgate_core::user::PrincipalKind;
use sea_orm::ConnectionTrait;

use super::*;

on_both_databases! {
    async fn a_user_comes_back_with_everything(fixture: Fixture) {
        let store = fixture.open().await;
        let full = User {
            origin: Origin::Ldap,
            provider: "corp".into(),
            subject: "uid=änn,dc=example".into(),
            full_name: "Änn \"O'Neil\" \\ 名前".into(),
            email: "ann@example.org".into(),
            groups: vec!["ops".into(), "Ärzte, \"alle\"".into(), String::new()],
            state: UserState::Disabled { at: time("2026-05-04T01:02:03.004Z") },
            confirmation: Confirmation::Withdrawn {
                at: time("2026-05-05T01:02:03.004Z"), reason: Withdrawal::Gone,
            },
            last_active_at: Some(time("2026-05-03T23:59:59.999Z")),
            ..user(i64::MAX, "Änn Lee")
        };
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_user(&full, None).await.unwrap();
        assert_eq!(change.user(full.id).await.unwrap().as_ref(), Some(&full));
        change.commit().await.unwrap();
        assert_eq!(store.user(full.id).await.unwrap().as_ref(), Some(&full));
        let found = store.user_by_name(&name("äNN lee")).await.unwrap().unwrap();
        assert_eq!(found.username.as_str(), "Änn Lee");
        assert!(store.password(&full.username).await.unwrap().is_none());
    }

    async fn a_password_comes_back_with_its_version(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let stored = store.password(&name("ANN")).await.unwrap().unwrap();
        assert_eq!((stored.user, stored.hash.reveal(), stored.version), (UserId::from_i64(1), "$argon2id$first", 1));
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.set_password(stored.user, &hash("$argon2id$second"), None).await.unwrap();
        change.commit().await.unwrap();
        let stored = store.password(&name("ann")).await.unwrap().unwrap();
        assert_eq!((stored.hash.reveal(), stored.version), ("$argon2id$second", 2));
        assert!(store.password(&name("nobody")).await.unwrap().is_none());
    }

    async fn a_role_comes_back_with_everything(fixture: Fixture) {
        let store = fixture.open().await;
        let mut full = role(7, "Operators", &["ann", "Bob"]);
        full.permissions = ["admin".parse().unwrap(), "release#view".parse().unwrap()].into();
        full.principals.push(Principal {
            fullname: Some("All of ops".into()),
            kind: PrincipalKind::Group,
            provider: "corp".into(),
            ..Principal::internal(name("ops"))
        });
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_role(&full).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.role(&name("operators")).await.unwrap(), Some(full.clone()));
        assert_eq!(store.role_by_id(full.id).await.unwrap(), Some(full.clone()));
        assert_eq!(all_roles(&store).await, [full]);
    }

    async fn a_grant_comes_back_with_everything(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let plain = grant(1, 1, "ci");
        let full = Grant {
            name: "Naïve 'ci' \"%_\\ 🚀".parse().unwrap(),
            application: "shop-2".parse().unwrap(),
            permissions: GrantPermissions::Chosen(
                ["release#view".parse().unwrap(), "shop#buy".parse().unwrap()].into(),
            ),
            expires_at: Expiry::LATEST,
            state: GrantState::Suspended {
                at: time("2026-05-04T01:02:03.004Z"),
                reason: SuspensionReason::OriginClosed,
            },
            last_use: Some(LastUse {
                at: time("2026-05-03T23:59:59Z"),
                address: Some("2001:db8::7".into()),
                user_agent: Some("curl/8".into()),
            }),
            ..grant(i64::MAX, 1, "x")
        };
        let none = Grant { permissions: GrantPermissions::Chosen([].into()), ..grant(3, 1, "none") };
        insert_grants(&store, &[plain.clone(), full.clone(), none.clone()]).await;
        for grant in [plain, full, none] {
            assert_eq!(store.grant(grant.id).await.unwrap(), Some(grant.clone()));
            let indexed = store.indexed_grant(grant.id).await.unwrap().unwrap();
            assert_eq!(indexed.secrets, [digest(grant.id.as_i64())]);
            assert_eq!(
                (indexed.owner, indexed.name, indexed.application, indexed.permissions, indexed.expires_at, indexed.state),
                (grant.owner, grant.name, grant.application, grant.permissions, grant.expires_at, grant.state)
            );
        }
        assert_eq!(store.indexed_grant(GrantId::from_i64(99)).await.unwrap(), None);
    }

    async fn token_settings_come_back_and_have_defaults(fixture: Fixture) {
        let store = fixture.open().await;
        assert_eq!(store.token_settings().await.unwrap(), TokenSettings::default());
        let maximum_lifetime_days = Some(90.try_into().unwrap());
        let mut other = TokenSettings { maximum_lifetime_days, ..TokenSettings::default() };
        other.origins.release.ldap = true;
        other.sso_reopens = Some("release.sso,others.sso".parse().unwrap());
        other.email_notifications.enabled = true;
        other.email_notifications.days = 365.try_into().unwrap();
        other.email_notifications.body = Some("<p>Soon</p>\n".to_owned().try_into().unwrap());
        for settings in [other, TokenSettings::default()] {
            let mut change = store.change(&admin(), now()).await.unwrap();
            assert!(change.put_token_settings(&settings).await.unwrap());
            assert!(!change.put_token_settings(&settings).await.unwrap());
            change.commit().await.unwrap();
            assert_eq!(store.token_settings().await.unwrap(), settings);
        }
    }

    async fn token_settings_of_an_older_program_have_defaults_for_what_is_new(fixture: Fixture) {
        let store = fixture.open().await;
        let insert = "INSERT INTO settings (name, value) VALUES ('personal_access_tokens', '{\"passwordsOnApi\":false}')";
        store.inner.orm.execute_unprepared(insert).await.unwrap();
        let settings = TokenSettings { passwords_on_api: false, ..TokenSettings::default() };
        assert_eq!(store.token_settings().await.unwrap(), settings);
    }

    async fn a_session_comes_back_with_everything(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let session = Session { user_agent: Some("Firefox".into()), ..session(1, 1, 1) };
        let mut change = store.change(&admin(), now()).await.unwrap();
        change.insert_session(&session).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.session(&session.digest).await.unwrap(), Some(session));
        assert_eq!(store.session(&[9; 32]).await.unwrap(), None);
        assert_eq!(store.user(UserId::from_i64(1)).await.unwrap().unwrap().last_active_at, Some(now()));
    }

    async fn an_audit_event_comes_back_with_everything(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann"]).await;
        let actor = Actor {
            kind: ActorKind::User,
            name: "ann".into(),
            user: Some(UserId::from_i64(1)),
            grant: Some(GrantId::from_i64(5)),
            address: Some("192.0.2.7".into()),
        };
        let mut change = store.change(&actor, time("2026-05-04T00:00:00.5Z")).await.unwrap();
        change.insert_grant(&grant(8, 1, "ci"), 1, &digest(8)).await.unwrap();
        let sequence = change.commit().await.unwrap();
        let filter = crate::AuditFilter { action: Some("grant.create".into()), ..Default::default() };
        let events = store.audit_events(&filter, crate::Page::WHOLE).await.unwrap();
        assert_eq!(events, [crate::AuditEvent {
            sequence,
            position: 0,
            at: time("2026-05-04T00:00:00.5Z"),
            actor,
            action: "grant.create".into(),
            subject_kind: crate::SubjectKind::Grant,
            subject_id: GrantId::from_i64(8).to_string(),
            subject_name: "ci".into(),
            detail: serde_json::json!({
                "owner": "ann", "application": "release", "permissions": null, "expiresAt": null
            }),
        }]);
    }
}

#[test]
fn nobody_reads_a_digest_out_of_a_log() {
    let printed = format!("{:?}", session(0xab, 1, 1));
    assert!(!printed.contains("171") && !printed.to_lowercase().contains("ab, ab"), "{printed}");
}
