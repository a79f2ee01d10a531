//! A user whom a provider put into very many groups, and roles into very many roles: pages of both.

use patgate_core::user::{Origin, PrincipalKind};

use super::link;
use super::roles::root;
use crate::common::{Answer, Person, World};

const PATH: &str = "/admin/users/ann";

/// Somebody from outside who is in these groups.
async fn in_groups(world: &World, groups: Vec<String>) -> Person {
    let ann = world.user_from("ann", Origin::Sso, "idp", &["login"]).await;
    let mut change = world.change().await;
    let mut user = change.user(ann.id).await.unwrap().unwrap();
    user.groups = groups;
    change.update_user(&user).await.unwrap();
    world.commit(change).await;
    ann
}

fn groups(page: &Answer) -> Vec<String> {
    let rows = page.text().split("<tr><th scope=\"row\" data-label=\"Name\">").skip(1);
    rows.map(|row| row.split("</th>").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn of_two_thousand_groups_there_are_pages_both_ways_and_a_search() {
    let world = World::new().await;
    let root = root(&world).await;
    let names = (0..2_000).rev().map(|number| format!("{}-{number:04} <&>", ["ops", "Dev"][number % 2]));
    in_groups(&world, names.collect()).await;
    let first = world.open(&root, PATH).await;
    assert_eq!((groups(&first).len(), link(&first, "prev")), (20, None));
    assert_eq!(groups(&first)[0], "Dev-0001 &#60;&#38;&#62;");
    let second = world.open(&root, &link(&first, "next").unwrap()).await;
    assert_eq!(groups(&second)[0], "Dev-0041 &#60;&#38;&#62;");
    let back = world.open(&root, &link(&second, "prev").unwrap()).await;
    assert_eq!((groups(&back), link(&back, "prev")), (groups(&first), None));
    let found = world.open(&root, &format!("{PATH}?search=OPS-199")).await;
    assert_eq!(groups(&found).len(), 5, "{:?}", groups(&found));
    assert_eq!(link(&found, "next"), None);
    let none = world.open(&root, &format!("{PATH}?search=zz")).await;
    assert!(none.text().contains("No group here has a name that begins like this."), "{}", none.text());
    // Who is in no group has no such list.
    assert!(!world.open(&root, "/admin/users/root").await.text().contains("id=\"groups\""));
}

#[tokio::test]
async fn the_roles_of_a_user_go_on_beside_the_groups() {
    let world = World::new().await;
    let root = root(&world).await;
    let names: Vec<_> = (0..45).map(|number| format!("team-{number:02}")).collect();
    in_groups(&world, names.clone()).await;
    for name in &names {
        world.role_of(PrincipalKind::Group, name, "idp", &["login"]).await;
    }
    let roles = |page: &Answer| page.text().matches(" of idp</a>").count();
    let first = world.open(&root, PATH).await;
    assert_eq!((roles(&first), groups(&first).len()), (19, 20), "her own role comes first");
    let more = |page: &Answer| {
        let nav = page.text().split("aria-label=\"Pages of the roles\"").nth(1)?;
        let nav = nav.split("</nav>").next().unwrap();
        let rest = nav.split("rel=\"next\" href=\"").nth(1)?;
        Some(rest.split('"').next().unwrap().replace("&#38;", "&"))
    };
    let second = world.open(&root, &more(&first).unwrap()).await;
    let third = world.open(&root, &more(&second).unwrap()).await;
    assert_eq!((roles(&second), roles(&third), more(&third)), (20, 6, None));
    assert_eq!(groups(&third), groups(&first), "the other list stays where it is");
    assert!(third.text().contains("From the beginning"), "{}", third.text());
}
