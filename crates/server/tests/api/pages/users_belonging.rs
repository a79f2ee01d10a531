//! A user whom a provider put into very many groups, and who holds very many roles: pages of both.

use patgate_core::identifier::RoleId;
use patgate_core::role::Role;
use patgate_core::user::{Origin, Principal, PrincipalKind};

use super::roles::root;
use super::{link, turn};
use crate::common::{Answer, Person, World, post};

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

#[tokio::test]
async fn what_is_typed_for_a_user_stays_while_one_looks_through_their_roles() {
    const UNSAVED: &str = "What you typed or chose here is not saved yet.";
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let mut change = world.change().await;
    for number in 0..30 {
        let role = Role {
            id: RoleId::generate(&mut world.state.random.draw()),
            name: format!("team-{number:02}").parse().unwrap(),
            principals: vec![Principal::internal("ann".parse().unwrap())],
            permissions: ["login".parse().unwrap()].into(),
        };
        change.insert_role(&role).await.unwrap();
    }
    world.commit(change).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let teams = |page: &Answer| page.text().matches(">team-").count();
    let first = world.open(&root, PATH).await;
    assert_eq!((teams(&first), turn(&first, "From the beginning")), (19, None), "her own role comes first");
    let more = turn(&first, "More roles").unwrap();
    let shown = first.text().split(r#"name="shown" value=""#).nth(1).unwrap().split('"').next().unwrap();
    let send = async |name: &str, email: &str, more: (&str, &str)| {
        let fields = [("shown", shown), ("full_name", name), ("email", email), more];
        world.send(post(PATH).submit(&root, &fields)).await
    };
    // With nothing typed, each page has an address of its own.
    let led = send("ann Example", "ann@example.org", ("turn", more.as_str())).await;
    assert_eq!((led.status(), led.header("location")), (303, format!("{PATH}?{more}").as_str()));
    let second = world.open(&root, led.header("location")).await;
    assert_eq!((teams(&second), turn(&second, "More roles")), (11, None));
    let beginning = turn(&second, "From the beginning").unwrap();
    let led = send("ann Example", "ann@example.org", ("turn", beginning.as_str())).await;
    assert_eq!((led.status(), led.header("location")), (303, PATH));

    let has_typed = |page: &Answer| {
        let email = page.text().split(r#"id="email""#).nth(1).and_then(|tag| tag.split('>').next());
        page.text().contains(r#"value="A &#60;B&#62;""#)
            && email.is_some_and(|tag| tag.contains(r#"value="""#))
    };
    for (place, count) in [(more.as_str(), 11), (beginning.as_str(), 19)] {
        let answer = send("A <B>", "", ("turn", place)).await;
        assert!(answer.status() == 200 && answer.text().contains(UNSAVED), "{}", answer.text());
        assert!(has_typed(&answer), "{}", answer.text());
        assert_eq!(teams(&answer), count, "{place}");
    }
    // What is refused stands beside the same part of the list.
    let refused = send(&"x".repeat(5_000), "", ("list", more.as_str())).await;
    assert_eq!((refused.status(), teams(&refused)), (400, 11));
    // So it does when somebody is logged out meanwhile.
    let fields = [("shown", shown), ("full_name", "A <B>"), ("email", ""), ("turn", more.as_str())];
    let lost = world.send(post(PATH).form(&fields)).await;
    let found = world.open(&root, &lost.after_login()).await;
    assert!(has_typed(&found) && teams(&found) == 11, "{}", found.text());
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before, "looking saves nothing");

    // Who only may see has links.
    let auditor = world.user("auditor", &["login", "security#view"]).await;
    let auditor = world.session(&auditor).await;
    let page = world.open(&auditor, PATH).await;
    assert_eq!(turn(&page, "More roles"), None);
    assert_eq!(teams(&world.open(&auditor, &link(&page, "next").unwrap()).await), 11);
}
