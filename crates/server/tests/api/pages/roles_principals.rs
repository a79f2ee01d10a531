//! Who is in a role: some come in and go out, page by page of thousands.

use super::roles::{LIST, filled, listed, role, root};
use super::{link, turn};
use crate::common::{Answer, NewGrant, World, get, post};

fn names(page: &Answer) -> Vec<String> {
    listed(page).into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn users_and_groups_come_into_a_role_and_go_out_of_it_while_the_others_stay_who_they_are() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let bob = world.user("bob", &["login"]).await;
    let token = world.token(&bob, NewGrant { application: "any", ..NewGrant::default() }).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    let mut change = world.change().await;
    let mut stored = role(&world, "ann's role").await;
    stored.permissions = ["security#view".parse().unwrap()].into();
    stored.principals[0].fullname = Some("Ann Example".to_owned());
    change.update_role(&stored).await.unwrap();
    world.commit(change).await;
    let (add, remove) = (format!("{path}/principals"), format!("{path}/principals/remove"));
    let send = async |to: &str, fields: &[(&str, &str)]| world.send(post(to).submit(&root, fields)).await;
    let came = send(&add, &[("users", "bob\r\ncorp:ann\r\nann\r\nbob"), ("groups", "corp:ops")]).await;
    assert_eq!(came.header("location"), format!("{path}?done=added-3"), "{}", came.text());
    // Who she was in the role stays.
    let after = role(&world, "ann's role").await;
    assert_eq!(after.principals[0], stored.principals[0]);
    let page = world.open(&root, came.header("location")).await;
    assert!(page.text().contains("3 users and groups came in"), "{}", page.text());
    assert_eq!(names(&page), ["ann", "ann", "bob", "ops"]);
    assert_eq!(world.send(get("/api/v1/roles").token(&token)).await.status(), 200, "in force at once");
    let again = send(&add, &[("users", "bob"), ("groups", "")]).await;
    assert_eq!(again.header("location"), format!("{path}?done=added-0"));
    for (fields, anchor, words) in [
        ([("users", ""), ("groups", " ")], "users", "Type at least one user or group"),
        ([("users", "nobody"), ("groups", "corp:new")], "users", "There is no user `nobody`."),
        ([("users", "corp:new"), ("groups", "ops")], "groups", "Write the provider before the group"),
        ([("users", "corp:new"), ("groups", "internal:ops")], "groups", "names the provider"),
    ] {
        let wrong = send(&add, &fields).await;
        assert_eq!(wrong.status(), 400, "{fields:?}");
        let text = wrong.text();
        assert!(
            text.contains(words) && text.contains(&format!("<a href=\"#{anchor}\">")),
            "{fields:?}: {text}"
        );
        let typed = fields.iter().find(|(name, _)| *name != anchor).unwrap().1.trim();
        assert!(text.contains(&format!(">\n{typed}</textarea>")), "{fields:?}: {text}");
    }
    assert_eq!(role(&world, "ann's role").await, after);

    let rows = listed(&page);
    let key = |at: usize| ("principal", rows[at].1.as_str());
    let out = send(&remove, &[key(0), key(2), ("principal", "x"), ("list", "search=a&done=x")]).await;
    assert_eq!(out.header("location"), format!("{path}?search=a&done=removed-2"));
    let page = world.open(&root, out.header("location")).await;
    assert!(page.text().contains("2 users and groups are taken out"), "{}", page.text());
    assert_eq!(names(&page), ["ann"]);
    assert_eq!(world.send(get("/api/v1/roles").token(&token)).await.status(), 403, "in force at once");
    // Two people do the same: both read that it is so.
    let twice = send(&remove, &[key(0)]).await;
    assert_eq!(twice.header("location"), format!("{path}?done=removed-0"));
    assert_eq!(send(&remove, &[]).await.header("location"), format!("{path}?done=none"));
    let after = role(&world, "ann's role").await;
    assert_eq!(
        after.principals.iter().map(|one| one.provider.as_str()).collect::<Vec<_>>(),
        ["internal", "corp"]
    );
    // The log tells who came and went, and not everybody.
    let log = world.open(&root, "/admin/audit?action=role.update").await;
    for told in ["Principals added", "Principals removed", "bob (internal), ann (corp), ops (corp)"] {
        assert!(log.text().contains(told), "{told}: {}", log.text());
    }
}

