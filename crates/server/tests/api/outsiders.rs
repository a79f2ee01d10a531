//! People from outside: what a provider's word makes of a user, and what becomes of their tokens when it ends. The
//! providers themselves have tests of their own, against real ones.

use jiff::SignedDuration;
use patgate_core::identifier::UserId;
use patgate_core::policy::origin::Origins;
use patgate_core::provider::ProviderName;
use patgate_core::role::Role;
use patgate_core::user::{Origin, Principal, PrincipalKind, Username};
use patgate_server::provider::{Answer, Person as Outsider};
use patgate_server::service::confirmations;
use patgate_server::service::sign_in::{Arrival, SignInRefused, arrive};
use patgate_store::{AuditFilter, Page};
use serde_json::json;

use crate::common::{IssuedToken, NewGrant, PASSWORD, Person, World, arrival, claims, get, post, put};
use crate::rechecks_in_vain::owner_from;

const CURRENT: &str = "/api/v1/personal-access-tokens/current";
const SETTINGS: &str = "/api/v1/settings/personal-access-tokens";

fn outsider(subject: &str, username: &str, groups: &[&str]) -> Outsider {
    Outsider {
        subject: subject.into(),
        username: username.into(),
        full_name: format!("{username} Example"),
        email: format!("{username}@example.org"),
        groups: groups.iter().map(ToString::to_string).collect(),
    }
}

fn provider(name: &str) -> ProviderName {
    name.parse().unwrap()
}

async fn sign_in(world: &World, from: &str, person: &Outsider) -> Result<UserId, SignInRefused> {
    arrive(&world.state, arrival(world, Origin::Sso, &provider(from), person)).await
}

/// Ann of corp, in the group `builders`, which may see releases; and a token of hers for any application.
async fn ann(world: &World) -> (Person, IssuedToken) {
    world.role_of(PrincipalKind::Group, "builders", "corp", &["release#view"]).await;
    let id = sign_in(world, "corp", &outsider("s1", "ann", &["builders"])).await.unwrap();
    let person = Person { id, username: "ann".into() };
    let token = world.token(&person, NewGrant { application: "any", ..NewGrant::default() }).await;
    (person, token)
}

/// What the token meets at its own page, and what it may do.
async fn current(world: &World, token: &IssuedToken) -> (u16, String) {
    let answer = world.send(get(CURRENT).header("authorization", &format!("Bearer {}", token.text))).await;
    let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
    (answer.status(), detail)
}

async fn says(world: &World, person: &Person, answer: Answer) {
    let user = world.state.store.user(person.id).await.unwrap().unwrap();
    confirmations::apply(&world.state, &[(user, answer)], world.clock.now(), true).await.unwrap();
}

async fn actions(world: &World, person: &Person) -> Vec<String> {
    let events = world.state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let about = events.into_iter().rev().filter(|event| event.subject_id == person.id.to_string());
    about.map(|event| event.action).filter(|action| action.starts_with("user.")).collect()
}

/// Whether somebody holds what the group `builders` of corp does.
fn may_see(world: &World, id: UserId) -> bool {
    let slot = world.state.slot("release#view").unwrap();
    world.state.index.view().owner(id).unwrap().permissions.contains(slot)
}

#[tokio::test]
async fn the_key_of_the_provider_and_not_the_name_is_who_somebody_is() {
    let world = World::new().await;
    let ann = sign_in(&world, "corp", &outsider("s1", "ann", &[])).await.unwrap();
    assert_eq!(sign_in(&world, "corp", &outsider("s1", "Ann", &["ops"])).await.unwrap(), ann);
    let user = world.state.store.user(ann).await.unwrap().unwrap();
    assert_eq!((user.username.as_str(), user.groups), ("Ann", vec!["ops".to_owned()]));
    assert_eq!(
        sign_in(&world, "corp", &outsider("s1", "anna", &[])).await.unwrap(),
        ann,
        "she is called so now"
    );
    let other = sign_in(&world, "corp", &outsider("s2", "ann", &[])).await.unwrap();
    assert_ne!(other, ann, "the old name is free, and whoever has it now is somebody else");
}

