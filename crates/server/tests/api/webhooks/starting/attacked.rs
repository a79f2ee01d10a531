//! Who may send events, and means harm: to fill somebody up with releases, and to set what is not theirs.

use jiff::SignedDuration;
use patgate_core::identifier::{ItemNumber, ReleaseNumber, UserId};
use patgate_core::release::{Event, ReleaseId, step};
use patgate_core::user::{INTERNAL_PROVIDER, PrincipalKind, User};
use patgate_store::{DeliveryOutcome, StoredRelease};
use patgate_testkit::clock::NOON;
use serde_json::{Value, json};

use super::{RELEASES, SECRET, TEMPLATES, starting, still, with_token};
use crate::common::{NewGrant, PASSWORD, World, delete, get, post, put};

impl World {
    /// Lets Ann have so many releases of a template more, none of which has ended, whose names begin so.
    async fn fill(&self, template: &str, family: &str, many: i64) {
        let template = ReleaseId::of_place(template).unwrap();
        let template = self.state.store.release(&template).await.unwrap().unwrap().release;
        let ann = self.state.store.user_by_name(&"ann".parse().unwrap()).await.unwrap().unwrap().id;
        let mut change = self.change().await;
        for number in 0..many {
            let id = format!("{family}{number:016x}").parse().unwrap();
            let planned = template.of_template(id, "Filler".to_owned(), ann, NOON);
            let release = step(&planned, Event::Start, NOON).unwrap().0;
            let number = ReleaseNumber::generate(&mut self.state.random.draw());
            change
                .insert_release(&StoredRelease::new(number, release), "release.create", json!({}))
                .await
                .unwrap();
        }
        self.commit(change).await;
    }

    async fn rename(&self, user: UserId, name: &str) {
        let mut change = self.change().await;
        let user = change.user(user).await.unwrap().unwrap();
        change.update_user(&User { username: name.parse().unwrap(), ..user }).await.unwrap();
        self.commit(change).await;
    }

    async fn starts_by_hand(&self, template: &str) -> bool {
        let call = post(format!("{TEMPLATES}/{template}/start")).json(&json!({ "releaseTitle": "By hand" }));
        self.send(call.basic("ann", PASSWORD)).await.status() == 200
    }

    /// Waits until what waits is due, and tries it: why it waits on.
    async fn waits_because(&self) -> String {
        self.clock.set(self.clock.now() + SignedDuration::from_hours(1));
        let outcomes = self.attempt().await;
        let [DeliveryOutcome::Later { answer, .. }] = &outcomes[..] else { panic!("{outcomes:?}") };
        answer.clone()
    }
}

/// What the names of all releases of an endpoint begin with.
fn family(endpoint: ItemNumber) -> String {
    format!("Release{:016x}", endpoint.as_i64())
}

#[tokio::test]
async fn who_may_send_events_leaves_room_to_other_endpoints_and_to_the_person() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    let hook = world.post_endpoint("hook", starting(&template)).await;
    world.post_endpoint("other", starting(&template)).await;
    world.fill(&template, &family(hook), 500).await;
    world.accepted("hook").await;
    let why = world.waits_because().await;
    assert!(why.contains("500 releases that this endpoint started"), "{why}");
    world.accepted("other").await;
    let outcomes = world.attempt().await;
    assert!(matches!(&outcomes[..], [DeliveryOutcome::Delivered { .. }]), "{outcomes:?}");
    assert!(world.starts_by_hand(&template).await);
    // As soon as one of them ended, the next one starts.
    let path = format!("{RELEASES}/Applications/{}{:016x}/abort", family(hook), 0);
    let aborted = world.send(post(path).json(&json!({})).basic("root", PASSWORD)).await;
    assert_eq!(aborted.status(), 200, "{}", aborted.text());
    world.clock.set(world.clock.now() + SignedDuration::from_hours(1));
    let outcomes = world.attempt().await;
    assert!(matches!(&outcomes[..], [DeliveryOutcome::Delivered { .. }]), "{outcomes:?}");
    world.fill(&template, "ReleaseFiller", 1_000).await;
    world.accepted("other").await;
    let why = world.waits_because().await;
    assert!(why.contains("1,500 releases that have not ended"), "{why}");
    assert!(world.starts_by_hand(&template).await, "the rest is the person's alone");
}

