//! `/api/v1/reminders/**`.

use insta::assert_snapshot;
use patgate_store::{AuditFilter, MailState, Page, RunNote};
use patgate_testkit::servers::mail::{MailServer, Way};
use serde_json::Value;

use crate::common::{IssuedToken, NewGrant, PASSWORD, Person, World, get, post};

const RUNS: &str = "/api/v1/reminders/runs";
const PREVIEW: &str = "/api/v1/reminders/preview";
const SAMPLE: &str = "/api/v1/reminders/sample";

/// A token that expires in five days.
async fn expiring(world: &World, owner: &Person, name: &str) -> IssuedToken {
    world
        .token(owner, NewGrant { name, expires_at: Some("2026-05-08T12:00:00Z"), ..NewGrant::default() })
        .await
}

async fn ask(world: &World, path: &str) -> Value {
    let answer = world.send(get(path).basic("root", PASSWORD)).await;
    assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn an_administrator_reads_what_runs_did() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    assert_eq!(ask(&world, RUNS).await, serde_json::json!([]));
    world.empty_run(RunNote::SwitchedOff).await;
    let ann = world.user("ann", &["login"]).await;
    let (told, left) = (expiring(&world, &ann, "ci").await, expiring(&world, &ann, "left out").await);
    let run = world.run(&ann, &[&told], &[&left]).await;
    world.fail_mails("550 no such user").await;
    assert_snapshot!(world.send(get(RUNS).basic("root", PASSWORD)).await.shown());
    let one = ask(&world, &format!("{RUNS}/{run}")).await;
    assert_eq!((one["planned"].as_u64(), one["mails"]["failed"].as_u64()), (Some(1), Some(1)));
    assert_snapshot!(
        "mails",
        world.send(get(format!("{RUNS}/{run}/mails")).basic("root", PASSWORD)).await.shown()
    );
    assert_eq!(ask(&world, "/api/v1/reminders/mails").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn mails_are_listed_by_state_and_from_one_on() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let mut tokens = Vec::new();
    for name in ["one", "two", "three"] {
        tokens.push(expiring(&world, &ann, name).await);
    }
    let left = expiring(&world, &ann, "left out").await;
    let run = world.run(&ann, &tokens.iter().collect::<Vec<_>>(), &[&left]).await;
    let mails = format!("{RUNS}/{run}/mails");
    let skipped = ask(&world, &format!("{mails}?state=skipped")).await;
    assert_eq!(skipped.as_array().unwrap().len(), 1);
    assert_eq!(
        (&skipped[0]["reason"], &skipped[0]["tokens"][0]["name"]),
        (&"no_address".into(), &"left out".into())
    );
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = ask(&world, &format!("{mails}?state=waiting&limit=2{after}")).await;
        let page = page.as_array().unwrap();
        names.extend(page.iter().map(|mail| mail["tokens"][0]["name"].as_str().unwrap().to_owned()));
        let Some(last) = page.last() else { break };
        after = format!("&after={}", last["id"].as_str().unwrap());
    }
    let all = ask(&world, &mails).await;
    let ids: Vec<_> = all.as_array().unwrap().iter().map(|mail| mail["id"].as_str().unwrap()).collect();
    let back = ask(&world, &format!("{mails}?limit=2&before={}", ids[3])).await;
    let back: Vec<_> = back.as_array().unwrap().iter().map(|mail| mail["id"].as_str().unwrap()).collect();
    assert_eq!(back, ids[1..3], "the two in front of the last, in the order of the list");
    names.sort();
    assert_eq!(names, ["one", "three", "two"]);
    for (query, field) in [
        ("state=lost", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("after=1&after=2", "after"),
        ("before=x", "before"),
        ("after=00000000001&before=00000000002", "before"),
    ] {
        let answer = world.send(get(format!("{mails}?{query}")).basic("root", PASSWORD)).await;
        assert_eq!((answer.status(), answer.json()["field"].as_str()), (400, Some(field)), "{query}");
    }
    for path in [format!("{RUNS}/00000000000"), format!("{RUNS}/x"), format!("{RUNS}/00000000000/mails")] {
        assert_eq!(world.send(get(path).basic("root", PASSWORD)).await.status(), 404);
    }
}

#[tokio::test]
async fn a_run_is_previewed_and_run() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let preview = ask(&world, PREVIEW).await;
    assert_eq!(preview["note"], "switched_off");
    let none = world.send(post(RUNS).basic("root", PASSWORD)).await;
    assert_eq!((none.status(), none.json()["note"].as_str()), (201, Some("switched_off")));
    world.mail_server(&root, "Configuration/MAIL", 25).await;
    world
        .notify(|set| {
            set.enabled = true;
            set.server = Some("Configuration/MAIL".parse().unwrap());
        })
        .await;
    let (ann, bob) = (world.user("ann", &["login"]).await, world.user("bob", &["login"]).await);
    expiring(&world, &ann, "ci").await;
    expiring(&world, &bob, "of bob").await;
    world.disable(&bob).await;
    assert_snapshot!(world.send(get(PREVIEW).basic("root", PASSWORD)).await.shown());
    let run = world.send(post(RUNS).basic("root", PASSWORD)).await;
    assert_eq!(run.status(), 201);
    let run = run.json();
    assert_eq!(
        (run["planned"].as_u64(), run["skipped"].as_u64(), &run["night"]),
        (Some(1), Some(1), &Value::Null)
    );
    assert_eq!(ask(&world, RUNS).await[0], run);
    let again = world.send(post(RUNS).basic("root", PASSWORD)).await.json();
    assert_eq!(again["planned"], 0, "nobody is told twice");
}

