//! The form that starts a release of a template: its variables, in parts where there are many, and the user for its scripts.

use serde_json::json;

use super::turn;
use crate::common::{Answer, NewGrant, PASSWORD, World, get, post};

/// The names of the fields in which values of variables stand, in their order.
fn names(page: &Answer) -> Vec<String> {
    let fields = page.text().split(" id=\"variable-").skip(1);
    let fields = fields.map(|rest| format!("variable-{}", rest.split('"').next().unwrap()));
    fields.filter(|name| name.ends_with("-value")).collect()
}

/// What the form sends along unseen.
fn kept(page: &Answer) -> Vec<(String, String)> {
    let fields = page.text().split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().replace("&#38;", "&"))
    });
    fields.filter(|(name, _)| name != "csrf").collect()
}

#[tokio::test]
async fn who_starts_a_release_on_its_page_gives_its_variables_and_the_user_for_its_scripts() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "template#create", "release#create", "release#view"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let ann = world.session(&ann).await;
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it",
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
        "variables": [
            { "key": "steady", "value": "as it was" },
            { "key": "version", "label": "Which version", "requiresValue": true, "showOnReleaseStart": true },
            { "key": "count", "type": "xlrelease.IntegerVariable", "value": 1, "showOnReleaseStart": true },
            { "key": "secret", "type": "xlrelease.PasswordStringVariable", "showOnReleaseStart": true },
        ],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = "/releases/templates/Release1/start";
    let form = world.open(&ann, path).await;
    let [which, count_field, secret] = names(&form).try_into().unwrap();
    for shown in ["Which version", "count", "secret", "Run automated tasks as user"] {
        assert!(form.text().contains(shown), "{shown}: {}", form.text());
    }
    assert!(!form.text().contains("steady"), "it is not asked for: {}", form.text());
    let releases = async || world.send(get("/api/v1/releases").basic("ann", PASSWORD)).await.json();
    let submit = async |version: &str, count: &str, password: &str, more: [&str; 2]| {
        let fields = [
            ("title", "Ship 1.2"),
            (&*which, version),
            (&*count_field, count),
            (more[0], more[1]),
            ("scriptUsername", ""),
            ("scriptUserPassword", password),
        ];
        world.send(post(path).submit(&ann, &fields)).await
    };
    for (version, count, password, why) in [
        ("", "7", &*token.text, "needs a value"),
        ("1.2", "seven", &*token.text, "Enter a whole number"),
        ("1.2", "7", "rpa_wrong", "nothing was started"),
    ] {
        let refused = submit(version, count, password, [&*secret, "swordfish"]).await;
        assert_eq!(refused.status(), 400, "{why}: {}", refused.text());
        for shown in [why, "Ship 1.2", count] {
            assert!(refused.text().contains(shown), "{shown}: {}", refused.text());
        }
        for secret in ["swordfish", password] {
            assert!(!refused.text().contains(secret), "{why}: {}", refused.text());
        }
    }
    assert_eq!(releases().await, json!([]), "nothing was made");
    // A password that was typed goes along, sealed for who typed it.
    let refused = submit("1.2", "seven", &token.text, [&*secret, "swordfish"]).await;
    let sealed = kept(&refused).into_iter().find(|(name, _)| name.ends_with("-sealed")).unwrap();
    let started = submit("1.2", "7", &token.text, [&*sealed.0, &*sealed.1]).await;
    assert_eq!(started.status(), 303, "{}", started.text());
    let release = releases().await[0].take();
    assert_eq!((&release["title"], &release["status"]), (&json!("Ship 1.2"), &json!("IN_PROGRESS")));
    assert_eq!(release["runAs"], json!({ "username": "ann", "by": "token" }));
    let values: Vec<_> =
        release["variables"].as_array().unwrap().iter().map(|variable| &variable["value"]).collect();
    assert_eq!(values, [&json!("as it was"), &json!("1.2"), &json!(7), &json!("********")]);
}