#[tokio::test]
async fn somebody_made_again_under_a_name_does_not_inherit_its_open_releases() {
    let (world, _) = still("").await;
    let template = world.startable("").await;
    world.fill(&template, "ReleaseFiller", 2_000).await;
    assert!(!world.starts_by_hand(&template).await, "as many as somebody may have");
    world.clock.set(world.clock.now() + SignedDuration::from_mins(5));
    assert_eq!(world.send(delete("/api/v1/users/ann").basic("root", PASSWORD)).await.status(), 204);
    let again = json!({ "username": "ann", "password": PASSWORD, "fullName": "Ann", "email": "" });
    let again = world.send(post("/api/v1/users/ann").json(&again).basic("root", PASSWORD)).await;
    assert!((200..300).contains(&again.status()), "{}", again.text());
    world.role_of(PrincipalKind::User, "ann", INTERNAL_PROVIDER, &["release#create"]).await;
    assert!(world.starts_by_hand(&template).await, "they are another's");
}

#[tokio::test]
async fn somebody_who_is_renamed_to_what_a_deleted_user_was_called_does_not_inherit_their_open_releases() {
    let (world, _) = still("").await;
    let template = world.startable("").await;
    // There before the releases, so that no time tells the two apart.
    let bob = world.user("bob", &["release#create", "release#view"]).await;
    world.fill(&template, "ReleaseFiller", 2_000).await;
    assert_eq!(world.send(delete("/api/v1/users/ann").basic("root", PASSWORD)).await.status(), 204);
    world.rename(bob.id, "ann").await;
    assert!(world.starts_by_hand(&template).await, "they are another's");
    let mine = post(format!("{RELEASES}/search")).json(&json!({ "onlyMine": true }));
    let mine = world.send(mine.basic("ann", PASSWORD)).await.json();
    let titles: Vec<_> = mine.as_array().unwrap().iter().map(|release| &release["title"]).collect();
    assert_eq!(titles, [&json!("By hand")]);
}

#[tokio::test]
async fn somebody_who_is_renamed_has_no_more_room_than_before() {
    let (world, ann) = still("").await;
    let template = world.startable("").await;
    world.fill(&template, "ReleaseFiller", 2_000).await;
    world.rename(ann.id, "anna").await;
    let start = || post(format!("{TEMPLATES}/{template}/start")).json(&json!({})).basic("anna", PASSWORD);
    let refused = world.send(start()).await;
    assert_eq!(refused.status(), 409, "{}", refused.text());
    let one = json!({ "title": "Filler" });
    let one = world.send(post(format!("{RELEASES}/search")).json(&one).basic("root", PASSWORD)).await.json();
    assert_eq!(one[0]["owner"], json!("anna"), "{}", one[0]);
    let path = format!("{RELEASES}/{}", one[0]["id"].as_str().unwrap());
    let aborted = world.send(post(format!("{path}/abort")).json(&json!({})).basic("root", PASSWORD)).await;
    assert_eq!((aborted.status(), &aborted.json()["owner"]), (200, &json!("anna")), "{}", aborted.text());
    let started = world.send(start()).await;
    assert_eq!((started.status(), &started.json()["owner"]), (200, &json!("anna")), "{}", started.text());
    // What has ended is theirs as well.
    world.rename(ann.id, "annika").await;
    let ended = world.send(get(path).basic("root", PASSWORD)).await.json();
    assert_eq!((&ended["status"], &ended["owner"]), (&json!("ABORTED"), &json!("annika")));
}

