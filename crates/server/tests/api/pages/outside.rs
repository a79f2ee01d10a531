//! What pages tell of people from outside: where they come from, until when their provider's word counts, and what
//! becomes of their tokens when it does not.

use jiff::SignedDuration;
use patgate_core::confirmation::Withdrawal;
use patgate_core::identifier::UserId;
use patgate_core::user::Origin;
use patgate_server::service::confirmations::postpone;

use crate::common::{NewGrant, World, get};

/// A directory that has a name for people, and a provider that has none.
const PROVIDERS: &str = "\
    [[ldap]]\nname = 'corp'\nlabel = 'Example & Sons'\nurls = ['ldaps://ldap.example.com']\nuser_search_base = 'dc=x'\n\
    recheck_confirms = true\n\
    [[oidc]]\nname = 'idp'\nlabel = 'The Cloud'\nissuer = 'https://id.example.com'\nclient_id = 'patgate'\n";

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn confirm(world: &World, user: UserId) {
    let mut change = world.change().await;
    change.confirm_users(&[user], world.clock.now() + SignedDuration::from_mins(15)).await.unwrap();
    world.commit(change).await;
}

fn later(world: &World, span: SignedDuration) {
    world.clock.set(world.clock.now() + span);
}

#[tokio::test]
async fn a_token_that_its_owners_provider_suspends_is_shown_so_with_the_reason() {
    let world = World::configured(PROVIDERS).await;
    let root = world.user("root", &["login", "token#view_all"]).await;
    let ann = world.user_from("ann", Origin::Ldap, "corp", &["login"]).await;
    let bob = world.user_from("bob", Origin::Sso, "idp", &["login"]).await;
    let cyd = world.user_from("cyd", Origin::Sso, "idp", &["login"]).await;
    for (person, name) in [(&ann, "ann's"), (&bob, "bob's"), (&cyd, "cyd's")] {
        world.token(person, NewGrant { name, application: "any", ..NewGrant::default() }).await;
        confirm(&world, person.id).await;
    }
    let mut change = world.change().await;
    change.withdraw_user(bob.id, Withdrawal::Gone).await.unwrap();
    world.commit(change).await;
    later(&world, DAY * 30);
    confirm(&world, cyd.id).await;
    let admin = world.session(&root).await;
    let page = world.open(&admin, "/admin/tokens").await;
    let row = |name: &str| {
        let rows = page.text().split("<tr").filter(|row| row.contains(&name.replace('\'', "&#39;")));
        rows.collect::<Vec<_>>().concat()
    };
    for (name, reason) in [
        ("ann's", "its owner has to sign in again"),
        ("bob's", "its owner is gone or disabled at their provider"),
    ] {
        assert!(row(name).contains("Suspended") && row(name).contains(reason), "{name}: {}", row(name));
    }
    assert!(!row("cyd's").is_empty() && !row("cyd's").contains("Suspended"), "{}", row("cyd's"));
    let file = world.open(&admin, "/admin/tokens.csv").await;
    for (name, status) in [("ann's", "suspended"), ("bob's", "suspended"), ("cyd's", "active")] {
        let line = file.text().lines().find(|line| line.contains(name)).unwrap();
        assert!(line.trim_end().ends_with(&format!(",{status}")), "{line}");
    }
    // Who is not heard of sees no page before they sign in, and finds everything as it was then.
    let session = world.session(&ann).await;
    assert_eq!(world.send(get("/account/tokens").cookie(&session)).await.status(), 303);
    confirm(&world, ann.id).await;
    let page = world.open(&session, "/account/tokens").await;
    assert!(page.text().contains("ann&#39;s") && !page.text().contains("Suspended"), "{}", page.shown());
}

#[tokio::test]
async fn everybody_from_outside_reads_until_when_their_providers_word_counts() {
    let world = World::configured(PROVIDERS).await;
    let ann = world.user_from("ann", Origin::Ldap, "corp", &["login"]).await;
    let bob = world.user_from("bob", Origin::Sso, "idp", &["login"]).await;
    for (person, label) in [(&ann, "Example &#38; Sons"), (&bob, "The Cloud")] {
        confirm(&world, person.id).await;
        let page = world.open(&world.session(person).await, "/account/profile").await;
        let told = page.text();
        assert!(told.contains(&format!("They come from {label}, and are changed there")), "{told}");
        let (_, due) = told.split_once("<dt>Next confirmation due</dt>").unwrap();
        let due = due.split("</dd>").next().unwrap();
        assert!(due.contains("2026-06-02T12:00:00Z") && !due.contains("Suspended"), "{due}");
    }
    let kim = world.user("kim", &["login"]).await;
    let page = world.open(&world.session(&kim).await, "/account/profile").await;
    assert!(!page.text().contains("Next confirmation due"));
}

