//! *Reminders*: the runs, their mails, trying one again, and running now.

use patgate_core::identifier::MailId;
use patgate_store::{MailFilter, MailState, RunNote, Seek};
use patgate_testkit::clock::seconds_from_noon;

use crate::common::{IssuedToken, NewGrant, Person, SignedIn, World, post};

pub(super) const LIST: &str = "/admin/reminders";
pub(super) const RUN: &str = "/admin/reminders/run";

pub(super) async fn root(world: &World) -> (Person, SignedIn) {
    let root = world.user("root", &["admin"]).await;
    let session = world.session(&root).await;
    (root, session)
}

/// A token that expires in five days.
pub(super) async fn expiring(world: &World, owner: &Person, name: &str) -> IssuedToken {
    world
        .token(owner, NewGrant { name, expires_at: Some("2026-05-08T12:00:00Z"), ..NewGrant::default() })
        .await
}

async fn state_of(world: &World, id: MailId) -> MailState {
    world.state.store.mail(id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn an_administrator_sees_the_last_runs_and_why_one_planned_nothing() {
    let world = World::configured("time_zone = 'Europe/Berlin'").await;
    let (_, session) = root(&world).await;
    let page = world.open(&session, LIST).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains("No run yet"), "{}", page.text());
    let first = world.empty_run(RunNote::FirstStart).await;
    world.empty_run(RunNote::SwitchedOff).await;
    world.empty_run(RunNote::NoServer).await;
    let ann = world.user("ann", &["login"]).await;
    let (told, left) = (expiring(&world, &ann, "ci").await, expiring(&world, &ann, "left").await);
    world.clock.set(seconds_from_noon(60));
    let run = world.run(&ann, &[&told], &[&left]).await;
    let page = world.open(&session, LIST).await;
    let text = page.text();
    for words in [
        "Night of 2026-05-03",
        "By hand",
        "Reminders begin with the next night.",
        "Email notifications are switched off.",
        r#"No mail server is chosen, so nothing is sent. <a href="/settings/notifications">"#,
        r#"data-label="Planned" class="number">1<"#,
        r#"data-label="Waiting" class="number">1<"#,
        r#"data-label="Skipped" class="number">1<"#,
        &format!(r#"href="/admin/reminders/{run}""#),
        &format!(r#"href="/admin/reminders/{first}""#),
        "01:00 (Europe/Berlin)",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches("<h1").count(), 1);
    world.fail_mails("550 no such user").await;
    let text = world.open(&session, LIST).await.text().to_owned();
    assert!(text.contains(&format!(r#"<a href="/admin/reminders/{run}?state=failed">1</a>"#)), "{text}");
    // The page of all settings tells of the last one.
    let settings = world.open(&session, "/settings").await;
    assert!(
        settings.text().contains("1 planned, 0 sent, 0 waiting, 1 skipped, 1 failed."),
        "{}",
        settings.text()
    );
}

#[tokio::test]
async fn a_run_shows_its_mails_by_state_with_what_the_server_said() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let (told, left) = (expiring(&world, &ann, "<b>ci</b>").await, expiring(&world, &ann, "left out").await);
    let run = world.run(&ann, &[&told], &[&left]).await;
    let path = format!("{LIST}/{run}");
    let page = world.open(&session, &path).await;
    assert!(page.text().contains(r#"<span class="pill-text">Waiting</span>"#), "{}", page.text());
    assert!(!page.text().contains("Try again"));
    let failed = world.fail_mails("550 <no> such user").await;
    let page = world.open(&session, &path).await;
    let text = page.text();
    for words in [
        "Night of 2026-05-03",
        "&#60;b&#62;ci&#60;/b&#62;",
        "ann@example.org",
        "550 &#60;no&#62; such user",
        r#"<span class="pill-text">Failed</span>"#,
        r#"<span class="pill-text">Skipped</span>"#,
        "The owner has no e-mail address.",
        r#"data-label="Attempts" class="number">1<"#,
        &format!(r#"href="/admin/reminders/mails/{}/retry""#, failed[0]),
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("<b>ci") && !text.contains("<no>"), "what comes from outside is text");
    for (state, sees, misses) in [("failed", "550", "left out"), ("skipped", "left out", "550")] {
        let page = world.open(&session, &format!("{path}?state={state}")).await;
        assert!(page.text().contains(sees) && !page.text().contains(misses), "{state}: {}", page.text());
        assert!(page.text().contains(&format!(r#"<option value="{state}" selected>"#)));
        let all = world.open(&session, &format!("{LIST}/mails?state={state}")).await;
        assert!(all.text().contains(sees) && !all.text().contains(misses), "{state}: {}", all.text());
    }
    let none = world.open(&session, &format!("{path}?state=sent")).await;
    assert!(none.text().contains("No such mail"));
    for missing in ["/admin/reminders/00000000000", "/admin/reminders/x"] {
        assert_eq!(world.open(&session, missing).await.status(), 404);
    }
}

#[tokio::test]
async fn a_mail_that_failed_is_tried_again_after_one_more_question() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let token = expiring(&world, &ann, "ci <x>").await;
    let run = world.run(&ann, &[&token], &[]).await;
    let failed = world.fail_mails("550 no").await[0];
    let path = format!("{LIST}/mails/{failed}/retry");
    let question = world.open(&session, &path).await;
    assert_eq!(question.status(), 200);
    for words in ["Try the mail to ann again?", "ci &#60;x&#62;", "ann@example.org, with the words “550 no”."]
    {
        assert!(question.text().contains(words), "{words}: {}", question.text());
    }
    assert_eq!(state_of(&world, failed).await, MailState::Failed, "looking changes nothing");
    let done = world.send(post(&path).submit(&session, &[])).await;
    assert_eq!((done.status(), done.header("location")), (303, &*format!("{LIST}/{run}?done=retry")));
    assert_eq!(state_of(&world, failed).await, MailState::Waiting);
    assert!(world.open(&session, done.header("location")).await.text().contains("The mail is tried again."));
    // Once more: it waits already.
    let question = world.open(&session, &path).await;
    assert_eq!(question.status(), 409);
    assert!(
        question.text().contains("has not failed")
            && !question.text().contains("<button type=\"submit\" class=\"primary\"")
    );
    assert_eq!(world.send(post(&path).submit(&session, &[])).await.status(), 303);
    let missing = format!("{LIST}/mails/00000000000/retry");
    assert_eq!(world.open(&session, &missing).await.status(), 404);
    assert_eq!(world.send(post(&missing).submit(&session, &[])).await.status(), 404);
}

#[tokio::test]
async fn all_failed_mails_of_a_run_are_tried_again_after_one_more_question() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let (one, two) = (expiring(&world, &ann, "one").await, expiring(&world, &ann, "two").await);
    let run = world.run(&ann, &[&one, &two], &[]).await;
    let (of_run, path) = (format!("{LIST}/{run}"), format!("{LIST}/{run}/retry"));
    assert!(!world.open(&session, &of_run).await.text().contains("Try all failed again"), "none has failed");
    assert_eq!(world.open(&session, &path).await.status(), 409);
    let failed = world.fail_mails("550 no").await;
    let link = format!(r#"<a class="button" href="{path}">Try all failed again</a>"#);
    assert!(world.open(&session, &of_run).await.text().contains(&link));
    let question = world.open(&session, &path).await;
    assert_eq!(question.status(), 200);
    assert!(question.text().contains("Try all 2 failed mails of this run again?"), "{}", question.text());
    assert_eq!(state_of(&world, failed[0]).await, MailState::Failed, "looking changes nothing");
    for _ in 0..2 {
        let done = world.send(post(&path).submit(&session, &[])).await;
        assert_eq!((done.status(), done.header("location")), (303, &*format!("{of_run}?done=retry_all")));
    }
    for mail in failed {
        assert_eq!(state_of(&world, mail).await, MailState::Waiting);
    }
    let page = world.open(&session, &format!("{of_run}?done=retry_all")).await;
    assert!(page.text().contains("The failed mails are tried again."));
    let missing = format!("{LIST}/00000000000/retry");
    assert_eq!(world.open(&session, &missing).await.status(), 404);
    assert_eq!(world.send(post(&missing).submit(&session, &[])).await.status(), 404);
}

#[tokio::test]
async fn an_administrator_sees_whom_a_run_would_write_to_and_runs_it() {
    let world = World::new().await;
    let (person, session) = root(&world).await;
    let page = world.open(&session, RUN).await;
    assert_eq!(page.status(), 200);
    assert!(
        page.text().contains("Email notifications are switched off.") && page.text().contains("plan nothing")
    );
    world.mail_server(&person, "Configuration/MAIL", 25).await;
    world.notify(|set| set.enabled = true).await;
    assert!(world.open(&session, RUN).await.text().contains("No mail server is chosen"));
    world.notify(|set| set.server = Some("Configuration/MAIL".parse().unwrap())).await;
    let (ann, bob) = (world.user("ann", &["login"]).await, world.user("bob", &["login"]).await);
    expiring(&world, &ann, "ci & <more>").await;
    expiring(&world, &bob, "of bob").await;
    world.disable(&bob).await;
    let page = world.open(&session, RUN).await;
    let text = page.text();
    for words in [
        "1 mail would be sent",
        "ann@example.org",
        "ci &#38; &#60;more&#62;",
        "1 token would be left out",
        "The owner is disabled.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        world.state.store.reminder_runs(&Seek::Start, 9).await.unwrap().is_empty(),
        "looking plans nothing"
    );
    let done = world.send(post(RUN).submit(&session, &[])).await;
    assert_eq!(done.status(), 303);
    let place = done.header("location");
    assert!(place.starts_with("/admin/reminders/") && place.ends_with("?done=run"), "{place}");
    let page = world.open(&session, place).await;
    assert!(page.text().contains("The run is done.") && page.text().contains("By hand"), "{}", page.text());
    assert_eq!(world.state.store.mails(&MailFilter::default(), &Seek::Start, 9).await.unwrap().len(), 2);
    // Nobody is told twice.
    let again = world.open(&session, RUN).await;
    assert!(again.text().contains("0 mails would be sent"), "{}", again.text());
}

#[tokio::test]
async fn who_sees_settings_sees_reminders_and_who_changes_rules_runs_them() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let token = expiring(&world, &ann, "ci").await;
    let run = world.run(&ann, &[&token], &[]).await;
    let failed = world.fail_mails("550 no").await[0];
    let (one, retry) = (format!("{LIST}/{run}"), format!("{LIST}/mails/{failed}/retry"));
    for (name, permissions, sees, reads, runs) in [
        ("nobody", &["login", "token#view_all", "audit#view"][..], false, false, false),
        ("operator", &["login", "config#view"], true, false, false),
        ("editor", &["login", "config#edit", "token#view_all"], true, true, false),
        ("clerk", &["login", "security#edit"], true, false, true),
        ("officer", &["login", "security#edit", "token#view_all"], true, true, true),
    ] {
        let user = world.user(name, permissions).await;
        let session = world.session(&user).await;
        let home = world.open(&session, "/account/tokens").await;
        assert_eq!(home.text().contains(r#"href="/admin/reminders""#), sees, "{name}: the navigation");
        for path in [LIST, RUN, &one] {
            let page = world.open(&session, path).await;
            assert_eq!(page.status(), if sees { 200 } else { 403 }, "{name} {path}");
            if sees && !runs {
                assert!(
                    !page.text().contains("Run now</") && !page.text().contains("Try again"),
                    "{name} {path}"
                );
            }
        }
        // Mails name other people's tokens and addresses.
        let page = world.open(&session, &one).await;
        assert_eq!(page.text().contains("ann@example.org"), reads, "{name}: {}", page.text());
        let all = world.open(&session, "/admin/reminders/mails").await;
        assert_eq!(all.status(), if reads { 200 } else { 403 }, "{name}");
        let tries = if runs && reads { 200 } else { 403 };
        assert_eq!(world.open(&session, &retry).await.status(), tries, "{name}");
        assert_eq!(world.send(post(RUN).submit(&session, &[])).await.status(), if runs { 303 } else { 403 });
        let all = world.send(post(format!("{one}/retry")).submit(&session, &[])).await.status();
        assert_eq!(all, if runs { 303 } else { 403 }, "{name}");
        world.fail_mails("550 no").await;
        let tried = world.send(post(&retry).submit(&session, &[])).await.status();
        assert_eq!(tried, if runs && reads { 303 } else { 403 }, "{name}");
    }
}

#[tokio::test]
async fn a_form_without_its_token_runs_nothing_and_tries_nothing() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let token = expiring(&world, &ann, "ci").await;
    let run = world.run(&ann, &[&token], &[]).await;
    let failed = world.fail_mails("550 no").await[0];
    let wrong = SignedIn { csrf: "x".to_owned(), ..session.clone() };
    for path in [RUN, &format!("{LIST}/mails/{failed}/retry"), &format!("{LIST}/{run}/retry")] {
        assert_eq!(world.send(post(path).submit(&wrong, &[])).await.status(), 403);
        let foreign = post(path).submit(&session, &[]).header("sec-fetch-site", "cross-site");
        assert_eq!(world.send(foreign).await.status(), 403);
    }
    assert_eq!(state_of(&world, failed).await, MailState::Failed);
    assert_eq!(world.state.store.reminder_runs(&Seek::Start, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_chosen_mail_server_both_pages_say_so_and_where_to_choose_one() {
    let world = World::configured("time_zone = 'Europe/Berlin'").await;
    let root = world.user("root", &["admin"]).await;
    let session = world.session(&root).await;
    world.mail_server(&root, "Configuration/MAIL", 25).await;
    world.notify(|set| set.enabled = true).await;
    let settings = world.open(&session, "/settings").await;
    assert!(
        settings.text().contains(r#"so nothing is sent. <a href="/settings/notifications">Choose one</a>"#),
        "{}",
        settings.text()
    );
    let page = world.open(&session, "/settings/notifications").await;
    for words in ["No mail server is chosen, so nothing is sent.", "at 01:00 (Europe/Berlin)"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    world.notify(|set| set.server = Some("Configuration/MAIL".parse().unwrap())).await;
    for path in ["/settings", "/settings/notifications"] {
        assert!(!world.open(&session, path).await.text().contains("nothing is sent"), "{path}");
    }
}
