//! Tokens from the command line: the use cases behind `patgate token`, which ask nothing of a loaded index.

use patgate_core::application::{ApplicationName, ApplicationSlot};
use patgate_core::grant::Grant;
use patgate_core::user::{Origin, Username};
use patgate_server::service::tokens::command_line::{Listing, Wanted};
use patgate_server::service::tokens::{NewToken, TokenRequest, command_line};
use patgate_server::state::AppState;
use patgate_store::{Actor, ActorKind, AuditFilter, Page};

use crate::common::{NewGrant, World, get};

fn actor() -> Actor {
    Actor {
        kind: ActorKind::CommandLine,
        name: "operator".to_owned(),
        user: None,
        grant: None,
        address: None,
    }
}

fn name(text: &str) -> Username {
    text.parse().unwrap()
}

fn new(state: &AppState, note: &str, permissions: Option<&[&str]>) -> NewToken {
    let request = TokenRequest {
        token_note: note.to_owned(),
        global_permissions: permissions.map(|ids| ids.iter().map(ToString::to_string).collect()),
        ..TokenRequest::default()
    };
    request.read(state, ApplicationSlot::RELEASE).unwrap()
}

/// The names of tokens and their owners, as a command lists them: by owner, beginning and application.
async fn listed(
    state: &AppState,
    (owner, search, application): (Option<Username>, Option<&str>, Option<&ApplicationName>),
) -> Vec<String> {
    let (search, application) = (search.map(str::to_owned), application.cloned());
    let mut listing =
        Listing::of(state, Wanted { owner: owner.as_ref(), search, application }).await.unwrap();
    let mut names = Vec::new();
    while let Some(tokens) = listing.next().await.unwrap() {
        names.extend(tokens.iter().map(|owned| format!("{} of {}", owned.grant.name.as_str(), owned.owner)));
    }
    names
}

#[tokio::test]
async fn an_operator_makes_lists_and_deletes_tokens_that_a_server_honours() {
    let world = World::new().await;
    let state = &world.state;
    let ann = world.user("ann", &["login", "release#view"]).await;
    world.user("bob", &[]).await;
    let request = new(state, "for the nightly job", Some(&["release#view"]));
    let (made, sequence) = command_line::create(state, &actor(), &name("ANN"), request).await.unwrap();
    // Another process made it: this one learns of it from the change log.
    state.node.apply_own(sequence).await.unwrap();
    let current = get("/api/v1/personal-access-tokens/current").basic("ann", made.token.reveal());
    assert_eq!(world.send(current.clone()).await.json()["tokenNote"], "for the nightly job");

    world.token(&ann, NewGrant { name: "by hand", ..NewGrant::default() }).await;
    let of = |owner: &str| (Some(name(owner)), None, None);
    assert_eq!(listed(state, of("ann")).await, ["by hand of ann", "for the nightly job of ann"]);
    assert_eq!(listed(state, of("bob")).await, [""; 0]);
    assert_eq!(listed(state, (None, None, None)).await.len(), 2);

    let sequence = command_line::delete(state, &actor(), made.owned.grant.id).await.unwrap();
    state.node.apply_own(sequence).await.unwrap();
    assert_eq!(world.send(current).await.status(), 401);
    let again = command_line::delete(state, &actor(), made.owned.grant.id).await.unwrap_err();
    assert_eq!(again.status(), 404);

    let events = state.store.audit_events(&AuditFilter::default(), Page::WHOLE).await.unwrap();
    let by_operator: Vec<_> =
        events.iter().filter(|event| event.actor == actor()).map(|event| event.action.as_str()).collect();
    assert_eq!(by_operator, ["grant.delete", "grant.create"]);
}

#[tokio::test]
async fn the_rules_hold_for_an_operator_too() {
    let world = World::new().await;
    let state = &world.state;
    world.user("ann", &["login"]).await;
    world.user("root", &["admin"]).await;
    world.user_from("lena", Origin::Ldap, "corp", &[]).await;
    let dora = world.user("dora", &[]).await;
    world.disable(&dora).await;
    let make = async |owner: &str, permissions: Option<&[&str]>| {
        let made = command_line::create(state, &actor(), &name(owner), new(state, "n", permissions)).await;
        made.map_or_else(|problem| problem.status().as_u16(), |_| 201)
    };
    assert_eq!(make("ann", Some(&["login"])).await, 201);
    assert_eq!(make("ann", Some(&["admin"])).await, 400);
    assert_eq!(make("root", Some(&["release#abort"])).await, 201);
    assert_eq!(make("lena", None).await, 403);
    assert_eq!(make("dora", None).await, 401);
    assert_eq!(make("nobody", None).await, 404);
    let nobody = name("nobody");
    let wanted = Wanted { owner: Some(&nobody), ..Wanted::default() };
    assert_eq!(Listing::of(state, wanted).await.err().unwrap().status(), 404);
}

#[tokio::test]
async fn an_operator_lists_more_tokens_than_are_read_at_once_each_of_them_once() {
    let world = World::new().await;
    let (ann, bob) = (world.user("ann", &[]).await, world.user("bob", &[]).await);
    let mut change = world.change().await;
    let mut wanted = Vec::new();
    for number in 0..1_203 {
        let (mut grant, digest) = world.grant_of(if number % 3 == 0 { bob.id } else { ann.id });
        // Several of one name, and names across the places at which a part ends.
        grant.name = format!("token {:04}", number / 7).parse().unwrap();
        if number % 100 == 0 {
            grant.application = "deploy".parse().unwrap();
        }
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
        wanted.push(grant);
    }
    world.commit(change).await;
    wanted.sort_by_key(|grant| (grant.name.as_str().to_owned(), grant.id));
    let shown = |grant: &Grant| {
        format!(
            "{} of {}",
            grant.name.as_str(),
            if grant.owner == bob.id { &bob.username } else { &ann.username }
        )
    };
    let state = &world.state;
    let (deploy, ann_alone) = ("deploy".parse().unwrap(), Some(name("ann")));
    for (asked, fits) in [
        ((None, None, None), &(|_: &Grant| true) as &dyn Fn(&Grant) -> bool),
        ((ann_alone, None, None), &|grant: &Grant| grant.owner == ann.id),
        ((None, Some("TOKEN 00"), None), &|grant: &Grant| grant.name.as_str().starts_with("token 00")),
        ((None, None, Some(&deploy)), &|grant: &Grant| grant.application == deploy),
    ] {
        let expected: Vec<_> = wanted.iter().filter(|grant| fits(grant)).map(shown).collect();
        assert!(!expected.is_empty() && listed(state, asked).await == expected);
    }
}