#[tokio::test]
async fn a_long_preview_comes_in_parts_and_a_run_names_who_asked_for_it() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    world.mail_server(&root, "Configuration/MAIL", 25).await;
    world
        .notify(|set| {
            set.enabled = true;
            set.server = Some("Configuration/MAIL".parse().unwrap());
        })
        .await;
    let mut wanted = [Vec::new(), Vec::new()];
    for number in 0..7 {
        let (ann, bob) = (world.user(&format!("ann{number}"), &["login"]).await, format!("bob{number}"));
        let bob = world.user(&bob, &["login"]).await;
        let names = [format!("told {number}"), format!("left out {number}")];
        expiring(&world, &ann, &names[0]).await;
        expiring(&world, &bob, &names[1]).await;
        world.disable(&bob).await;
        for (wanted, name) in wanted.iter_mut().zip(names) {
            wanted.push(name);
        }
    }
    let mut seen = [Vec::new(), Vec::new()];
    let (mut after, mut left_out_after) = (String::new(), String::new());
    for part in 0..4 {
        let page = ask(&world, &format!("{PREVIEW}?limit=2{after}{left_out_after}")).await;
        assert_eq!((&page["planned"], &page["skipped"]), (&7.into(), &7.into()), "all are counted");
        let names = |list: &str, name: fn(&Value) -> &Value| -> Vec<String> {
            page[list].as_array().unwrap().iter().map(|one| name(one).as_str().unwrap().to_owned()).collect()
        };
        let (mails, left_out) =
            (names("mails", |mail| &mail["tokens"][0]), names("leftOut", |one| &one["token"]));
        assert_eq!((mails.len(), left_out.len()), if part < 3 { (2, 2) } else { (1, 1) });
        seen[0].extend(mails);
        seen[1].extend(left_out);
        let next = |field: &str, name: &str| {
            page[field].as_str().map(|place| format!("&{name}={place}")).unwrap_or_default()
        };
        (after, left_out_after) = (next("next", "after"), next("leftOutNext", "leftOutAfter"));
        assert_eq!((after.is_empty(), left_out_after.is_empty()), (part == 3, part == 3));
    }
    seen.iter_mut().for_each(|names| names.sort());
    assert_eq!(seen, wanted, "each once");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("after=x", "after"),
        ("leftOutAfter=1.2", "leftOutAfter"),
    ] {
        let refused = world.send(get(format!("{PREVIEW}?{query}")).basic("root", PASSWORD)).await;
        assert_eq!((refused.status(), refused.json()["field"].as_str()), (400, Some(field)), "{query}");
    }
    // Who asks for the run stands in the audit log and at the run, in one change with it.
    let before = world.state.store.last_sequence().await.unwrap();
    let run = world.send(post(RUNS).basic("root", PASSWORD)).await.json();
    assert_eq!((&run["by"], &run["planned"]), (&"root".into(), &7.into()));
    assert_eq!(world.state.store.last_sequence().await.unwrap().as_i64(), before.as_i64() + 1);
    let filter = AuditFilter { action: Some("reminder_run.start".to_owned()), ..AuditFilter::default() };
    let events = world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap();
    assert_eq!((events.len(), &*events[0].actor.name), (1, "root"));
    assert_eq!(events[0].subject_id, run["id"].as_str().unwrap());
}

#[tokio::test]
async fn a_mail_that_failed_is_tried_again() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let token = expiring(&world, &ann, "ci").await;
    world.run(&ann, &[&token], &[]).await;
    let failed = world.fail_mails("550 no").await[0];
    let path = format!("/api/v1/reminders/mails/{failed}/retry");
    let answer = world.send(post(&path).basic("root", PASSWORD)).await;
    assert_eq!((answer.status(), answer.text()), (204, ""));
    assert_eq!(world.state.store.mail(failed).await.unwrap().unwrap().state, MailState::Waiting);
    let audited = world.state.store.last_sequence().await.unwrap();
    for path in [&*path, "/api/v1/reminders/mails/00000000000/retry", "/api/v1/reminders/mails/x/retry"] {
        assert_eq!(world.send(post(path).basic("root", PASSWORD)).await.status(), 404, "{path}");
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), audited);
}

