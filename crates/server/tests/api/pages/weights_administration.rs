//! What the pages of administrators weigh when there is as much of everything as there may be, and each as long as it may be: runs
//! and mails of reminders, what a user belongs to, exemptions, and the configuration items.

use jiff::SignedDuration;
use patgate_core::identifier::{DecisionId, ExemptionId};
use patgate_core::policy::{
    Days, Decided, Decision, DecisionState, Exemption, ExemptionReason, MaximumChoice,
};
use patgate_core::user::{Origin, Principal, PrincipalKind};

use super::configuration_tree::{FOLDER, MAIL};
use super::turn;
use super::weights::{MANY, are_light, name, username};
use crate::common::{IssuedToken, NewGrant, Person, SignedIn, World, get, post};

/// So many tokens of somebody that are due, with names as long as they may be.
async fn due(world: &World, owner: &Person, count: usize) -> Vec<IssuedToken> {
    let mut tokens = Vec::new();
    for number in 0..count {
        let expires_at = Some("2026-05-08T12:00:00Z");
        let new = NewGrant { name: &name(number), expires_at, ..NewGrant::default() };
        tokens.push(world.token(owner, new).await);
    }
    tokens
}

async fn root(world: &World) -> (Person, SignedIn) {
    let root = world.user(&username(0), &["admin"]).await;
    let session = world.session(&root).await;
    (root, session)
}

#[tokio::test]
async fn runs_and_mails_of_reminders_stay_light() {
    let world = World::new().await;
    let (root, session) = root(&world).await;
    world.mail_server(&root, "Configuration/MAIL", 25).await;
    world
        .notify(|set| {
            set.enabled = true;
            set.digest = true;
            set.server = Some("Configuration/MAIL".parse().unwrap());
        })
        .await;
    for number in 1..MANY {
        let owner = world.user_from(&username(number), Origin::Sso, "idp", &[]).await;
        due(&world, &owner, 3).await;
        // Of every second one the tokens are left out.
        if number % 2 == 0 {
            world.disable(&owner).await;
        }
    }
    are_light(&world, &session, &["/admin/reminders/run".to_owned()]).await;
    let owner = world.user_from(&username(MANY), Origin::Sso, "idp", &[]).await;
    let tokens = due(&world, &owner, 200).await;
    let mut runs = Vec::new();
    for _ in 0..MANY {
        runs.push(world.digest(&owner, &tokens.iter().collect::<Vec<_>>()).await);
    }
    let said = "<ü> ".repeat(5_000);
    world.put_mails_off(&said).await;
    let lists = ["/admin/reminders".to_owned(), "/admin/reminders/mails".to_owned()];
    let run = format!("/admin/reminders/{}", runs[0]);
    are_light(&world, &session, &[&lists[..], std::slice::from_ref(&run)].concat()).await;
    let failed = world.fail_mails(&said).await;
    assert_eq!(failed.len(), MANY);
    let mail = format!("/admin/reminders/mails/{}", failed[0]);
    let question = format!("{mail}/retry");
    are_light(&world, &session, &[&lists[..], &[run, mail, question]].concat()).await;
}

#[tokio::test]
async fn a_user_of_thousands_of_groups_and_many_roles_stays_light() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user_from("ann", Origin::Sso, "idp", &["login"]).await;
    let mut groups: Vec<_> = (0..MANY).map(username).collect();
    for group in &groups {
        world.role_of(PrincipalKind::Group, group, "idp", &["login"]).await;
    }
    groups.extend((MANY..2_000).map(|number| format!("{number:04}{}", "ü".repeat(251))));
    let mut change = world.change().await;
    let mut user = change.user(ann.id).await.unwrap().unwrap();
    user.groups = groups;
    change.update_user(&user).await.unwrap();
    world.commit(change).await;
    let paths = ["", "?search=1", "?after=1000"].map(|query| format!("/admin/users/ann{query}"));
    are_light(&world, &session, &paths).await;
}

#[tokio::test]
async fn the_question_about_as_many_tokens_as_may_be_deleted_at_once_stays_light_and_is_about_all_of_them() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let owner = world.user(&username(1), &[]).await;
    let tokens = due(&world, &owner, 200).await;
    let ids: Vec<_> = tokens.iter().map(|token| token.id.to_string()).collect();
    let path = format!("/admin/tokens/delete?id={}", ids.join("&id="));
    are_light(&world, &session, std::slice::from_ref(&path)).await;
    let page = world.open(&session, &path).await;
    for (words, count) in [("Delete 200 tokens?", 1), ("And 180 more.", 1), ("data-label=\"Name\"", 20)] {
        assert_eq!(page.text().matches(words).count(), count, "{words}: {}", page.text());
    }
    let shown = page.text().split("name=\"id\" value=\"").skip(1);
    let shown: Vec<_> = shown.map(|rest| ("id", rest.split('"').next().unwrap())).collect();
    let answer = world.send(post("/admin/tokens/delete").submit(&session, &shown)).await;
    assert_eq!((answer.status(), answer.header("location")), (303, "/admin/tokens?done=deleted-200"));
    assert_eq!(world.send(get("/auth").token(&tokens[199])).await.status(), 401);
}

