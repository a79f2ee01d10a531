//! What is too long: beside its field with what was typed still there, or as a page that says what to do next.

use patgate_core::grant::GrantName;
use patgate_core::item::ItemName;
use patgate_core::item::{Kind, MAIL_SERVER};
use patgate_core::policy::ExemptionReason;
use patgate_core::policy::notification::{MailBody, MailSubject};
use patgate_core::release::LONGEST_TITLE;
use patgate_core::user::{PrincipalKind, Username};
use patgate_server::service::users::{Email, FullName};

use super::CONTENT_POLICY;
use crate::common::{Answer, Call, PASSWORD, SignedIn, World, get, post};

/// A text field of a form.
struct Bound {
    /// Where its form is, and is sent to but for the query.
    page: String,
    field: &'static str,
    longest: usize,
    /// What else is typed.
    others: &'static [(&'static str, &'static str)],
    /// Whether a text as long as that is also fine in every other way.
    is_all: bool,
}

/// What a browser sends along unseen.
fn hidden(page: &Answer) -> Vec<(String, String)> {
    let fields = page.text().split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().to_owned())
    });
    fields.filter(|(name, _)| name != "csrf").collect()
}

/// The tag of a field.
fn tag<'p>(page: &'p Answer, field: &str) -> &'p str {
    let mark = format!(" id=\"{field}\"");
    let at = page.text().find(&mark).unwrap_or_else(|| panic!("no {field}: {}", page.text()));
    page.text()[at..].split('>').next().unwrap()
}

/// A text of so many characters.
fn text_of(field: &str, length: usize) -> String {
    match field {
        "email" | "to" => format!("{}@b.c", "a".repeat(length - 4)),
        _ => "x".repeat(length),
    }
}

async fn send(world: &World, session: &SignedIn, bound: &Bound, typed: &str) -> Answer {
    let page = world.open(session, &bound.page).await;
    let hidden = hidden(&page);
    let mut fields: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(bound.others);
    fields.push((bound.field, typed));
    world.send(post(bound.page.split('?').next().unwrap()).submit(session, &fields)).await
}