#[tokio::test]
async fn all_failed_mails_of_a_run_are_tried_again_in_one_change() {
    let world = World::new().await;
    world.user("root", &["admin"]).await;
    let ann = world.user("ann", &["login"]).await;
    let (one, two) = (expiring(&world, &ann, "one").await, expiring(&world, &ann, "two").await);
    let run = world.run(&ann, &[&one, &two], &[]).await;
    let failed = world.fail_mails("550 no").await;
    let path = format!("{RUNS}/{run}/retry");
    let before = world.state.store.last_sequence().await.unwrap();
    let answer = world.send(post(&path).basic("root", PASSWORD)).await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.json(), serde_json::json!({ "retried": 2, "overtaken": 0 }));
    for mail in failed {
        assert_eq!(world.state.store.mail(mail).await.unwrap().unwrap().state, MailState::Waiting);
    }
    let after = world.state.store.last_sequence().await.unwrap();
    assert_eq!(after.as_i64(), before.as_i64() + 1, "one change");
    let again = world.send(post(&path).basic("root", PASSWORD)).await;
    assert_eq!(again.json(), serde_json::json!({ "retried": 0, "overtaken": 0 }));
    for path in [format!("{RUNS}/00000000000/retry"), format!("{RUNS}/x/retry")] {
        assert_eq!(world.send(post(path).basic("root", PASSWORD)).await.status(), 404);
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), after);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_has_a_reminder_sent_to_themselves() {
    let server = MailServer::start();
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let none = world.send(post(SAMPLE).basic("root", PASSWORD)).await;
    assert_eq!((none.status(), none.json()["detail"].as_str()), (409, Some("No mail server is chosen")));
    world.mail_server(&root, "Configuration/MAIL", server.port(Way::Plain)).await;
    world.notify(|set| set.server = Some("Configuration/MAIL".parse().unwrap())).await;
    let sent = world.send(post(SAMPLE).basic("root", PASSWORD)).await;
    assert_eq!(sent.status(), 200, "{}", sent.text());
    let sent = sent.json();
    assert_eq!(
        (&sent["address"], &sent["sent"], &sent["fault"]),
        (&"root@example.org".into(), &true.into(), &Value::Null)
    );
    let steps: Vec<_> =
        sent["report"]["steps"].as_array().unwrap().iter().map(|step| &step["outcome"]).collect();
    assert!(!steps.is_empty() && steps.iter().all(|outcome| **outcome != "failed"), "{sent}");
    assert_eq!(server.kept()[0].recipients, ["root@example.org"]);
    let filter = AuditFilter { action: Some("item.send_sample".to_owned()), ..AuditFilter::default() };
    let events = world.state.store.audit_events(&filter, Page::WHOLE).await.unwrap();
    assert_eq!((events.len(), &events[0].detail["to"]), (1, &"root@example.org".into()));
}

#[tokio::test]
async fn permissions_open_reminders() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = expiring(&world, &ann, "ci").await;
    let run = world.run(&ann, &[&token], &[]).await;
    let failed = world.fail_mails("550 no").await[0];
    let retry = format!("/api/v1/reminders/mails/{failed}/retry");
    let retry_all = format!("{RUNS}/{run}/retry");
    for (name, permissions, sees, reads, runs) in [
        ("nobody", &["login", "token#view_all"][..], 403, 403, false),
        ("operator", &["config#view"], 200, 403, false),
        ("editor", &["config#edit", "token#view_all"], 200, 200, false),
        ("auditor", &["security#view", "token#view_all"], 200, 200, false),
        ("officer", &["security#edit"], 200, 403, true),
    ] {
        world.user(name, permissions).await;
        let one = format!("{RUNS}/{run}");
        let mails = format!("{RUNS}/{run}/mails");
        for path in [RUNS, &*one, PREVIEW] {
            assert_eq!(world.send(get(path).basic(name, PASSWORD)).await.status(), sees, "{name} {path}");
        }
        for path in [&*mails, "/api/v1/reminders/mails"] {
            assert_eq!(world.send(get(path).basic(name, PASSWORD)).await.status(), reads, "{name} {path}");
        }
        for (path, allowed) in [(RUNS, 201), (&*retry, 204), (&*retry_all, 200), (SAMPLE, 409)] {
            let status = world.send(post(path).basic(name, PASSWORD)).await.status();
            assert_eq!(status, if runs { allowed } else { 403 }, "{name} {path}");
        }
    }
}
