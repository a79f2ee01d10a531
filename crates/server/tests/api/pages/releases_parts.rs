//! The parts of a template on their pages: added, changed, moved and deleted, each saved at once over what was shown.

use super::escaped;
use crate::common::{Answer, SignedIn, World, get, post};

const PATH: &str = "/releases/templates/Release1";
const MARKUP: &str = "<script>alert(1)</script>";

/// A world with the template, and an administrator.
async fn world() -> (World, SignedIn) {
    let world = World::new().await;
    world.release_things().await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    (world, root)
}

/// The parts in an outline, in its order: their address below that of the template, and what they are called.
fn parts(outline: &Answer) -> Vec<(String, String)> {
    let link = format!("<a href=\"{PATH}/");
    let links = outline.text().split(&link).skip(1);
    let part = |link: &str| {
        let (address, rest) = link.split_once("\">").unwrap();
        (address.to_owned(), rest.split('<').next().unwrap().to_owned())
    };
    links.map(part).collect()
}

/// What the parts in an outline are called.
fn titles(outline: &Answer) -> String {
    parts(outline).into_iter().map(|(_, title)| title).collect::<Vec<_>>().join(", ")
}

/// The address of the part that is called so.
fn address(outline: &Answer, title: &str) -> String {
    let found = parts(outline).into_iter().find(|(_, known)| *known == escaped(title));
    found.unwrap_or_else(|| panic!("no {title}: {}", outline.text())).0
}

#[tokio::test]
async fn a_template_grows_moves_and_shrinks_part_by_part() {
    let (world, root) = world().await;
    let outline = world.open(&root, PATH).await;
    for shown in
        ["Ship it", "print(1)", "Waits until somebody approves", "Nobody: its scripts can call nothing"]
    {
        assert!(outline.text().contains(shown), "{shown}: {}", outline.text());
    }
    let mut version = 0;
    let mut save = async |below: &str, fields: &[(&str, &str)]| {
        version += 1;
        let shown = version.to_string();
        let path = format!("{PATH}{below}");
        let sent = [&[("version", shown.as_str())], fields].concat();
        let saved = world.send(post(path.as_str()).submit(&root, &sent)).await;
        assert_eq!(saved.status(), 303, "{path}: {}", saved.text());
        let led = saved.header("location").split('#').next().unwrap();
        let outline = world.open(&root, led).await;
        assert!(outline.text().contains("The template is saved."), "{path}: {}", outline.text());
        assert!(!outline.text().contains(MARKUP), "{path}");
        outline
    };
    let outline = save("/phases/new", &[("title", MARKUP)]).await;
    assert_eq!(titles(&outline), format!("Phase, Task1, Task2, {}", escaped(MARKUP)));
    let second = address(&outline, MARKUP);
    let script = "# </textarea>\r\nprint(2)";
    let add = format!("/{second}/add");
    let outline = save(&add, &[("title", "Tell"), ("kind", "script"), ("script", script)]).await;
    assert_eq!(titles(&outline), format!("Phase, Task1, Task2, {}, Tell", escaped(MARKUP)));
    assert!(outline.text().contains("# &#60;/textarea&#62;\nprint(2)"), "{}", outline.text());
    let tell = address(&outline, "Tell");
    let task = world.open(&root, &format!("{PATH}/{tell}")).await;
    assert!(task.text().contains("# &#60;/textarea&#62;\nprint(2)"), "{}", task.text());
    let outline = save("", &[("up", tell.rsplit('/').next().unwrap())]).await;
    assert_eq!(titles(&outline), format!("Phase, Task1, Task2, Tell, {}", escaped(MARKUP)));
    let outline = save("", &[("down", "Phase1")]).await;
    assert_eq!(titles(&outline), format!("{}, Phase, Task1, Task2, Tell", escaped(MARKUP)));
    save(&format!("/{second}"), &[("title", "Second")]).await;
    let outline = save(&format!("/{tell}"), &[("title", "Told"), ("kind", "gate")]).await;
    assert_eq!(titles(&outline), "Second, Phase, Task1, Task2, Told");
    assert!(!outline.text().contains("print(2)"), "{}", outline.text());
    let list = [("key", "version"), ("kind", "list"), ("label", "Versions"), ("variable-value", "a\r\nb")];
    let outline = save("/variables/new", &list).await;
    assert_eq!(titles(&outline), "Second, Phase, Task1, Task2, Told, Versions");
    let variable = format!("/{}", address(&outline, "Versions"));
    let text =
        [("key", "version"), ("kind", "text"), ("variable-value", "1.2"), ("show_on_release_start", "yes")];
    let outline = save(&variable, &text).await;
    assert_eq!(titles(&outline), "Second, Phase, Task1, Task2, Told, version");
    for shown in ["1.2", "Asked for"] {
        assert!(outline.text().contains(shown), "{shown}: {}", outline.text());
    }
    save(&format!("{variable}/delete"), &[]).await;
    save(&format!("/{tell}/delete"), &[]).await;
    let outline = save("/phases/Phase1/delete", &[]).await;
    assert_eq!(titles(&outline), "Second");
    save("/edit", &[("title", MARKUP), ("description", MARKUP), ("abort_on_failure", "yes")]).await;
    let edit = world.open(&root, &format!("{PATH}/edit")).await;
    assert!(edit.text().contains(&format!("value=\"{}\"", escaped(MARKUP))), "{}", edit.text());
}

