//! What pages weigh when everything on them is as long as it may be: below the 60 kB that a page may take, with style and
//! script.

use patgate_core::expiry::Expiry;
use patgate_core::user::{Origin, Principal, PrincipalKind};
use patgate_store::{Actor, ActorKind, Seek};

use super::{link, turn};
use crate::common::{IssuedToken, NewGrant, Person, SignedIn, World, get};

/// The most bytes of a page with all that comes with it.
const MOST: usize = 60_000;
/// More rows than stand on a page.
pub(super) const MANY: usize = 45;

/// A name of as many characters as there may be, of five bytes each in a page, that no other has.
pub(super) fn name(number: usize) -> String {
    format!("{number:04}{}", "<".repeat(96))
}

/// The same of a user, whose role is called `…'s role`.
pub(super) fn username(number: usize) -> String {
    format!("{number:04}{}", "<".repeat(89))
}

/// Bytes as they are transferred.
async fn weigh(world: &World, session: &SignedIn, path: &str) -> usize {
    let answer = world.send(get(path).cookie(session).header("accept-encoding", "gzip")).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().len()
}

/// Bytes of style sheet and script.
async fn assets(world: &World, session: &SignedIn) -> usize {
    let page = world.open(session, "/account/tokens").await;
    let mut sum = 0;
    for mark in ["rel=\"stylesheet\" href=\"", "<script src=\""] {
        let path = page.text().split(mark).nth(1).unwrap().split('"').next().unwrap();
        sum += weigh(world, session, path).await;
    }
    assert!(sum > 5_000, "{sum}");
    sum
}

/// The pages of a list that are too heavy, of the first two; the second leads both ways.
pub(super) async fn weigh_pages(world: &World, session: &SignedIn, path: &str) -> Vec<(usize, String)> {
    let (assets, mut path, mut heavy) = (assets(world, session).await, path.to_owned(), Vec::new());
    for _ in 0..2 {
        let answer = world.open(session, &path).await;
        let bytes = assets + weigh(world, session, &path).await;
        if bytes > MOST {
            heavy.push((bytes, path.clone()));
        }
        let Some(next) = link(&answer, "next") else { break };
        path = next;
    }
    heavy
}

/// Demands that these pages, and those that they lead to, are light enough.
pub(super) async fn are_light(world: &World, session: &SignedIn, paths: &[String]) {
    let mut heavy = Vec::new();
    for path in paths {
        heavy.extend(weigh_pages(world, session, path).await);
    }
    assert!(heavy.is_empty(), "{heavy:?}");
}

/// Puts groups with names and providers as long as they may be into a role, one after the other. Returns its path.
async fn fill_a_role(world: &World) -> String {
    let listed = world.state.store.list_roles("0", &Seek::Start, 1).await.unwrap().remove(0);
    let mut role = world.state.store.role_by_id(listed.summary.id).await.unwrap().unwrap();
    for number in 0..MANY {
        role.principals.push(Principal {
            username: PrincipalKind::Group.name(&format!("{number:04}{}", "<".repeat(196))).unwrap(),
            fullname: None,
            kind: PrincipalKind::Group,
            provider: "<".repeat(100),
        });
        let mut change = world.change().await;
        change.update_role(&role).await.unwrap();
        world.commit(change).await;
    }
    format!("/admin/roles/{}", role.id)
}

/// Writes mails as long as they may be, one after the other.
async fn write_long_mails(world: &World) {
    for number in 0..MANY {
        let body = format!("{number:04}{}", "<".repeat(6_599));
        world
            .notify(|mail| {
                mail.subject = Some("<".repeat(200).try_into().unwrap());
                mail.body = Some(body.try_into().unwrap());
            })
            .await;
    }
}

/// Has somebody move the end of a token again and again, and give everybody a full name as long as it may be.
async fn change_much(world: &World, by: &Person, token: &IssuedToken, people: &[Person]) {
    let actor = Actor {
        kind: ActorKind::User,
        user: Some(by.id),
        grant: Some(token.id),
        address: Some("2001:db8:1111:2222:3333:4444:5555:6666".to_owned()),
        ..Actor::system(by.username.as_str())
    };
    let mut change = world.state.change(&actor).await.unwrap();
    for number in 0..MANY {
        let at = ["2026-12-20T23:59:59Z", "2026-12-21T23:59:59Z"][number % 2];
        change.set_grant_expiry(token.id, Expiry::at(at.parse().unwrap()).unwrap()).await.unwrap();
    }
    for person in people {
        let mut user = change.user(person.id).await.unwrap().unwrap();
        user.full_name = "<".repeat(255);
        change.update_user(&user).await.unwrap();
    }
    world.commit(change).await;
}

#[tokio::test]
async fn a_page_of_the_longest_names_and_all_permissions_stays_light() {
    let mut world = World::new().await;
    let root = world.user(&username(MANY), &["admin"]).await;
    let ids: Vec<_> = world.state.catalog.ids().iter().map(ToString::to_string).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let (mut tokens, mut owners) = (Vec::new(), Vec::new());
    for number in 0..MANY {
        let owner = world.user_from(&username(number), Origin::Internal, "internal", &ids).await;
        for owner in [&root, &owner] {
            let new = NewGrant {
                name: &name(number),
                application: "any",
                permissions: Some(&ids),
                expires_at: Some("2026-12-21T23:59:59Z"),
            };
            let token = world.token(owner, new).await;
            assert_eq!(world.send(get("/auth").token(&token)).await.status(), 200);
            tokens.push(token);
        }
        owners.push(owner);
    }
    world.write_last_uses().await;
    for token in &tokens {
        world.suspend(token).await;
    }
    for number in MANY..2 * MANY {
        let expired = NewGrant {
            name: &name(number),
            expires_at: Some("2026-05-01T00:00:00Z"),
            permissions: Some(&ids),
            ..NewGrant::default()
        };
        world.token(&root, expired).await;
    }
    let role = fill_a_role(&world).await;
    write_long_mails(&world).await;
    change_much(&world, &root, &tokens[0], &owners).await;
    let session = world.session(&root).await;
    let further = turn(&world.open(&session, &role).await, "Next").unwrap();
    let mut heavy = Vec::new();
    for path in [
        "/account/tokens",
        "/account/tokens?sort=name",
        "/account/tokens/new",
        "/account/tokens/expired/clear",
        "/admin/tokens",
        "/admin/tokens?sort=expires",
        format!("/admin/tokens/{}", tokens[0].id).as_str(),
        "/settings/suspended",
        "/settings/preview?maximum=30",
        "/admin/users",
        "/admin/roles",
        "/admin/roles/new",
        role.as_str(),
        format!("{role}?{further}").as_str(),
        format!("{role}?search=0").as_str(),
        "/admin/audit",
        "/admin/audit?action=role.update",
        "/admin/audit?action=settings.update",
        "/settings/notifications",
        "/admin/audit?action=grant.create",
        "/admin/audit?action=grant.set_expiry",
    ] {
        heavy.extend(weigh_pages(&world, &session, path).await);
    }
    assert!(heavy.is_empty(), "{heavy:?}");
}
