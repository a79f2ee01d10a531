//! Searches within a reach: page by page they find what a list finds, whatever they look at, the same on both databases.

use super::keyset::plan;
use super::*;
use crate::{AuditCursor, AuditFilter, Page, RoleCursor, Seek, SubjectKind, UserCursor, UserFilter, search};

on_both_databases! {
    async fn a_search_of_the_log_finds_page_by_page_all_that_there_is(fixture: Fixture) {
        let store = store_with_users(&fixture, &["ann", "bob"]).await;
        for id in 1..=9 {
            let actor = Actor { name: ["root", "ann"][id as usize % 2].into(), ..admin() };
            let mut change = store.change(&actor, now()).await.unwrap();
            change.insert_grant(&grant(id, 1, &format!("t{}", id % 3)), 1, &digest(id)).await.unwrap();
            if id % 4 == 0 {
                change.set_grant_state(GrantId::from_i64(id), GrantState::Deleted { at: now() }).await.unwrap();
            }
            // Its subject is called what its identifier is: it answers both halves of the question.
            change.put_token_settings(&patgate_core::policy::TokenSettings {
                tokens_may_make_tokens: id % 2 == 0, ..Default::default()
            }).await.unwrap();
            change.commit().await.unwrap();
        }
        let any = AuditFilter::default;
        let given = |text: &str| Some(text.to_owned());
        let settings = store.audit_events(&AuditFilter { action: given("settings.update"), ..any() }, Page::WHOLE).await.unwrap();
        let settings = settings[0].subject_id.clone();
        for filter in [
            any(),
            AuditFilter { actor: given("ann"), ..any() },
            AuditFilter { actor: given("ann"), action: given("grant.delete"), ..any() },
            AuditFilter { actor: given("root"), action: given("grant.create"), ..any() },
            AuditFilter { about: given("t1"), ..any() },
            AuditFilter { about: given("t1"), actor: given("root"), ..any() },
            AuditFilter { about: given("t0"), action: given("grant.create"), actor: given("root"), ..any() },
            AuditFilter { about: Some(GrantId::from_i64(4).to_string()), ..any() },
            AuditFilter { about: Some(settings.clone()), actor: given("ann"), ..any() },
            AuditFilter { subject: Some((SubjectKind::Settings, settings)), action: given("grant.create"), ..any() },
            AuditFilter { action: given("grant.delete"), since: Some(now()), ..any() },
            AuditFilter { actor: given("nobody"), action: given("grant.delete"), ..any() },
        ] {
            let whole = store.audit_events(&filter, Page::WHOLE).await.unwrap();
            assert_eq!(store.list_audit_events(&filter, &Seek::Start, 100).await.unwrap(), whole, "{filter:?}");
            let oldest = store.list_audit_events(&any(), &Seek::Start, 100).await.unwrap().pop().unwrap();
            for (limit, reach) in [(3, 4), (1, 2), (5, 1), (100, 100)] {
                for start in [Seek::Start, Seek::Before(AuditCursor::of(&oldest))] {
                    let is_backward = matches!(start, Seek::Before(_));
                    let (mut seek, mut found) = (start, Vec::new());
                    loop {
                        let page = search::events(&store.inner.orm, &filter, &seek, limit, Some(reach)).await.unwrap();
                        assert!(page.events.len() as u64 <= limit, "{filter:?}");
                        let edge = if is_backward { page.events.first() } else { page.events.last() };
                        let next = page.reached.or_else(|| edge.map(AuditCursor::of));
                        let at = if is_backward { 0 } else { found.len() };
                        found.splice(at..at, page.events);
                        seek = match next {
                            Some(next) if is_backward => Seek::Before(next),
                            Some(next) => Seek::After(next),
                            None => break,
                        };
                    }
                    let expected: Vec<_> = whole.iter().filter(|event| !is_backward || **event != oldest).cloned().collect();
                    assert_eq!(found, expected, "{filter:?} {limit} {reach} {is_backward}");
                }
            }
        }
    }

    async fn a_search_of_users_finds_page_by_page_all_that_there_are(fixture: Fixture) {
        let names: Vec<_> = (0..23).map(|number| format!("{}{number:02}", ["ci-", "Dev-"][number % 2])).collect();
        let store = store_with_users(&fixture, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        for id in [3, 4, 17] {
            change.disable_user(UserId::from_i64(id)).await.unwrap();
        }
        change.commit().await.unwrap();
        for filter in [
            UserFilter { login_allowed: Some(false), ..Default::default() },
            UserFilter { login_allowed: Some(false), full_name: Some("nobody".into()), ..Default::default() },
            UserFilter { login_allowed: Some(false), name_prefix: Some("dev".into()), ..Default::default() },
            UserFilter { login_allowed: Some(true), name_prefix: Some("DEV".into()), ..Default::default() },
            UserFilter { name_prefix: Some("ci-".into()), ..Default::default() },
            UserFilter { full_name: Some("nobody".into()), ..Default::default() },
        ] {
            let whole = store.users(&filter, Page::WHOLE).await.unwrap();
            for start in [Seek::Start, Seek::Before("zz".parse().unwrap())] {
                let is_backward = matches!(start, Seek::Before(_));
                let (mut seek, mut found) = (start, Vec::new());
                loop {
                    let page = search::find_users(&store.inner.orm, &filter, &seek, 3, 4).await.unwrap();
                    let edge = if is_backward { page.users.first() } else { page.users.last() };
                    let next = page.reached.or_else(|| edge.map(UserCursor::of));
                    let at = if is_backward { 0 } else { found.len() };
                    found.splice(at..at, page.users);
                    seek = match next {
                        Some(next) if is_backward => Seek::Before(next),
                        Some(next) => Seek::After(next),
                        None => break,
                    };
                }
                assert_eq!(found, whole, "{filter:?} {is_backward}");
            }
        }
    }

    async fn roles_come_in_pages_there_and_back(fixture: Fixture) {
        let store = fixture.open().await;
        let mut change = store.change(&admin(), now()).await.unwrap();
        for (id, name) in (1..).zip(["ops", "Ärzte", "b_d", "Builders", "builder", "auditors"]) {
            change.insert_role(&role(id, name, &["ann"])).await.unwrap();
        }
        change.commit().await.unwrap();
        let found = async |prefix: &str, seek: Seek<RoleCursor>| {
            let roles = store.list_roles(prefix, &seek, 2).await.unwrap();
            roles.iter().map(|role| role.summary.name.to_string()).collect::<Vec<_>>()
        };
        let at = |name: &str| name.parse::<RoleCursor>().unwrap();
        assert_eq!(found("", Seek::Start).await, ["auditors", "b_d"]);
        assert_eq!(found("", Seek::After(at("b_d"))).await, ["builder", "Builders"]);
        assert_eq!(found("", Seek::After(at("OPS"))).await, ["Ärzte"]);
        assert_eq!(found("", Seek::Before(at("ops"))).await, ["builder", "Builders"]);
        assert_eq!(found("B", Seek::Start).await, ["b_d", "builder"]);
        assert_eq!(found("b_", Seek::Start).await, ["b_d"]);
        assert_eq!(found("ä", Seek::Start).await, ["Ärzte"]);
        assert_eq!(found("zz", Seek::Start).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_search_asks_an_index_and_never_sorts() {
    on_sqlite(async |fixture: Fixture| {
        let store = store_with_users(&fixture, &["ann"]).await;
        let given = |text: &str| Some(text.to_owned());
        let about = AuditFilter { about: given("ci"), actor: given("ann"), ..Default::default() };
        let place: AuditCursor = "1.2.3".parse().unwrap();
        for seek in [Seek::Start, Seek::After(place), Seek::Before(place)] {
            let selections = search::event_selections(&about, &seek, 0);
            assert_eq!(selections.len(), 2);
            for (select, index) in selections.iter().zip(["audit_events_of_subject", "audit_events_of_name"])
            {
                let plan = plan(&store, select).await;
                assert!(
                    plan.contains(&format!("USING INDEX {index}")) && !plan.contains("TEMP B-TREE"),
                    "{plan}"
                );
            }
        }
        let disabled = UserFilter { login_allowed: Some(false), ..Default::default() };
        let named = UserFilter { login_allowed: Some(true), name_prefix: given("a"), ..Default::default() };
        let beginning = crate::users::named_selection(&disabled, &Seek::Start);
        let disabled = crate::users::named_selection(&disabled, &Seek::After("ann".parse().unwrap()));
        let named = crate::users::named_selection(&named, &Seek::Before("ann".parse().unwrap()));
        let roles = crate::roles::list_selection("ci", &Seek::Start);
        for (select, index) in [
            (beginning, "users_disabled_by_name"),
            (disabled, "users_disabled_by_name"),
            (named, "users_by_name"),
            (roles, "roles_by_name"),
        ] {
            let plan = plan(&store, &select).await;
            assert!(
                plan.contains(&format!("USING INDEX {index}")) && !plan.contains("TEMP B-TREE"),
                "{plan}"
            );
        }
    })
    .await;
}