#[tokio::test]
async fn a_name_of_somebody_else_is_refused_and_inherits_nothing() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    sign_in(&world, "corp", &outsider("s1", "ann", &[])).await.unwrap();
    for (from, name) in [("corp", "ROOT"), ("corp", "Ann"), ("other", "ann")] {
        let refused = sign_in(&world, from, &outsider("s9", name, &[])).await;
        assert!(matches!(refused, Err(SignInRefused::NameTaken(_))), "{from} {name}");
    }
    let renamed = sign_in(&world, "corp", &outsider("s1", "root", &[])).await;
    assert!(matches!(renamed, Err(SignInRefused::NameTaken(_))), "nobody takes a name by being renamed");
    for odd in ["r\u{43e}ot", "\u{ff52}oot", "a:b", ""] {
        let refused = sign_in(&world, "corp", &outsider("s9", odd, &[])).await;
        assert!(matches!(refused, Err(SignInRefused::Name { .. })), "{odd:?}");
    }
    assert!(matches!(sign_in(&world, "corp", &outsider("", "eve", &[])).await, Err(SignInRefused::Subject)));
    assert!(world.state.store.user_by_name(&"eve".parse::<Username>().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_is_made_here_under_the_name_of_somebody_from_outside() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let (ann, token) = ann(&world).await;
    let lee = owner_from(&world, Origin::Ldap, "lee", None).await;
    for (name, id) in [("Ann", ann.id), ("lee", lee)] {
        let password = "a long password";
        let making = post(format!("/api/v1/users/{name}")).json(&json!({ "password": password }));
        let answer = world.send(making.basic("root", PASSWORD)).await;
        assert_eq!(answer.status(), 409, "{name}: {}", answer.shown());
        assert_eq!(world.found(name).await.unwrap().id, id);
        assert_eq!(world.send(get(CURRENT).basic(name, password)).await.status(), 401, "{name}");
    }
    assert_eq!(current(&world, &token).await.0, 200);
}

#[tokio::test]
async fn a_group_of_another_provider_gives_nothing() {
    let world = World::new().await;
    let (ann, _) = ann(&world).await;
    let eve = sign_in(&world, "other", &outsider("s1", "eve", &["builders"])).await.unwrap();
    assert_eq!((may_see(&world, ann.id), may_see(&world, eve)), (true, false));
}

#[tokio::test]
async fn a_token_ends_with_its_owner_at_the_provider_and_resumes_with_them() {
    let world = World::new().await;
    let (ann, token) = ann(&world).await;
    assert_eq!(current(&world, &token).await.0, 200);
    for answer in [Answer::Disabled, Answer::Gone] {
        says(&world, &ann, answer).await;
        let (status, cause) = current(&world, &token).await;
        assert_eq!(status, 401);
        assert!(cause.contains("no longer known to their provider"), "{cause}");
        assert_eq!(
            world
                .send(get("/auth").header("authorization", &format!("Bearer {}", token.text)))
                .await
                .status(),
            401
        );
    }
    says(&world, &ann, Answer::Unknown).await;
    assert_eq!(current(&world, &token).await.0, 401, "no news is no good news either");
    says(&world, &ann, Answer::Present(outsider("s1", "ann", &["builders"]))).await;
    assert_eq!(current(&world, &token).await.0, 401, "some providers confirm whom they have disabled");
    sign_in(&world, "corp", &outsider("s1", "ann", &["builders"])).await.unwrap();
    assert_eq!(current(&world, &token).await.0, 200);
    assert_eq!(
        actions(&world, &ann).await,
        ["user.create", "user.withdraw", "user.withdraw", "user.confirm"]
    );
}

#[tokio::test]
async fn what_a_directory_said_before_it_refused_somebody_lifts_nothing() {
    let world = World::new().await;
    let id = owner_from(&world, Origin::Ldap, "ann", None).await;
    let ann = Person { id, username: "ann".into() };
    let token = world.token(&ann, NewGrant { application: "any", ..NewGrant::default() }).await;
    let there = || Answer::Present(outsider("key-ann", "ann", &[]));
    let asked = world.state.store.user(id).await.unwrap().unwrap();
    // Before the answer is put in force she signs in, and is disabled by then.
    says(&world, &ann, Answer::Disabled).await;
    confirmations::apply(&world.state, &[(asked, there())], world.clock.now(), true).await.unwrap();
    assert_eq!(current(&world, &token).await.0, 401);
    says(&world, &ann, there()).await;
    assert_eq!(current(&world, &token).await.0, 200, "asked after that, the directory is believed");
    // So it is when she was out already when it was asked, and for another reason since.
    says(&world, &ann, Answer::Disabled).await;
    let asked = world.state.store.user(id).await.unwrap().unwrap();
    says(&world, &ann, Answer::Gone).await;
    confirmations::apply(&world.state, &[(asked, there())], world.clock.now(), true).await.unwrap();
    assert_eq!(current(&world, &token).await.0, 401);
}

#[tokio::test]
async fn a_sign_in_that_a_directory_let_through_before_it_refused_somebody_lifts_nothing() {
    let world = World::new().await;
    let id = owner_from(&world, Origin::Ldap, "ann", None).await;
    let ann = Person { id, username: "ann".into() };
    let token = world.token(&ann, NewGrant { application: "any", ..NewGrant::default() }).await;
    let begun = world.clock.now();
    // While the answer to her password is on its way, a re-check finds her disabled.
    world.clock.set(begun + SignedDuration::from_secs(1));
    says(&world, &ann, Answer::Disabled).await;
    let (company, person) = (provider("company"), claims("ann", &[]));
    let signs_in = async |begun| {
        let arrival = Arrival { begun, ..arrival(&world, Origin::Ldap, &company, &person) };
        arrive(&world.state, arrival).await
    };
    assert!(matches!(signs_in(begun).await, Err(SignInRefused::WithdrawnSince)));
    assert_eq!(current(&world, &token).await.0, 401);
    assert_eq!(signs_in(world.clock.now()).await.unwrap(), id, "asked after that, the directory is believed");
    assert_eq!(current(&world, &token).await.0, 200);
}

#[tokio::test]
async fn of_answers_that_cross_the_one_that_was_asked_for_later_counts() {
    let world = World::new().await;
    let (ann, _) = ann(&world).await;
    let (start, corp) = (world.clock.now(), provider("corp"));
    let second = |seconds| start + SignedDuration::from_secs(seconds);
    let person = |is_builder: bool| outsider("s1", "ann", if is_builder { &["builders"] } else { &[] });
    // When the provider was asked, when its answer came, what it says, and what is true then.
    for (asked, now, said, expected) in [
        (2, 3, false, false),
        // Asked for before, and longer on its way.
        (1, 4, true, false),
        (5, 8, true, true),
        // Asked for before the last one came, and after that was.
        (7, 9, false, false),
    ] {
        world.clock.set(second(now));
        let (person, asked) = (person(said), second(asked));
        let arrival = Arrival { asked, begun: start, ..arrival(&world, Origin::Sso, &corp, &person) };
        assert_eq!(arrive(&world.state, arrival).await.unwrap(), ann.id, "she is signed in all the same");
        assert_eq!(may_see(&world, ann.id), expected, "{asked}");
    }
    // So it is with what a re-check is told.
    let known = world.state.store.user(ann.id).await.unwrap().unwrap();
    world.clock.set(second(12));
    for (asked, expected) in [(6, false), (11, true)] {
        let answers = [(known.clone(), Answer::Present(person(true)))];
        confirmations::apply(&world.state, &answers, second(asked), true).await.unwrap();
        assert_eq!(may_see(&world, ann.id), expected, "{asked}");
    }
    // And what another node's clock, which is ahead, says of the last answer keeps none from counting.
    world.clock.set(second(10));
    sign_in(&world, "corp", &person(false)).await.unwrap();
    assert!(!may_see(&world, ann.id));
}

#[tokio::test]
async fn permissions_follow_the_groups_that_the_provider_says() {
    let world = World::new().await;
    let (ann, _) = ann(&world).await;
    assert!(may_see(&world, ann.id));
    says(&world, &ann, Answer::Present(outsider("s1", "ann", &[]))).await;
    assert!(!may_see(&world, ann.id));
    says(&world, &ann, Answer::Present(outsider("s1", "ann", &["builders"]))).await;
    assert!(may_see(&world, ann.id));
}

#[tokio::test]
async fn a_name_that_cannot_be_theirs_keeps_no_group_that_they_lost() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let (ann, _) = ann(&world).await;
    for bad in ["root", "r\u{43e}ot", "a/b"] {
        says(&world, &ann, Answer::Present(outsider("s1", "ann", &["builders"]))).await;
        assert!(may_see(&world, ann.id));
        says(&world, &ann, Answer::Present(outsider("s1", bad, &[]))).await;
        assert!(!may_see(&world, ann.id), "{bad}");
    }
    assert_eq!(world.state.username(ann.id).as_deref(), Some("ann"));
}