#[tokio::test]
async fn an_event_sets_its_own_variables_and_nothing_else() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let template = world.startable(&token.text).await;
    world.post_endpoint("hook", starting(&template)).await;
    world.get_endpoint("ping", starting(&template)).await;
    let names = [
        "steady",
        "${steady}",
        "title",
        "owner",
        "runAs",
        "run_as",
        "scriptUsername",
        "scriptUserPassword",
        "tags",
        "template",
        "webhookBody",
        "webhookId",
        "webhookParameters",
    ];
    let body: Value = names
        .iter()
        .map(|name| ((*name).to_owned(), json!("evil")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let query =
        names.map(|name| format!("{}=evil", name.replace("${", "%24%7B").replace('}', "%7D"))).join("&");
    let call = post(format!("/webhooks/hook?{query}")).json(&body).header("webhook-id", &template);
    assert_eq!(world.send(with_token(call, SECRET)).await.status(), 202);
    assert_eq!(world.send(with_token(get(format!("/webhooks/ping?{query}")), SECRET)).await.status(), 202);
    let outcomes = world.attempt().await;
    assert_eq!(outcomes.len(), 2);
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, DeliveryOutcome::Delivered { .. })),
        "{outcomes:?}"
    );
    let described = world.send(get(format!("{TEMPLATES}/{template}")).basic("ann", PASSWORD)).await.json();
    assert!(described["runAs"].is_object(), "{described}");
    for release in world.all_releases().await {
        let values = world.values(&release).await;
        let mut keys: Vec<_> = values.as_object().unwrap().keys().map(String::as_str).collect();
        keys.retain(|key| *key != "webhookBody");
        keys.sort_unstable();
        assert_eq!(keys, ["steady", "webhookId", "webhookParameters"], "{values}");
        assert_eq!(values["steady"], "as the template says");
        assert_eq!(values["webhookParameters"]["steady"], "evil", "as text, for scripts to read");
        let read = format!("{RELEASES}/{}", release["id"].as_str().unwrap());
        let read = world.send(get(read).basic("root", PASSWORD)).await.json();
        assert_eq!(
            (&read["title"], &read["owner"], &read["tags"], &read["originTemplateId"]),
            (&json!("By event"), &json!("ann"), &json!([]), &json!(template))
        );
        assert_eq!(read["runAs"], described["runAs"]);
    }
}

#[tokio::test]
async fn a_variable_that_is_not_asked_for_is_not_for_events_to_set_and_none_is_too_long() {
    let (world, ann) = still("").await;
    let token = world.token(&ann, NewGrant::default()).await;
    let variable = |asked: bool, kind: &str| json!([{ "key": "webhookBody", "type": kind, "value": "mine", "showOnReleaseStart": asked }]);
    for (path, variables, why) in [
        ("hidden", variable(false, "xlrelease.StringVariable"), "not asked for at the start"),
        ("secret", variable(false, "xlrelease.PasswordStringVariable"), "not asked for at the start"),
        (
            "number",
            json!([{ "key": "webhookId", "type": "xlrelease.IntegerVariable", "showOnReleaseStart": true }]),
            "a whole number",
        ),
    ] {
        let template = world.startable(&token.text).await;
        world.post_endpoint(path, starting(&template)).await;
        // The template is changed afterwards; with what it is then, the endpoint would not be saved.
        let changed = put(format!("{TEMPLATES}/{template}")).json(&json!({ "variables": variables }));
        let changed = world.send(changed.basic("ann", PASSWORD)).await;
        assert_eq!(changed.status(), 200, "{}", changed.text());
        world.accepted(path).await;
        let outcomes = world.attempt().await;
        let [DeliveryOutcome::Dead { answer }] = &outcomes[..] else { panic!("{path}: {outcomes:?}") };
        assert!(answer.contains(why), "{path}: {answer}");
    }
    let asked = variable(true, "xlrelease.PasswordStringVariable");
    let template = world.startable_with(&token.text, asked).await;
    world.post_endpoint("asked", starting(&template)).await;
    world.accepted("asked").await;
    let outcomes = world.attempt().await;
    assert!(matches!(&outcomes[..], [DeliveryOutcome::Delivered { .. }]), "{outcomes:?}");
    let releases = world.all_releases().await;
    assert_eq!(releases.len(), 1, "of the others none was started");
    assert!(!world.values(&releases[0]).await.to_string().contains("push"), "the body is a password now");
    world.get_endpoint("long", starting(&template)).await;
    let query: Vec<_> = (0..5).map(|number| format!("p{number}={}", "x".repeat(8_000))).collect();
    let call = with_token(get(format!("/webhooks/long?{}", query.join("&"))), SECRET);
    assert_eq!(world.send(call).await.status(), 202);
    let outcomes = world.attempt().await;
    let [DeliveryOutcome::Dead { answer }] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(answer.contains("at most 32768 bytes"), "{answer}");
    assert_eq!(world.all_releases().await.len(), 1);
}
