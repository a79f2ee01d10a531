//! *Profile*: one's own name and mail address, password and sessions.

use patgate_core::user::Origin;
use patgate_testkit::clock::seconds_from_noon;

use crate::common::{Answer, PASSWORD, Person, SignedIn, World, get, post};

const PROFILE: &str = "/account/profile";
const LOGOUT: &str = "/account/profile/logout";
const CHANGE: &str = "/account/profile/password";
const NEW: &str = "a brand new pass phrase";

async fn ann() -> (World, Person, SignedIn) {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    (world, ann, session)
}

/// Logs in with a browser of this name.
async fn log_in(world: &World, browser: &str, password: &str) -> Option<SignedIn> {
    let form = [("username", "ann"), ("password", password)];
    let answer = world.send(post("/login").form(&form).header("user-agent", browser)).await;
    let cookie = answer.header("set-cookie").split(';').next()?.to_owned();
    Some(SignedIn { cookie, csrf: String::new() }).filter(|signed_in| !signed_in.cookie.is_empty())
}

async fn is_live(world: &World, session: &SignedIn) -> bool {
    world.open(session, PROFILE).await.status() == 200
}

/// What the form of name and address says it was shown.
fn shown(page: &Answer) -> &str {
    let rest = page.text().split(r#"name="shown" value=""#).nth(1).expect("a form of something stored");
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn ann_changes_what_is_known_of_her() {
    let (world, _, session) = ann().await;
    let page = world.open(&session, PROFILE).await;
    assert_eq!(page.status(), 200);
    assert!(
        page.text().contains(r#"value="ann Example""#) && page.text().contains(r#"value="ann@example.org""#)
    );
    let form = [("shown", shown(&page)), ("full_name", "Ann <b>Bée"), ("email", " ann@example.com ")];
    let answer = world.send(post(PROFILE).submit(&session, &form)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/account/profile?done=saved"));
    let page = world.open(&session, "/account/profile?done=saved").await;
    for shown in ["Your profile is saved.", r#"value="Ann &#60;b&#62;Bée""#, r#"value="ann@example.com""#] {
        assert!(page.text().contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost() {
    let (world, _, session) = ann().await;
    for (full_name, email, field, told) in [
        ("x".repeat(256).as_str(), "ann@example.org", "full_name", "A full name has at most 255 characters"),
        ("Ann", "not <an> address", "email", "A mail address looks like"),
    ] {
        let form = [("shown", "x"), ("full_name", full_name), ("email", email)];
        let page = world.send(post(PROFILE).submit(&session, &form)).await;
        assert_eq!(page.status(), 400);
        for shown in
            [&format!(r#"id="{field}-error""#), told, r#"role="alert""#, &format!(r##"href="#{field}""##)]
        {
            assert!(page.text().contains(shown), "{shown}");
        }
        assert!(page.text().contains(&format!(r#"value="{full_name}""#)));
        assert!(
            page.text()
                .contains(&format!(r#"value="{}""#, email.replace('<', "&#60;").replace('>', "&#62;")))
        );
    }
    assert!(world.open(&session, PROFILE).await.text().contains(r#"value="ann Example""#));
    // Who must log in first finds it again, but no password.
    let form = [("full_name", "Ann B"), ("email", "a@b"), ("new_password", NEW)];
    let answer = world.send(post(PROFILE).form(&form)).await;
    assert_eq!(
        answer.header("location"),
        "/login?next=%2Faccount%2Fprofile%3Ffull_name%3DAnn%2BB%26email%3Da%2540b"
    );
    let page = world.open(&session, "/account/profile?full_name=Ann+B&email=a%40b").await;
    assert!(page.text().contains(r#"value="Ann B""#) && page.text().contains(r#"value="a@b""#));
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_sessions() {
    let (world, ann, session) = ann().await;
    let other = world.session(&ann).await;
    for (current, new, repeated, status, field, told) in [
        ("wrong", NEW, NEW, 400, "current_password", "This is not the current password."),
        ("", NEW, NEW, 400, "current_password", "Type your current password."),
        (PASSWORD, "", "", 400, "new_password", "Type a new password."),
        (PASSWORD, "short", "short", 400, "new_password", "A password has at least 8 characters."),
        (
            PASSWORD,
            NEW,
            "another phrase",
            400,
            "repeated_password",
            "The new password is not the same twice.",
        ),
    ] {
        let form = [("current_password", current), ("new_password", new), ("repeated_password", repeated)];
        let page = world.send(post(CHANGE).submit(&session, &form)).await;
        assert_eq!(page.status(), status, "{told}");
        assert!(
            page.text().contains(&format!(r#"id="{field}-error""#)) && page.text().contains(told),
            "{told}"
        );
        for secret in [current, new, repeated].iter().filter(|secret| secret.len() > 5) {
            assert!(!page.text().contains(*secret), "a password never comes back");
        }
    }
    assert!(is_live(&world, &other).await);
    let form = [("current_password", PASSWORD), ("new_password", NEW), ("repeated_password", NEW)];
    let answer = world.send(post(CHANGE).submit(&session, &form)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/account/profile?done=password"));
    assert!(is_live(&world, &session).await && !is_live(&world, &other).await);
    assert!(log_in(&world, "x", PASSWORD).await.is_none() && log_in(&world, "x", NEW).await.is_some());
}

#[tokio::test]
async fn ann_sees_her_sessions_and_ends_one() {
    let (world, _, _) = ann().await;
    let bob = world.user("bob", &["login"]).await;
    let bobs = world.session(&bob).await;
    world.clock.set(seconds_from_noon(3_600));
    let phone = "Mozilla/5.0 (Android 15; Mobile) Gecko/132.0 Firefox/132.0 <script>";
    let phone = log_in(&world, phone, PASSWORD).await.unwrap();
    world.clock.set(seconds_from_noon(7_200));
    let laptop = log_in(&world, "Mozilla/5.0 (X11; Linux x86_64) Firefox/132.0", PASSWORD).await.unwrap();
    let page = world.open(&laptop, PROFILE).await;
    let sessions: Vec<_> = page.text().split(r#"data-label="Browser"><span>"#).skip(1).collect();
    assert_eq!(sessions.len(), 3);
    assert!(sessions[0].starts_with("Firefox on Linux") && sessions[0].contains("This session"));
    assert!(sessions[1].starts_with("Firefox on Android") && !sessions[1].contains("This session"));
    assert!(sessions[1].contains("192.0.2.7") && sessions[1].contains("3 May 2026, 13:00 UTC"));
    assert!(sessions[2].starts_with("Unknown browser"));
    let end = |session: &str| {
        let rest = session.split(r#"action=""#).nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let csrf = |page: &str| {
        page.split(r#"name="csrf" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let laptop = SignedIn { csrf: csrf(page.text()), ..laptop };
    let of_phone = end(sessions[1]);
    assert_eq!(world.send(post(&of_phone).cookie(&laptop).form(&[])).await.status(), 403);
    // Bob may name it, but it is not his.
    assert_eq!(world.send(post(&of_phone).submit(&bobs, &[])).await.status(), 303);
    assert!(is_live(&world, &phone).await);
    for _ in 0..2 {
        let answer = world.send(post(&of_phone).submit(&laptop, &[])).await;
        assert_eq!((answer.status(), answer.header("location")), (303, "/account/profile?done=ended"));
    }
    assert!(!is_live(&world, &phone).await && is_live(&world, &laptop).await);
    assert_eq!(world.send(post("/account/profile/sessions/x").submit(&laptop, &[])).await.status(), 404);
    assert_eq!(world.open(&laptop, &of_phone).await.header("location"), "/account/profile");
    let answer = world.send(post(end(sessions[0])).submit(&laptop, &[])).await;
    assert_eq!(answer.header("location"), "/login?done=logged-out");
    assert!(answer.header("set-cookie").contains("Max-Age=0") && !is_live(&world, &laptop).await);
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_listed() {
    let (world, ann, _) = ann().await;
    world.clock.set(seconds_from_noon(8 * 3_600));
    let session = world.session(&ann).await;
    let page = world.open(&session, PROFILE).await;
    assert_eq!(page.text().matches(r#"data-label="Browser""#).count(), 1);
}

#[tokio::test]
async fn ann_logs_out_everywhere() {
    let (world, ann, session) = ann().await;
    let other = world.session(&ann).await;
    let bob = world.user("bob", &["login"]).await;
    let bobs = world.session(&bob).await;
    let page = world.open(&session, LOGOUT).await;
    assert!(page.text().contains("All your 2 sessions end") && page.text().contains("End all sessions"));
    assert_eq!(world.send(post(LOGOUT).cookie(&session).form(&[])).await.status(), 403);
    let answer = world.send(post(LOGOUT).submit(&session, &[])).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/login?done=logged-out"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    for ended in [&session, &other] {
        assert!(!is_live(&world, ended).await);
    }
    assert!(is_live(&world, &bobs).await);
}

#[tokio::test]
async fn who_comes_from_a_provider_is_told_where_things_are_changed() {
    let world = World::new().await;
    let cyd = world.user_from("cyd", Origin::Ldap, "corp", &["login"]).await;
    let session = world.session(&cyd).await;
    let page = world.open(&session, PROFILE).await;
    assert!(page.text().contains("They come from corp") && page.text().contains("cyd@example.org"));
    assert!(!page.text().contains("Change password") && !page.text().contains(r#"name="full_name""#));
    let answer = world.send(post(PROFILE).submit(&session, &[("full_name", "Cyd"), ("email", "")])).await;
    assert_eq!(answer.status(), 400);
    let form = [("current_password", "x"), ("new_password", NEW), ("repeated_password", NEW)];
    assert_eq!(world.send(post(CHANGE).submit(&session, &form)).await.status(), 400);
    assert_eq!(world.send(get(PROFILE)).await.header("location"), "/login?next=%2Faccount%2Fprofile");
}

#[tokio::test]
async fn a_stale_form_a_part_of_one_and_a_link_change_nothing_unseen() {
    const UNSAVED: &str = "Not saved yet: these values came with the link";
    let (world, ann, session) = ann().await;
    let stale = world.open(&session, PROFILE).await;
    let first = [("shown", shown(&stale)), ("full_name", "Ann B"), ("email", "a@b")];
    for missing in 0..3 {
        let mut fields = first.to_vec();
        fields.remove(missing);
        let answer = world.send(post(PROFILE).submit(&session, &fields)).await;
        assert_eq!(answer.status(), 400, "{missing}");
        assert!(answer.text().contains("A part of the form is missing"), "{}", answer.text());
    }
    let stored = async || world.state.store.user(ann.id).await.unwrap().unwrap();
    assert_eq!(stored().await.full_name, "ann Example");
    assert_eq!(world.send(post(PROFILE).submit(&session, &first)).await.status(), 303);
    let second = [("shown", shown(&stale)), ("full_name", "Ann C"), ("email", "c@d")];
    let answer = world.send(post(PROFILE).submit(&session, &second)).await;
    assert_eq!(answer.status(), 409);
    for words in ["Somebody else changed this", r#"data-label="Stored now">Ann B<"#, r#"value="Ann C""#] {
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    assert_eq!(stored().await.email, "a@b");
    let again = [("shown", shown(&answer)), ("full_name", "Ann C"), ("email", "c@d")];
    assert_eq!(world.send(post(PROFILE).submit(&session, &again)).await.status(), 303);
    assert_eq!(stored().await.email, "c@d");
    for (query, is_told) in [("", false), ("?email=c%40d", false), ("?email=eve%40x", true)] {
        let page = world.open(&session, &format!("{PROFILE}{query}")).await;
        assert_eq!((page.status(), page.text().contains(UNSAVED)), (200, is_told), "{query}");
    }
}