#[tokio::test]
async fn of_a_role_of_many_people_there_are_pages_both_ways_and_a_search() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    let people: Vec<_> =
        (0..45).rev().map(|number| format!("corp:{}-{number:02}", ["ci", "Dev"][number % 2])).collect();
    let fields = [("users", people.join("\n")), ("groups", "corp:ci-04".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let came = world.send(post(format!("{path}/principals")).submit(&root, &fields)).await;
    assert_eq!(came.header("location"), format!("{path}?done=added-46"));
    let first = world.open(&root, &path).await;
    assert_eq!((names(&first).len(), names(&first)[0].as_str(), turn(&first, "Previous")), (20, "ann", None));
    // With nothing typed, each page has an address of its own.
    let turned = async |page: &Answer, name| {
        let query = turn(page, name).unwrap();
        let answer = world.send(post(&path).submit(&root, &[("turn", query.as_str())])).await;
        assert_eq!((answer.status(), answer.header("location")), (303, format!("{path}?{query}").as_str()));
        world.open(&root, answer.header("location")).await
    };
    let second = turned(&first, "Next").await;
    let third = turned(&second, "Next").await;
    assert_eq!((names(&third).len(), turn(&third, "Next")), (7, None));
    let all: Vec<_> = [&first, &second, &third].into_iter().flat_map(names).collect();
    assert!(all.is_sorted_by_key(|name| name.to_lowercase()), "{all:?}");
    let back = turned(&third, "Previous").await;
    assert_eq!(names(&back), names(&second));
    // Who may change nothing is led by links.
    let auditor = world.user("auditor", &["login", "security#view"]).await;
    let auditor = world.session(&auditor).await;
    let first = world.open(&auditor, &path).await;
    assert_eq!((turn(&first, "Next"), link(&first, "prev")), (None, None));
    let second = world.open(&auditor, &link(&first, "next").unwrap()).await;
    assert!(second.status() == 200 && link(&second, "prev").is_some(), "{}", second.text());
    let found = world.open(&root, &format!("{path}?search=DEV-4")).await;
    assert_eq!(names(&found), ["Dev-41", "Dev-43"]);
    let none = world.open(&root, &format!("{path}?search=zz")).await;
    assert!(none.text().contains("No user or group here has a name that begins like this"));
}

/// What is said when a button did its part, and more is typed than that.
const REST: &str = "What else you typed or chose here is not saved yet.";

/// Whether these permissions are chosen on a page, in their order, and no others.
fn are_chosen(page: &Answer, ids: &[&str]) -> bool {
    let boxes = page.text().split(r#"name="permission" value=""#).skip(1);
    let boxes = boxes.map(|rest| rest.split('>').next().unwrap());
    boxes.filter_map(|tag| tag.strip_suffix("\" checked")).eq(ids.iter().copied())
}

/// Whether somebody is chosen in the list.
fn is_ticked(page: &Answer, name: &str) -> bool {
    page.text().contains(&format!(r#"checked><span class="hidden-text">{name}</span>"#))
}

fn is_typed(page: &Answer, text: &str) -> bool {
    page.text().contains(&format!(">\n{text}</textarea>"))
}

#[tokio::test]
async fn what_is_typed_for_one_button_of_a_role_stays_when_another_one_is_refused() {
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let path = format!("{LIST}/{}", role(&world, "root's role").await.id);
    let page = world.open(&root, &path).await;
    let myself = listed(&page)[0].1.clone();
    let form = |permissions: &[&'static str], users: &'static str| {
        let shown = filled(&page, permissions);
        [shown, vec![("principal", myself.as_str()), ("users", users), ("groups", "corp:ops")]].concat()
    };
    let before = world.state.store.last_sequence().await.unwrap();
    for (to, permissions, users, status, words) in [
        ("", &["admin", "login", "Not one"][..], "ann", 400, "A permission looks like"),
        ("", &["login"], "ann", 409, "This would leave no administrator"),
        ("/principals", &["admin", "login"], "nobody", 400, "There is no user `nobody`."),
        ("/principals/remove", &["admin", "login"], "ann", 409, "This would leave no administrator"),
    ] {
        let refused = world.send(post(format!("{path}{to}")).submit(&root, &form(permissions, users))).await;
        assert_eq!(refused.status(), status, "{to}: {}", refused.text());
        let known: Vec<_> = permissions.iter().copied().filter(|id| *id != "Not one").collect();
        assert!(refused.text().contains(words) && are_chosen(&refused, &known), "{to}: {}", refused.text());
        assert!(is_ticked(&refused, "root"), "{to}: {}", refused.text());
        assert!(is_typed(&refused, users) && is_typed(&refused, "corp:ops"), "{to}: {}", refused.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
    // So it does when somebody is logged out meanwhile.
    let fields = form(&["admin", "login"], "ann");
    let lost = world.send(post(format!("{path}/principals/remove")).form(&fields)).await;
    let next = lost.after_login();
    let back = world.open(&root, &next).await;
    assert!(back.text().contains("Not saved yet"), "{}", back.text());
    assert!(are_chosen(&back, &["admin", "login"]) && is_ticked(&back, "root"), "{}", back.text());
    assert!(is_typed(&back, "ann") && is_typed(&back, "corp:ops"), "{}", back.text());
}

#[tokio::test]
async fn what_is_typed_for_one_button_of_a_role_stays_when_another_one_has_done_its_part() {
    const WANTED: [&str; 2] = ["login", "security#view"];
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    world.user("bob", &["login"]).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    let send = async |to: &str, fields: &[(&str, &str)]| {
        world.send(post(format!("{path}{to}")).submit(&root, fields)).await
    };
    let first = world.open(&root, &path).await;
    let came = send("/principals", &[filled(&first, &WANTED), vec![("users", "bob")]].concat()).await;
    assert_eq!(came.status(), 200);
    assert!(came.text().contains("One user or group came in.") && came.text().contains(REST));
    assert!(are_chosen(&came, &WANTED) && !is_typed(&came, "bob") && names(&came) == ["ann", "bob"]);
    assert_eq!(role(&world, "ann's role").await.permissions.len(), 1, "{}", came.text());

    let saved = send("", &[filled(&came, &WANTED), vec![("users", "corp:zoe")]].concat()).await;
    assert_eq!(saved.status(), 200);
    assert!(saved.text().contains("The role is saved.") && saved.text().contains(REST));
    assert!(is_typed(&saved, "corp:zoe") && role(&world, "ann's role").await.permissions.len() == 2);

    let rows = listed(&saved);
    let bob = ("principal", rows[1].1.as_str());
    let out = [filled(&saved, &WANTED), vec![bob, ("users", "corp:zoe")]].concat();
    let out = send("/principals/remove", &out).await;
    assert!(out.text().contains("One user or group is taken out.") && out.text().contains(REST));
    assert!(is_typed(&out, "corp:zoe") && names(&out) == ["ann"], "{}", out.text());

    // Nothing else is typed any more.
    let zoe = send("/principals", &[filled(&out, &WANTED), vec![("users", "corp:zoe")]].concat()).await;
    assert_eq!(zoe.header("location"), format!("{path}?done=added-1"), "{}", zoe.text());
    // What somebody else took away meanwhile is none of the changes here, and does not come back.
    let taken = send("", &filled(&out, &["login"])).await;
    assert_eq!(taken.status(), 303);
    let rows = listed(&out);
    let ann = ("principal", rows[0].1.as_str());
    let stale = [filled(&out, &WANTED), vec![ann, ("users", "bob")]].concat();
    let stale = send("/principals", &stale).await;
    assert!(are_chosen(&stale, &["login"]) && is_ticked(&stale, "ann"), "{}", stale.text());
    assert_eq!(send("", &filled(&stale, &["login"])).await.status(), 303);
}

#[tokio::test]
async fn what_is_typed_for_a_role_stays_while_one_looks_through_its_list() {
    const WANTED: [&str; 2] = ["login", "security#view"];
    const UNSAVED: &str = "What you typed or chose here is not saved yet.";
    let world = World::new().await;
    let root = root(&world).await;
    world.user("ann", &["login"]).await;
    let path = format!("{LIST}/{}", role(&world, "ann's role").await.id);
    let people: Vec<_> = (0..30).map(|number| format!("corp:ci-{number:02}")).collect();
    let people = people.join("\n");
    let send = async |to: &str, fields: &[(&str, &str)]| {
        world.send(post(format!("{path}{to}")).submit(&root, fields)).await
    };
    assert_eq!(send("/principals", &[("users", &people)]).await.status(), 303);
    let before = world.state.store.last_sequence().await.unwrap();
    let first = world.open(&root, &path).await;
    let rows = listed(&first);
    let (ann, ci) = (("principal", rows[0].1.as_str()), ("principal", rows[3].1.as_str()));
    let typed = [("users", "corp:zoe"), ("groups", "corp:ops")];
    let look = async |page: &Answer, more: &[(&str, &str)]| {
        let fields = [filled(page, &WANTED), typed.to_vec(), more.to_vec()].concat();
        let answer = send("", &fields).await;
        assert_eq!(answer.status(), 200, "{more:?}: {}", answer.text());
        assert!(answer.text().contains(UNSAVED) && are_chosen(&answer, &WANTED), "{}", answer.text());
        assert!(is_typed(&answer, "corp:zoe") && is_typed(&answer, "corp:ops"), "{}", answer.text());
        answer
    };
    let next = turn(&first, "Next").unwrap();
    let second = look(&first, &[ann, ci, ("turn", next.as_str())]).await;
    assert!(names(&second).len() == 11 && !is_ticked(&second, "ann"), "{}", second.text());
    assert!(second.text().contains("With 2 chosen elsewhere in the list."), "{}", second.text());
    let elsewhere = second.text().split(r#"name="elsewhere" value=""#).nth(1).unwrap();
    let elsewhere = ("elsewhere", elsewhere.split('"').next().unwrap());
    // Searched from the beginning of the list; whoever stands in it is chosen there.
    let found = look(&second, &[elsewhere, ("list", next.as_str()), ("search", "AN"), ("look", "yes")]).await;
    assert!(names(&found) == ["ann"] && is_ticked(&found, "ann"), "{}", found.text());
    assert!(found.text().contains("With 1 chosen elsewhere in the list."), "{}", found.text());
    let none = look(&second, &[elsewhere, ("search", "zz"), ("look", "yes")]).await;
    assert!(none.text().contains("begins like this"), "{}", none.text());
    let all = turn(&none, "Show all").unwrap();
    let all = look(&none, &[elsewhere, ("turn", all.as_str())]).await;
    assert!(is_ticked(&all, "ann") && is_ticked(&all, "ci-02") && names(&all).len() == 20, "{}", all.text());
    assert!(!all.text().contains("chosen elsewhere"), "{}", all.text());
    // So it does when somebody is logged out meanwhile.
    let fields = [filled(&first, &WANTED), typed.to_vec(), vec![ann, ("turn", next.as_str())]].concat();
    let lost = world.send(post(&path).form(&fields)).await;
    let back = world.open(&root, &lost.after_login()).await;
    assert!(are_chosen(&back, &WANTED) && is_typed(&back, "corp:zoe"), "{}", back.text());
    assert_eq!(names(&back), names(&second));
    assert!(back.text().contains("With 1 chosen elsewhere in the list."), "{}", back.text());
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before, "looking saves nothing");
    // Whoever was chosen goes out, wherever they stand.
    let out = send("/principals/remove", &[elsewhere]).await;
    assert_eq!(out.header("location"), format!("{path}?done=removed-2"), "{}", out.text());
    let plain = send("", &[("search", " a "), ("look", "yes")]).await;
    assert_eq!(plain.header("location"), format!("{path}?search=+a+"), "nothing typed: {}", plain.text());
    let long = "x".repeat(4_000);
    let far = send("", &[("search", long.as_str()), ("look", "yes")]).await;
    assert!(far.status() == 200 && far.text().contains("begins like this"), "{}", far.text());
    assert!(!far.text().contains(UNSAVED), "{}", far.text());
    let all = send("", &[("turn", turn(&far, "Show all").unwrap().as_str())]).await;
    assert_eq!((all.status(), all.header("location")), (303, path.as_str()));
}