#[tokio::test]
async fn what_cannot_be_moved_or_is_not_there_changes_nothing() {
    let (world, root) = world().await;
    let before = world.state.store.last_sequence().await.unwrap();
    for act in [("up", "Phase1"), ("down", "Task2"), ("up", "Task9"), ("up", "nothing"), ("do", "add-phase")]
    {
        let answer = world.send(post(PATH).submit(&root, &[("version", "1"), act])).await;
        assert_eq!(answer.status(), 303, "{act:?}: {}", answer.text());
        assert!(answer.header("location").starts_with(PATH) && !answer.header("location").contains("done="));
    }
    for below in ["phases/Phase9", "phases/Phase9/add", "tasks/Task9", "variables/Variable9", "tasks/Phase1"]
    {
        let path = format!("{PATH}/{below}");
        let answer = world.send(get(path.as_str()).cookie(&root)).await;
        assert_eq!(answer.status(), 404, "{path}: {}", answer.text());
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn who_edits_what_somebody_else_saved_meanwhile_is_told_and_keeps_what_they_typed() {
    let (world, root) = world().await;
    let send = async |below: &str, fields: &[(&str, &str)]| {
        world.send(post(format!("{PATH}/{below}")).submit(&root, fields)).await
    };
    let typed =
        |version| [("version", version), ("title", "Tell"), ("kind", "script"), ("script", "print(2)")];
    let saved = send("phases/Phase1", &[("version", "1"), ("title", "First")]).await;
    assert_eq!(saved.status(), 303, "{}", saved.text());
    let refused = send("tasks/Task2", &typed("1")).await;
    assert_eq!(refused.status(), 409, "{}", refused.text());
    for shown in ["value=\"Tell\"", "print(2)", "name=\"version\" value=\"2\""] {
        assert!(refused.text().contains(shown), "{shown}: {}", refused.text());
    }
    let moved = world.send(post(PATH).submit(&root, &[("version", "1"), ("down", "Task1")])).await;
    assert_eq!(moved.status(), 409, "{}", moved.text());
    // Who has read that saves over it, and what the other saved stays.
    assert_eq!(send("tasks/Task2", &typed("2")).await.status(), 303);
    assert_eq!(titles(&world.open(&root, PATH).await), "First, Task1, Tell");
    assert_eq!(send("tasks/Task2/delete", &[("version", "2")]).await.status(), 409);
    assert_eq!(send("tasks/Task2/delete", &[("version", "3")]).await.status(), 303);
    let gone = send("tasks/Task2", &typed("3")).await;
    assert_eq!(gone.status(), 409, "{}", gone.text());
    for shown in ["Somebody else deleted this task meanwhile.", "value=\"Tell\"", "print(2)"] {
        assert!(gone.text().contains(shown), "{shown}: {}", gone.text());
    }
    let twice = send("tasks/Task2/delete", &[("version", "3")]).await;
    assert_eq!(twice.status(), 303, "{}", twice.text());
    let outline = world.open(&root, twice.header("location")).await;
    assert!(outline.text().contains("It is deleted already."), "{}", outline.text());
    assert_eq!(send("phases/Phase1/delete", &[("version", "4")]).await.status(), 303);
    let homeless = send("phases/Phase1/add", &typed("4")).await;
    assert_eq!(homeless.status(), 409, "{}", homeless.text());
    for shown in ["Somebody else deleted this phase meanwhile.", "value=\"Tell\"", "print(2)"] {
        assert!(homeless.text().contains(shown), "{shown}: {}", homeless.text());
    }
}

#[tokio::test]
async fn who_is_logged_out_while_they_edit_finds_what_they_typed_however_long_it_is() {
    let (world, root) = world().await;
    let script = "x".repeat(60_000);
    let title = ("title", "Typed anew");
    let task = [title, ("kind", "script"), ("script", "print(77)"), ("restarts_when_interrupted", "yes")];
    let long = [title, ("kind", "script"), ("script", script.as_str())];
    let new = [title, ("phase", "Typed phase"), ("task", "Typed task"), ("script", "print(77)")];
    let variable = [
        ("key", "Typed anew"),
        ("kind", "text"),
        ("label", "Typed label"),
        ("variable-value", "hidden-value"),
    ];
    for (below, typed, shown) in [
        ("Release1/edit", &[title, ("description", "Typed text")][..], "Typed text"),
        ("Release1/phases/new", &[title], "New phase"),
        ("Release1/phases/Phase1", &[title], "Edit phase"),
        ("Release1/phases/Phase1/add", &task, "print(77)"),
        ("Release1/tasks/Task2", &task, "print(77)"),
        ("Release1/tasks/Task2", &long, script.as_str()),
        ("Release1/variables/new", &variable, "Typed label"),
        ("new", &new, "Typed phase"),
    ] {
        let path = format!("/releases/templates/{below}");
        let sent = [&[("csrf", "gone"), ("version", "1")], typed].concat();
        let lost = world.send(post(path.as_str()).form(&sent)).await;
        let back = if lost.status() == 401 {
            world.go_on(&root, &lost).await
        } else {
            let next = lost.after_login();
            assert!(next.starts_with(&path) && !next.contains("hidden-value"), "{next}");
            world.open(&root, &next).await
        };
        for shown in [shown, "Typed anew", "Not saved yet: "] {
            assert!(back.text().contains(shown), "{path}: {shown}: {}", back.text());
        }
        assert!(!lost.text().contains("hidden-value") && !back.text().contains("hidden-value"), "{path}");
        let version = back.text().contains("name=\"version\" value=\"1\"");
        assert_eq!(version, below != "new", "{path}: {}", back.text());
    }
}
