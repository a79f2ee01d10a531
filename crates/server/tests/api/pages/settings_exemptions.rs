//! Exemptions from the maximum, page by page, beside the form that makes one.

use jiff::SignedDuration;
use patgate_core::identifier::ExemptionId;
use patgate_core::policy::{Exemption, ExemptionReason};
use patgate_core::user::Principal;

use super::roles::root;
use super::{link, turn};
use crate::common::{Answer, World, post};

const PAGE: &str = "/settings/exemptions";
const UNSAVED: &str = "What you typed or chose here is not saved yet.";

/// The form as it is before anybody types; the browser's script has proposed the zone.
const EMPTY: [(&str, &str); 6] = [
    ("kind", "user"),
    ("name", ""),
    ("provider", "internal"),
    ("reason", ""),
    ("ends", ""),
    ("zone", "Europe/Berlin"),
];

/// Exemptions of so many users, one made after the other.
async fn exempt(world: &World, count: i64) {
    let now = world.clock.now();
    let mut change = world.change().await;
    for number in 0..count {
        let exemption = Exemption {
            id: ExemptionId::from_i64(number),
            principal: Principal::internal(format!("carl-{number:02}").parse().unwrap()),
            reason: ExemptionReason::try_from(format!("audit {number:02}")).unwrap(),
            made_at: now - SignedDuration::from_secs(number),
            made_by: "root".to_owned(),
            ends_at: now + SignedDuration::from_hours(24),
        };
        change.insert_exemption(&exemption).await.unwrap();
    }
    world.commit(change).await;
}

/// The reasons in the list.
fn reasons(page: &Answer) -> Vec<String> {
    let rows = page.text().split(r#"data-label="Reason">"#).skip(1);
    rows.map(|row| row.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_typed_for_an_exemption_stays_while_one_turns_pages_of_those_that_there_are() {
    let world = World::new().await;
    let root = root(&world).await;
    exempt(&world, 30).await;
    let before = world.state.store.last_sequence().await.unwrap();
    let send =
        async |fields: &[&[(&str, &str)]]| world.send(post(PAGE).submit(&root, &fields.concat())).await;
    let first = world.open(&root, PAGE).await;
    assert_eq!((reasons(&first).len(), turn(&first, "Previous")), (20, None));
    let next = turn(&first, "Next").unwrap();
    let on = [("turn", next.as_str())];
    // With nothing typed, each page has an address of its own.
    let led = send(&[&EMPTY, &on]).await;
    assert_eq!((led.status(), led.header("location")), (303, format!("{PAGE}?{next}").as_str()));
    let second = world.open(&root, led.header("location")).await;
    assert_eq!((reasons(&second).len(), turn(&second, "Next")), (10, None));

    let typed = [("kind", "group"), ("name", "o<p>s"), ("reason", "<i>x"), ("ends", "2026-12-31")];
    for one in typed {
        let answer = send(&[&[one], &EMPTY, &on]).await;
        assert!(answer.status() == 200 && answer.text().contains(UNSAVED), "{one:?}: {}", answer.text());
    }
    let has_typed = |page: &Answer| {
        let shown = [
            r#"value="group" checked"#,
            r#"value="o&#60;p&#62;s""#,
            r#"value="&#60;i&#62;x""#,
            r#"value="2026-12-31""#,
            r#"value="Europe/Berlin""#,
        ];
        shown.iter().all(|shown| page.text().contains(shown))
    };
    let there = send(&[&typed, &EMPTY, &on]).await;
    assert!(has_typed(&there), "{}", there.text());
    assert_eq!(reasons(&there), reasons(&second));
    let previous = turn(&there, "Previous").unwrap();
    let back = [("list", next.as_str()), ("turn", previous.as_str())];
    let back = send(&[&typed, &EMPTY, &back]).await;
    assert!(has_typed(&back) && back.text().contains(UNSAVED), "{}", back.text());
    assert_eq!(reasons(&back), reasons(&first));

    // What is refused stands beside the same part of the list.
    let refused = send(&[&[("reason", ""), ("list", next.as_str())], &typed, &EMPTY]).await;
    assert_eq!((refused.status(), reasons(&refused)), (400, reasons(&second)));
    // So it does when somebody is logged out meanwhile.
    let lost = world.send(post(PAGE).form(&[&typed[..], &EMPTY, &on].concat())).await;
    let found = world.open(&root, &lost.after_login()).await;
    assert!(has_typed(&found), "{}", found.text());
    assert_eq!(reasons(&found), reasons(&second));
    assert_eq!(world.state.store.last_sequence().await.unwrap(), before, "looking saves nothing");

    // Who may make none has links.
    let auditor = world.user("auditor", &["login", "security#view"]).await;
    let auditor = world.session(&auditor).await;
    let page = world.open(&auditor, PAGE).await;
    assert_eq!(turn(&page, "Next"), None);
    assert_eq!(reasons(&world.open(&auditor, &link(&page, "next").unwrap()).await), reasons(&second));
}