#[tokio::test]
async fn who_is_renamed_does_not_become_somebody_whom_a_role_awaits() {
    let world = World::new().await;
    let (ann, _) = ann(&world).await;
    let boss = Principal { provider: "corp".into(), ..Principal::internal("boss".parse().unwrap()) };
    let id = patgate_core::identifier::RoleId::generate(&mut world.state.random.draw());
    let permissions = ["audit#view".parse().unwrap()].into();
    let role = Role { id, name: "bosses".parse().unwrap(), principals: vec![boss], permissions };
    let mut change = world.change().await;
    change.insert_role(&role).await.unwrap();
    world.commit(change).await;
    says(&world, &ann, Answer::Present(outsider("s1", "boss", &[]))).await;
    assert_eq!(world.state.username(ann.id).as_deref(), Some("ann"));
    let renamed = sign_in(&world, "corp", &outsider("s1", "boss", &[])).await;
    assert!(matches!(renamed, Err(SignInRefused::NameHeld(_))));
    let first = sign_in(&world, "corp", &outsider("s2", "boss", &[])).await.unwrap();
    assert_ne!(first, ann.id, "whoever signs in first under the name is the one");
}

#[tokio::test]
async fn a_provider_that_says_nothing_suspends_nobody_before_the_window_ends() {
    let world = World::new().await;
    let (ann, token) = ann(&world).await;
    let start = world.clock.now();
    let hours = |hours| start + SignedDuration::from_hours(hours);
    world.clock.set(hours(24 * 30 - 1));
    says(&world, &ann, Answer::Unknown).await;
    confirmations::postpone(&world.state, &[ann.id], "the directory does not answer").await.unwrap();
    assert_eq!(current(&world, &token).await.0, 200);
    world.clock.set(hours(24 * 30));
    let (status, cause) = current(&world, &token).await;
    assert_eq!((status, cause.as_str()), (401, "the token is suspended until its owner signs in again"));
    sign_in(&world, "corp", &outsider("s1", "ann", &["builders"])).await.unwrap();
    assert_eq!(current(&world, &token).await.0, 200, "a sign-in is a confirmation");
    world.clock.set(hours(24 * 59));
    assert_eq!(current(&world, &token).await.0, 200);
}