async fn bounds(world: &World) -> Vec<Bound> {
    let bound = |page: &str, field, longest, others| Bound {
        page: page.to_owned(),
        field,
        longest,
        others,
        is_all: true,
    };
    let mut bounds = vec![
        bound(
            "/account/tokens/new",
            "name",
            GrantName::LONGEST,
            &[("expiration", "30"), ("permissions", "all")],
        ),
        bound("/account/profile", "full_name", FullName::LONGEST, &[("email", "root@b.c")]),
        bound("/account/profile", "email", Email::LONGEST, &[("full_name", "Root")]),
        bound("/admin/users/ann", "full_name", FullName::LONGEST, &[("email", "ann@b.c")]),
        bound("/admin/users/ann", "email", Email::LONGEST, &[("full_name", "Ann")]),
        bound("/admin/users/new", "full_name", FullName::LONGEST, &[("username", "one")]),
        bound("/admin/users/new", "email", Email::LONGEST, &[("username", "two")]),
        bound("/admin/users/new", "username", Username::LONGEST, &[]),
        bound("/admin/roles/new", "name", Username::LONGEST, &[("users", ""), ("groups", "")]),
        bound(
            "/settings/exemptions",
            "reason",
            ExemptionReason::LONGEST,
            &[
                ("kind", "user"),
                ("name", "ann"),
                ("provider", "internal"),
                ("ends", "2026-12-31"),
                ("zone", "UTC"),
            ],
        ),
        bound("/settings/notifications", "subject", MailSubject::LONGEST, &[("days", "7"), ("body", "x")]),
        bound("/settings/notifications", "body", MailBody::LONGEST, &[("days", "7"), ("subject", "x")]),
        bound(
            "/configuration/new?type=notification.PatSmtpServer&folder=Configuration",
            "name",
            ItemName::LONGEST,
            &[("folder", "Configuration"), ("host", "h"), ("port", "25"), ("fromAddress", "a@b.c")],
        ),
    ];
    world.release_things().await;
    bounds.push(bound("/releases/templates/Release1/start", "title", LONGEST_TITLE, &[]));
    type Other = (&'static str, &'static str);
    let templates: [(&str, &'static str, &'static [Other]); 9] = [
        ("new", "title", &[("phase", "P"), ("task", "T")]),
        ("new", "phase", &[("title", "R"), ("task", "T")]),
        ("new", "task", &[("title", "R"), ("phase", "P")]),
        ("Release1/edit", "title", &[]),
        ("Release1/phases/new", "title", &[]),
        ("Release1/phases/Phase1", "title", &[]),
        ("Release1/phases/Phase1/add", "title", &[("kind", "gate")]),
        ("Release1/tasks/Task1", "title", &[("kind", "gate")]),
        ("Release1/variables/new", "key", &[("kind", "text")]),
    ];
    for (page, field, others) in templates {
        bounds.push(bound(&format!("/releases/templates/{page}"), field, LONGEST_TITLE, others));
    }
    let role = world.state.store.role(&"ann's role".parse().unwrap()).await.unwrap().unwrap().id;
    // What must also look like something else, or be nobody else's name.
    let rename = bound(&format!("/admin/roles/{role}/rename"), "name", Username::LONGEST, &[]);
    bounds.push(Bound { is_all: false, ..rename });
    let Kind::Text { longest, .. } = MAIL_SERVER.properties.iter().find(|p| p.name == "host").unwrap().kind
    else {
        panic!("a host is a text");
    };
    let group =
        &[("kind", "group"), ("provider", "corp"), ("reason", "x"), ("ends", "2026-12-31"), ("zone", "UTC")];
    let item = world.idle_mail_server().await;
    bounds.extend([
        Bound {
            is_all: false,
            ..bound(
                "/configuration/new?type=notification.PatSmtpServer&folder=Configuration",
                "host",
                longest,
                &[("folder", "Configuration"), ("name", "M"), ("port", "25"), ("fromAddress", "a@b.c")],
            )
        },
        Bound { is_all: false, ..bound("/settings/exemptions", "name", PrincipalKind::LONGEST_NAME, group) },
        Bound {
            is_all: false,
            ..bound(&format!("/configuration/{item}/test-mail"), "to", Email::LONGEST, &[])
        },
    ]);
    bounds
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_beside_its_field_and_kept() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    for bound in bounds(&world).await {
        let Bound { page, field, longest, is_all, .. } = &bound;
        let scene = format!("{page}: {field}");
        // A browser takes as much as the type behind the field does.
        let form = world.open(&root, page).await;
        assert!(
            tag(&form, field).contains(&format!(" maxlength=\"{longest}\"")),
            "{scene}: {}",
            tag(&form, field)
        );
        // Who has another browser is told.
        let before = world.state.store.last_sequence().await.unwrap();
        let typed = text_of(field, longest + 1);
        let refused = send(&world, &root, &bound, &typed).await;
        assert_eq!(refused.status(), 400, "{scene}: {}", refused.text());
        for shown in [format!("id=\"{field}-error\""), format!("<a href=\"#{field}\">"), typed] {
            assert!(refused.text().contains(&shown), "{scene}: {shown}: {}", refused.text());
        }
        assert!(tag(&refused, field).contains("aria-invalid=\"true\""), "{scene}");
        assert_eq!(world.state.store.last_sequence().await.unwrap(), before, "{scene}");
        if *is_all {
            let taken = send(&world, &root, &bound, &text_of(field, *longest)).await;
            assert!([200, 303].contains(&taken.status()), "{scene}: {} {}", taken.status(), taken.text());
        }
    }
}

#[tokio::test]
async fn properties_of_a_mail_server_that_are_too_long_or_too_many_are_refused_beside_them_and_kept() {
    let world = World::new().await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let many: Vec<_> = (0..101).map(|number| format!("mail.smtp.p{number}=1")).collect();
    for (typed, words) in [
        (format!("{}=1", "x".repeat(201)), "names have 1 to 200 characters"),
        (format!("mail.smtp.timeout={}", "x".repeat(1_001)), "values have at most 1000 characters"),
        (many.join("\n"), "at most 100 entries"),
    ] {
        let fields = [
            ("type", "notification.PatSmtpServer"),
            ("folder", "Configuration"),
            ("name", "M"),
            ("host", "h"),
            ("port", "25"),
            ("fromAddress", "a@b.c"),
            ("smtpProperties", typed.as_str()),
        ];
        let refused = world.send(post("/configuration/new").submit(&root, &fields)).await;
        assert_eq!(refused.status(), 400, "{words}: {}", refused.text());
        let beside = refused.text().split("id=\"smtpProperties-error\"").nth(1);
        let beside = beside.unwrap_or_else(|| panic!("{words}: {}", refused.text()));
        assert!(beside.split("</p>").next().unwrap().contains(words), "{words}: {beside}");
        for shown in ["<a href=\"#smtpProperties\">", &format!("{typed}</textarea>")] {
            assert!(refused.text().contains(shown), "{shown}: {}", refused.text());
        }
    }
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before);
}