#[tokio::test]
async fn exemptions_of_the_longest_names_for_the_longest_reasons_stay_light() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let now = world.clock.now();
    let mut change = world.change().await;
    for number in 0..MANY {
        let group = format!("{number:04}{}", "<".repeat(PrincipalKind::LONGEST_NAME - 4));
        let exemption = Exemption {
            id: ExemptionId::generate(&mut world.state.random.draw()),
            principal: Principal {
                username: PrincipalKind::Group.name(&group).unwrap(),
                fullname: None,
                kind: PrincipalKind::Group,
                provider: "<".repeat(100),
            },
            reason: ExemptionReason::try_from("<".repeat(ExemptionReason::LONGEST)).unwrap(),
            made_at: now,
            made_by: "<".repeat(100),
            ends_at: now + SignedDuration::from_hours(24),
        };
        change.insert_exemption(&exemption).await.unwrap();
    }
    world.commit(change).await;
    let list = "/settings/exemptions";
    let page = world.open(&session, list).await;
    assert_eq!(page.text().matches("data-label=\"Reason\"").count(), 20, "{}", page.text());
    let further = format!("{list}?{}", turn(&page, "Next").unwrap());
    let end = page.text().split("href=\"/settings/exemptions/").nth(1).unwrap().split('"').next().unwrap();
    are_light(&world, &session, &[list.to_owned(), further, format!("{list}/{end}")]).await;
}

#[tokio::test]
async fn the_settings_stay_light_however_many_decisions_wait() {
    let world = World::new().await;
    let (root, session) = root(&world).await;
    let now = world.clock.now();
    let mut change = world.change().await;
    for number in 0..40 {
        let undone = DecisionState::Undone { at: now, by: root.username.clone() };
        let decision = Decision {
            id: DecisionId::from_i64(number + 1),
            decided: Decided::Maximum {
                from: None,
                to: Days::try_from(30).unwrap(),
                choice: MaximumChoice::Leave,
            },
            effective_at: now + SignedDuration::from_hours(24 + number),
            zone: "America/Argentina/Buenos_Aires".to_owned(),
            made_at: now + SignedDuration::from_secs(number),
            made_by: root.username.clone(),
            state: if number < 30 { DecisionState::Pending } else { undone },
        };
        change.insert_decision(&decision).await.unwrap();
    }
    world.commit(change).await;
    are_light(&world, &session, &["/settings".to_owned()]).await;
    let page = world.open(&session, "/settings").await;
    let undo = |number: i64| {
        page.text().contains(&format!("/settings/decisions/{}/undo", DecisionId::from_i64(number)))
    };
    let shown: Vec<_> = (1..=40).filter(|number| undo(*number)).collect();
    assert_eq!(shown, (1..=20).collect::<Vec<_>>(), "those that take effect first");
    assert!(page.text().contains("10 more wait for a later time."), "{}", page.text());
    assert_eq!(page.text().matches("Undone by").count(), 10, "{}", page.text());
}

#[tokio::test]
async fn the_explorer_stays_light_however_deep_and_full_it_is() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let by = username(0);
    let (mut place, mut folders) = ("Configuration".to_owned(), Vec::new());
    for depth in 0..9 {
        let mails = (0..MANY).map(|number| format!("{place}/{}", name(1_000 + number)));
        world.items_by(&by, MAIL, mails.collect::<Vec<_>>()).await;
        let more = (1..MANY).map(|number| format!("{place}/{}", name(2_000 + number)));
        world.items_by(&by, FOLDER, more.collect::<Vec<_>>()).await;
        place = format!("{place}/{}", name(3_000 + depth));
        folders.extend(world.items_by(&by, FOLDER, [place.clone()]).await);
    }
    let mails = (0..MANY).map(|number| format!("{place}/{}", name(number)));
    let deepest = world.items_by(&by, MAIL, mails.collect::<Vec<_>>()).await;
    let mut paths = vec![
        "/configuration".to_owned(),
        "/settings".to_owned(),
        "/settings/notifications".to_owned(),
        format!("/configuration/new?type={MAIL}&folder={}", folders[8].number),
        format!("/configuration/{}/delete", deepest[0].number),
        format!("/configuration/{}/test-mail", deepest[0].number),
    ];
    paths.extend(
        [&folders[0], &folders[4], &folders[8], &deepest[0], &deepest[44]]
            .map(|item| format!("/configuration/{}", item.number)),
    );
    are_light(&world, &session, &paths).await;
}

#[tokio::test]
async fn the_longest_mail_stays_light_beside_the_longest_path_of_a_server() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let (mut deepest, mut server) = (String::new(), String::new());
    for depth in 0..10 {
        deepest += &format!("/{depth:04}{}", "<".repeat(96));
        server = format!("Configuration{deepest}");
        world.items_by(&username(0), if depth < 9 { FOLDER } else { MAIL }, [server.clone()]).await;
    }
    world
        .notify(|mail| {
            mail.enabled = true;
            mail.server = Some(server.parse().unwrap());
            mail.subject = Some("<".repeat(200).try_into().unwrap());
            mail.body = Some("<".repeat(6_600).try_into().unwrap());
        })
        .await;
    are_light(&world, &session, &["/settings/notifications", "/settings"].map(str::to_owned)).await;
    let page = world.open(&session, "/settings/notifications").await;
    assert!(page.text().contains(&deepest.replace('<', "&#60;")), "{}", page.text());
}