#[tokio::test]
async fn a_word_that_only_repeats_the_last_still_moves_the_window() {
    let world = World::new().await;
    let (ann, token) = ann(&world).await;
    let start = world.clock.now();
    for day in 1..=70 {
        world.clock.set(start + SignedDuration::from_hours(24 * day));
        says(&world, &ann, Answer::Present(outsider("s1", "ann", &["builders"]))).await;
    }
    assert_eq!(current(&world, &token).await.0, 200);
    assert_eq!(actions(&world, &ann).await, ["user.create"]);
}

#[tokio::test]
async fn administrators_choose_the_window() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let (_, token) = ann(&world).await;
    let set = async |sso: serde_json::Value| {
        let mut rules = world.send(get(SETTINGS).basic("root", PASSWORD)).await.json();
        rules["freshnessDays"]["sso"] = sso;
        let answer = world.send(put(SETTINGS).basic("root", PASSWORD).json(&rules)).await;
        (answer.status(), answer.json()["suspendedOwners"].as_u64())
    };
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 2));
    assert_eq!((set(json!(2)).await, current(&world, &token).await.0), ((200, Some(1)), 401));
    assert_eq!((set(json!(1)).await, current(&world, &token).await.0), ((200, Some(0)), 401), "out before");
    assert_eq!((set(json!(3)).await, current(&world, &token).await.0), ((200, None), 200));
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 365));
    assert_eq!((set(json!(null)).await, current(&world, &token).await.0), ((200, None), 200));
    for bad in [json!(0), json!(3_651), json!("7"), json!(-1)] {
        assert_eq!(set(bad.clone()).await.0, 400, "{bad}");
    }
    assert_eq!(set(json!(30)).await, (200, Some(1)));
}