#[tokio::test]
async fn a_password_that_is_too_long_is_refused_beside_its_field_and_never_cut() {
    let world = World::new().await;
    world.user("ann", &["login"]).await;
    let root = world.user("root", &["admin"]).await;
    let root = world.session(&root).await;
    let link = world.send(post("/admin/users/ann/reset-link").submit(&root, &[])).await;
    let link = link.text().split("data-secret>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let link = link[link.find("/reset/").unwrap()..].to_owned();
    let long = "p".repeat(1_025);
    let calls: [(&str, &str, Call, &[&str]); 3] = [
        (
            "/admin/users/new",
            "password",
            post("/admin/users/new").submit(
                &root,
                &[("sent", "yes"), ("username", "kim"), ("email", "k@b.c"), ("password", &long)],
            ),
            &["value=\"kim\"", "value=\"k@b.c\""],
        ),
        (
            "/account/profile",
            "new_password",
            post("/account/profile/password").submit(
                &root,
                &[("current_password", PASSWORD), ("new_password", &long), ("repeated_password", &long)],
            ),
            &["value=\"root Example\""],
        ),
        (
            &link,
            "password",
            post(link.as_str()).form(&[("password", &long), ("password_again", &long)]),
            &["ann"],
        ),
    ];
    for (page, field, call, kept) in calls {
        let form = world.open(&root, page).await;
        assert!(
            !tag(&form, field).contains("maxlength"),
            "what is pasted is not cut unseen: {}",
            tag(&form, field)
        );
        let refused = world.send(call).await;
        assert_eq!(refused.status(), 400, "{page}: {}", refused.text());
        let told = "A password has at most 1,024 bytes.";
        let beside = refused.text().split(&format!("id=\"{field}-error\"")).nth(1).unwrap();
        assert!(beside.split("</p>").next().unwrap().contains(told), "{page}: {beside}");
        assert!(refused.text().contains(&format!("<a href=\"#{field}\">")), "{page}");
        for kept in kept {
            assert!(refused.text().contains(kept), "{page}: {kept}: {}", refused.text());
        }
        assert!(
            !refused.text().contains(&long) && !refused.text().contains(PASSWORD),
            "a password never comes back"
        );
    }
}

#[tokio::test]
async fn a_form_or_an_address_that_is_too_long_is_answered_with_a_page_that_says_what_to_do() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let (long_form, long_query) = ("x".repeat(1_100_000), "x".repeat(16 * 1_024));
    let form = [("name", long_form.as_str())];
    let calls = [
        (413, post("/account/tokens/new").submit(&session, &form)),
        (413, post("/login").form(&form)),
        (414, get(format!("/account/tokens?search={long_query}")).cookie(&session)),
        (414, get(format!("/login?next={long_query}"))),
        (405, Call::new(http::Method::PUT, "/account/tokens").cookie(&session)),
        (403, post("/account/tokens/new").submit(&session, &[]).header("origin", "https://evil.example")),
    ];
    for (status, call) in calls {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.shown());
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-security-policy"), CONTENT_POLICY);
        let next = match status {
            413 => "Nothing was saved. Go back, enter less, and send the form again.",
            414 => "Open the page anew, and search for less.",
            405 => "Open the page anew, and use what is on it.",
            _ => "A page of another site cannot make changes here.",
        };
        assert!(answer.text().contains(next), "{}", answer.text());
        assert!(answer.bytes().len() < 20_000, "what was too long does not come back");
    }
    // Who is signed in keeps the surroundings.
    let answer = world.send(get(format!("/account/tokens?search={long_query}")).cookie(&session)).await;
    assert!(answer.text().contains("Menu of ann"), "{}", answer.text());
}

#[tokio::test]
async fn a_form_that_does_not_say_how_long_it_is_gets_the_same_page_at_the_limit() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let whole =
        post("/account/tokens/new").submit(&session, &[("name", &"x".repeat(1_100_000))]).into_request();
    let (parts, body) = whole.into_parts();
    // A body in pieces has no length.
    let body = axum::body::Body::from_stream(axum::body::Body::into_data_stream(body));
    let answer = world.stream(http::Request::from_parts(parts, body)).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
}

#[tokio::test]
async fn a_program_is_told_of_the_same_as_a_problem() {
    let world = World::new().await;
    let ann = world.user("ann", &["login"]).await;
    let session = world.session(&ann).await;
    let path = "/api/v1/personal-access-tokens";
    let long_body = format!("{{\"tokenNote\": \"{}\"}}", "x".repeat(1_100_000));
    let calls = [
        (413, post(path).session(&session).raw(long_body).header("content-type", "application/json")),
        (400, get(format!("{path}?search={}", "x".repeat(16 * 1_024))).session(&session)),
        (405, Call::new(http::Method::PUT, path).session(&session)),
    ];
    for (status, call) in calls {
        let answer = world.send(call).await;
        assert_eq!(answer.status(), status, "{}", answer.shown());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}