#[tokio::test]
async fn an_administrator_reads_how_a_user_stands_with_their_provider() {
    let world = World::configured(PROVIDERS).await;
    let root = world.user("root", &["admin"]).await;
    let ann = world.user_from("ann", Origin::Ldap, "corp", &["login"]).await;
    confirm(&world, ann.id).await;
    let page = async || {
        let page = world.open(&world.session(&root).await, "/admin/users/ann").await;
        page.text().to_owned()
    };
    let told = page().await;
    assert!(told.contains("LDAP, Example &#38; Sons"), "{told}");
    assert!(told.contains("Provider is asked") && !told.contains("in vain"), "{told}");
    let list = world.open(&world.session(&root).await, "/admin/users").await;
    assert!(list.text().contains("LDAP, Example &#38; Sons"), "{}", list.shown());
    let bob = world.user_from("bob", Origin::Sso, "idp", &[]).await;
    confirm(&world, bob.id).await;
    let bobs = world.open(&world.session(&root).await, "/admin/users/bob").await;
    assert!(bobs.text().contains("Never: it gave no refresh token"), "{}", bobs.shown());
    assert!(bobs.text().contains(", by a sign-in</dd>"), "only that confirms him: {}", bobs.shown());
    postpone(&world.state, &[ann.id], "`ldap.example.com` gave no answer <yet>").await.unwrap();
    let told = page().await;
    let vain = "the last time in vain: `ldap.example.com` gave no answer &#60;yet&#62;";
    assert!(told.contains(vain), "{told}");
    later(&world, DAY * 30);
    let told = page().await;
    assert!(told.contains("until the provider confirms them, or they sign in"), "{told}");
    let mut change = world.change().await;
    change.withdraw_user(ann.id, Withdrawal::Disabled).await.unwrap();
    world.commit(change).await;
    let told = page().await;
    assert!(told.contains("disabled at their provider since"), "{told}");
    confirm(&world, ann.id).await;
    let told = page().await;
    assert!(!told.contains("Suspended") && !told.contains("in vain"), "{told}");
}

#[tokio::test]
async fn pages_say_where_only_a_sign_in_confirms() {
    let world =
        World::configured(&PROVIDERS.replace("recheck_confirms = true", "recheck_confirms = false")).await;
    let root = world.user("root", &["admin"]).await;
    let ann = world.user_from("ann", Origin::Ldap, "corp", &["login"]).await;
    confirm(&world, ann.id).await;
    let own = world.open(&world.session(&ann).await, "/account/profile").await;
    let (_, due) = own.text().split_once("<dt>Next confirmation due</dt>").unwrap();
    assert!(due.split("</dl>").next().unwrap().contains(", by a sign-in</dd>"), "{}", own.shown());
    let page = async || {
        let page = world.open(&world.session(&root).await, "/admin/users/ann").await;
        page.text().to_owned()
    };
    let told = page().await;
    assert!(told.contains("; that brings news of groups, and only a sign-in confirms them"), "{told}");
    later(&world, DAY * 30);
    let told = page().await;
    assert!(
        told.contains(" until they sign in</dd>") && !told.contains("until the provider confirms"),
        "{told}"
    );
}

#[tokio::test]
async fn people_of_a_directory_are_told_when_tokens_are_switched_off_for_them() {
    let world = World::configured(PROVIDERS).await;
    let ann = world.user_from("ann", Origin::Ldap, "corp", &["login"]).await;
    world.token(&ann, NewGrant { name: "old", application: "any", ..NewGrant::default() }).await;
    let session = world.session(&ann).await;
    assert!(world.open(&session, "/account/tokens").await.text().contains("/account/tokens/new"));
    let mut change = world.change().await;
    let mut rules = change.token_settings().await.unwrap();
    rules.origins.release.ldap = false;
    rules.origins.deploy.ldap = false;
    rules.origins.others.ldap = false;
    change.put_token_settings(&rules).await.unwrap();
    world.commit(change).await;
    let why = "An administrator has switched personal access tokens off for LDAP users.";
    let list = world.open(&session, "/account/tokens").await;
    assert!(list.text().contains(why) && list.text().contains("old"), "{}", list.shown());
    assert!(!list.text().contains("/account/tokens/new"), "{}", list.shown());
    let page = world.open(&session, "/account/tokens/new").await;
    assert_eq!(page.status(), 403);
    assert!(page.text().contains(why), "{}", page.shown());
}