#[tokio::test]
async fn who_was_withdrawn_is_told_apart_in_lists() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let (ann, token) = ann(&world).await;
    let shown = async || {
        let path = format!("/api/v1/personal-access-tokens/{}", token.id);
        let token = world.send(get(&path).basic("root", PASSWORD)).await.json();
        (token["state"].clone(), token["suspensionReason"].clone())
    };
    assert_eq!(shown().await, (json!("active"), json!(null)));
    says(&world, &ann, Answer::Gone).await;
    assert_eq!(shown().await, (json!("suspended"), json!("owner_withdrawn")));
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 30));
    sign_in(&world, "corp", &outsider("s1", "ann", &[])).await.unwrap();
    assert_eq!(shown().await, (json!("active"), json!(null)));
    world.clock.set(world.clock.now() + SignedDuration::from_hours(24 * 30));
    assert_eq!(shown().await, (json!("suspended"), json!("owner_unconfirmed")));
}

#[tokio::test]
async fn a_closed_origin_stays_closed_to_who_is_confirmed() {
    let world = World::new().await;
    let (ann, token) = ann(&world).await;
    let mut change = world.change().await;
    let mut rules = change.token_settings().await.unwrap();
    rules.origins.others = Origins { internal: true, ldap: true, sso: false };
    change.put_token_settings(&rules).await.unwrap();
    world.commit(change).await;
    says(&world, &ann, Answer::Present(outsider("s1", "ann", &["builders"]))).await;
    let (status, cause) = current(&world, &token).await;
    assert_eq!((status, cause.as_str()), (401, "tokens are not allowed for SSO users here"));
}

#[tokio::test]
async fn pages_tell_how_somebody_stands_with_their_provider() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let session = world.session(&root).await;
    let (ann, _) = ann(&world).await;
    let page = async || world.send(get("/admin/users/ann").cookie(&session)).await.text().to_owned();
    let good = page().await;
    assert!(good.contains("Confirmed") && good.contains("Next confirmation due"), "{good}");
    assert!(good.contains("2026-06-02T12:00:00Z"), "thirty days on: {good}");
    says(&world, &ann, Answer::Gone).await;
    let gone = page().await;
    assert!(gone.contains("gone at their provider") && gone.contains("Suspended by provider"), "{gone}");
    assert!(!gone.contains("Next confirmation due"));
    let of_root = world.send(get("/admin/users/root").cookie(&session)).await.text().to_owned();
    assert!(!of_root.contains("confirmation due"));
}