#[tokio::test]
async fn what_is_typed_in_one_part_of_the_variables_goes_along_to_the_others() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "template#create", "release#create", "release#view"]).await;
    let ann = world.session(&ann).await;
    let variables: Vec<_> = (0..45)
        .map(|number| {
            let value = if number == 7 { "long".repeat(5_000) } else { format!("as it was {number}") };
            json!({ "key": format!("key{number:02}"), "value": value, "showOnReleaseStart": true })
        })
        .collect();
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it", "variables": variables,
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = "/releases/templates/Release1/start";
    let send = async |page: &Answer, typed: &[(&str, &str)]| {
        let kept = kept(page);
        let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        world.send(post(path).submit(&ann, &[&kept[..], typed].concat())).await
    };
    let first = world.open(&ann, path).await;
    let fields = names(&first);
    assert_eq!(fields.len(), 19, "of the long value its beginning stands there: {}", first.text());
    assert!(first.text().contains("It is longer than this, and stays as it is."), "{}", first.text());
    let next = turn(&first, "More variables").unwrap();
    // Nothing is typed: the next part has an address of its own.
    let led = send(&first, &[("title", "Ship it"), ("turn", &next)]).await;
    assert_eq!((led.status(), led.header("location")), (303, &*format!("{path}?variables=20")));
    let second = send(&first, &[("title", "Mine"), (&fields[0], "typed"), ("turn", &next)]).await;
    assert_eq!(second.status(), 200, "{}", second.text());
    assert!(second.text().contains("as it was 20") && second.text().contains("value=\"Mine\""));
    assert_eq!(names(&second).len(), 20);
    let on_second = names(&second)[3].clone();
    let next = turn(&second, "More variables").unwrap();
    let third = send(&second, &[("title", "Mine"), (&on_second, "as well"), ("turn", &next)]).await;
    assert!(third.text().contains("as it was 44") && turn(&third, "More variables").is_none());
    let started = send(&third, &[("title", "Mine")]).await;
    assert_eq!(started.status(), 303, "{}", started.text());
    let release = world.send(get("/api/v1/releases").basic("ann", PASSWORD)).await.json()[0].take();
    assert_eq!(release["title"], "Mine");
    let value = |number: usize| release["variables"][number]["value"].as_str().unwrap();
    assert_eq!(
        (value(0), value(1), value(23), value(44)),
        ("typed", "as it was 1", "as well", "as it was 44")
    );
    assert_eq!(value(7), "long".repeat(5_000));
}

#[tokio::test]
async fn a_long_value_is_shown_whole_to_who_changes_it() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "template#create", "release#create"]).await;
    let ann = world.session(&ann).await;
    let long = format!("{}the end", "x".repeat(20_000));
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it",
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
        "variables": [{ "key": "notes", "value": long, "showOnReleaseStart": true }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = "/releases/templates/Release1/start";
    let form = world.open(&ann, path).await;
    assert!(!form.text().contains("the end") && names(&form).is_empty(), "{}", form.text());
    let change = turn(&form, "Change").unwrap();
    let led = world.send(post(path).submit(&ann, &[("title", "Ship it"), ("turn", &change)])).await;
    assert_eq!(led.status(), 303, "{}", led.text());
    let whole = world.open(&ann, led.header("location")).await;
    assert!(whole.text().contains(&long) && names(&whole).len() == 1, "{}", whole.text());
}

#[tokio::test]
async fn who_starts_a_template_that_somebody_changed_meanwhile_is_told_first_whatever_else_is_wrong() {
    let world = World::new().await;
    let ann = world.user("ann", &["login", "template#create", "release#create", "release#view"]).await;
    let token = world.token(&ann, NewGrant::default()).await;
    let ann = world.session(&ann).await;
    let template = json!({
        "id": "Applications/Release1", "title": "Ship it",
        "phases": [{ "title": "Test", "tasks": [{ "type": "xlrelease.GateTask", "title": "Go?" }] }],
    });
    let made = world.send(post("/api/v1/templates").json(&template).basic("ann", PASSWORD)).await;
    assert_eq!(made.status(), 200, "{}", made.text());
    let path = "/releases/templates/Release1/start";
    let send = async |page: &Answer, token: &str| {
        let kept = kept(page);
        let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let typed = [("title", "Mine"), ("scriptUsername", ""), ("scriptUserPassword", token)];
        world.send(post(path).submit(&ann, &[&kept[..], &typed].concat())).await
    };
    let form = world.open(&ann, path).await;
    let edit = [("version", "1"), ("title", "Ship it all")];
    let changed = world.send(post("/releases/templates/Release1/edit").submit(&ann, &edit)).await;
    assert_eq!(changed.status(), 303, "{}", changed.text());
    let told = "Somebody changed the template since this form was shown.";
    let version = |page: &Answer| kept(page).into_iter().find(|(name, _)| name == "version").unwrap().1;
    let mistyped = send(&form, "rpa_wrong").await;
    assert_eq!((mistyped.status(), &*version(&mistyped)), (400, "1"), "{}", mistyped.text());
    assert!(!mistyped.text().contains(told), "{}", mistyped.text());
    let overtaken = send(&mistyped, &token.text).await;
    assert_eq!((overtaken.status(), &*version(&overtaken)), (409, "2"), "{}", overtaken.text());
    assert!(overtaken.text().contains(told), "{}", overtaken.text());
    let releases = async || world.send(get("/api/v1/releases").basic("ann", PASSWORD)).await.json();
    assert_eq!(releases().await, json!([]), "nothing was made");
    let started = send(&overtaken, &token.text).await;
    assert_eq!(started.status(), 303, "{}", started.text());
    assert_eq!(releases().await[0]["title"], "Mine");
}
