//! Reminders from the plan to the mail: a frozen clock, a real mail server.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::UserId;
use patgate_core::policy::notification::NotificationDays;
use patgate_core::reminder::ATTEMPTS;
use patgate_server::service::reminders::{self, Round};
use patgate_store::{Act, MailFilter, MailState, RunNote, Seek, StoredMail, Touched};
use patgate_testkit::servers::mail::{MailServer, Way};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::common::{IssuedToken, NewGrant, PASSWORD, Person, World, get};

/// A day, 01:00 in Berlin, in winter.
pub(crate) fn one_o_clock(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

/// A server in Berlin that reminds seven days before, through this port of a mail server; the night of 22 November 2026
/// was its first.
pub(crate) async fn world(port: u16) -> World {
    let world = World::configured("time_zone = 'Europe/Berlin'").await;
    let admin = world.user("admin", &["admin"]).await;
    world.mail_server(&admin, "Configuration/MAIL", port).await;
    world
        .notify(|settings| {
            settings.enabled = true;
            settings.server = Some("Configuration/MAIL".parse().unwrap());
        })
        .await;
    world.clock.set(one_o_clock("2026-11-22"));
    let first = reminders::run_due(&world.state).await.unwrap().unwrap();
    assert_eq!(first.note, Some(RunNote::FirstStart));
    world
}

pub(crate) async fn person(world: &World, name: &str, address: &str) -> Person {
    let person = world.user(name, &["login"]).await;
    set_address(world, person.id, address).await;
    person
}

pub(crate) async fn set_address(world: &World, person: UserId, address: &str) {
    let mut change = world.change().await;
    let mut user = change.user(person).await.unwrap().unwrap();
    user.email = address.into();
    change.update_user(&user).await.unwrap();
    world.commit(change).await;
}

pub(crate) async fn token(world: &World, owner: &Person, name: &str, expires_at: &str) -> IssuedToken {
    world.token(owner, NewGrant { name, expires_at: Some(expires_at), ..NewGrant::default() }).await
}

pub(crate) async fn send(world: &World) -> Round {
    reminders::send_due(&world.state, &CancellationToken::new()).await.unwrap()
}

/// The night of a day: planned and sent. How many mails and how many skipped tokens there were.
pub(crate) async fn night(world: &World, day: &str) -> (u64, u64) {
    world.clock.set(one_o_clock(day));
    let run = reminders::run_due(&world.state).await.unwrap().unwrap();
    assert_eq!(run.note, None);
    send(world).await;
    (run.planned, run.skipped)
}

pub(crate) async fn mails(world: &World) -> Vec<StoredMail> {
    world.state.store.mails(&MailFilter::default(), &Seek::Start, 1_000).await.unwrap()
}

pub(crate) fn later(world: &World, minutes: i64) {
    world.clock.set(world.clock.now() + SignedDuration::from_mins(minutes));
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_67_a_token_has_one_mail_that_says_when_it_ends_and_where_to_get_another() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    let told = token(&world, &ann, "ci <deploy>", "2026-11-29T22:59:59Z").await;
    token(&world, &ann, "far away", "2026-12-24T22:59:59Z").await;
    world.clock.set(one_o_clock("2026-11-23") - SignedDuration::from_secs(1));
    assert_eq!(reminders::run_due(&world.state).await.unwrap(), None, "not yet one o'clock in Berlin");
    assert_eq!(night(&world, "2026-11-23").await, (1, 0));
    assert_eq!(reminders::run_due(&world.state).await.unwrap(), None, "once a night");
    let kept = server.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].recipients, ["ann@example.org"]);
    let (html, text) = (kept[0].html.as_deref().unwrap(), kept[0].text.as_deref().unwrap());
    assert!(html.contains("ci &lt;deploy&gt;") && text.contains("ci <deploy>"), "{html}\n{text}");
    assert!(
        text.contains("29 Nov 2026, 23:59 (Europe/Berlin)") && text.contains("29 Nov 2026, 22:59 UTC"),
        "{text}"
    );
    // The whole link, to this token's form and no other's.
    let renew = world.state.public_url.join(&format!("/account/tokens/new?like={}", told.id));
    assert!(
        renew.starts_with("http://") && html.contains(&format!("<a href=\"{renew}\">")),
        "{renew}: {html}"
    );
    assert!(text.lines().any(|line| line == format!("[1]: {renew}")), "{renew}: {text}");
    assert_eq!(kept[0].header("Auto-Submitted"), ["auto-generated"]);
    let mail = &mails(&world).await[0];
    assert_eq!((mail.state, mail.address.as_deref()), (MailState::Sent, Some("ann@example.org")));
    // Nights go by, and somebody changes the days.
    world.notify(|settings| settings.days = NotificationDays::try_from(3).unwrap()).await;
    for day in ["2026-11-24", "2026-11-25", "2026-11-28"] {
        assert_eq!(night(&world, day).await, (0, 0));
    }
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_of_the_mail_server_has_its_consequence() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    // The tokens outlive all attempts.
    world.notify(|settings| settings.days = NotificationDays::try_from(30).unwrap()).await;
    for name in ["greylist", "reject", "full", "spam", "lost", "cut", "good"] {
        let person = person(&world, name, &format!("{name}@example.org")).await;
        token(&world, &person, name, "2026-12-20T22:59:59Z").await;
    }
    assert_eq!(night(&world, "2026-11-23").await, (7, 0));
    let state = async |name: &str| {
        let mails = mails(&world).await;
        let found = mails.into_iter().find(|mail| world.state.username(mail.owner).as_deref() == Some(name));
        let mail = found.unwrap();
        (mail.state, mail.answer.unwrap_or_default())
    };
    for (name, wanted, words) in [
        ("good", MailState::Sent, "250"),
        ("reject", MailState::Failed, "550"),
        ("spam", MailState::Failed, "554"),
        ("greylist", MailState::Waiting, "451"),
        ("full", MailState::Waiting, "452"),
        ("lost", MailState::Waiting, ""),
        ("cut", MailState::Waiting, ""),
    ] {
        let (found, answer) = state(name).await;
        assert!(found == wanted && answer.contains(words), "{name}: {found:?} {answer}");
    }
    let of_full = |mail: &StoredMail| world.state.username(mail.owner).as_deref() == Some("full");
    for (attempts, minutes) in [(1, 1), (2, 5), (3, 15)] {
        let full = mails(&world).await.into_iter().find(of_full).unwrap();
        let pause = full.due_at.unwrap().duration_since(world.clock.now());
        assert_eq!((full.attempts, pause), (attempts, SignedDuration::from_mins(minutes)));
        later(&world, minutes);
        send(&world).await;
        assert_eq!(state("greylist").await.0, MailState::Sent);
    }
    let of = |name: &str| -> Vec<_> {
        let to = format!("{name}@example.org");
        server.kept().into_iter().filter(|mail| mail.recipients == [to.clone()]).collect()
    };
    assert_eq!((of("good").len(), of("greylist").len(), of("reject").len(), of("lost").len()), (1, 1, 0, 1));
    // Days of refusals: it fails in the end, and says why.
    for _ in 0..12 {
        later(&world, 12 * 60);
        send(&world).await;
    }
    let (found, answer) = state("full").await;
    assert_eq!(found, MailState::Failed, "{answer}");
    assert!(answer.contains("452"), "{answer}");
    let full = mails(&world).await.into_iter().find(of_full).unwrap();
    assert_eq!((full.attempts, full.due_at), (ATTEMPTS, None));
    // What the server took before it lost the line came once more, says that it is the same, and not again.
    let twice = of("lost");
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].header("Message-ID"), twice[1].header("Message-ID"));
    let (found, answer) = state("lost").await;
    assert!(found == MailState::Failed && answer.contains("perhaps it has arrived"), "{found:?} {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_wait_for_a_mail_server_that_is_away_and_are_not_lost() {
    let world = world(patgate_testkit::ports::free()).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    token(&world, &ann, "ci", "2026-11-29T22:59:59Z").await;
    world.clock.set(one_o_clock("2026-11-23"));
    reminders::run_due(&world.state).await.unwrap();
    assert_eq!(send(&world).await, Round::ServerFails);
    let waiting = &mails(&world).await[0];
    assert_eq!((waiting.state, waiting.attempts), (MailState::Waiting, 0), "a dead server is no attempt");
    assert!(waiting.answer.is_some(), "administrators see what is in the way");
    // Another server is chosen, and then reminders are switched off.
    let server = MailServer::start();
    world.notify(|settings| settings.server = None).await;
    assert_eq!(send(&world).await, Round::Done);
    assert_eq!(mails(&world).await[0].state, MailState::Waiting);
    world.notify(|settings| settings.enabled = false).await;
    later(&world, 15);
    send(&world).await;
    assert!(matches!(mails(&world).await[0].state, MailState::Skipped(_)));
    assert_eq!(server.kept(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_address_is_served_when_there_is_one_and_who_slept_runs_once() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "").await;
    let bob = person(&world, "bob", "bob@example.org").await;
    token(&world, &ann, "hers", "2026-11-29T22:59:59Z").await;
    token(&world, &bob, "his", "2026-11-29T22:59:59Z").await;
    world.disable(&bob).await;
    assert_eq!(night(&world, "2026-11-23").await, (0, 2));
    set_address(&world, ann.id, "ann@example.org").await;
    // The host sleeps for three days.
    assert_eq!(night(&world, "2026-11-26").await, (1, 1));
    assert_eq!(server.kept().len(), 1);
    assert_eq!(night(&world, "2026-11-30").await, (0, 1), "his expired and was never told of: that is seen");
    assert_eq!(world.state.store.reminder_runs(&Seek::Start, 10).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_one_mail_and_what_ends_meanwhile_is_left_out() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    let one = token(&world, &ann, "one", "2026-11-23T06:00:00Z").await;
    let two = token(&world, &ann, "two", "2026-11-25T22:59:59Z").await;
    let three = token(&world, &ann, "three", "2026-11-27T22:59:59Z").await;
    let four = token(&world, &ann, "four", "2026-11-28T22:59:59Z").await;
    world.notify(|settings| settings.digest = true).await;
    world.clock.set(one_o_clock("2026-11-23"));
    let run = reminders::run_due(&world.state).await.unwrap().unwrap();
    assert_eq!(run.planned, 1);
    // One expires and one is deleted before the mail goes.
    let mut change = world.change().await;
    change.act(&Touched::One(four.id), Act::Delete, None).await.unwrap();
    world.commit(change).await;
    later(&world, 7 * 60);
    send(&world).await;
    let kept = server.kept();
    assert_eq!(kept.len(), 1);
    let html = kept[0].html.as_deref().unwrap();
    let tells_of = |name: &str| html.contains(&format!("<strong>{name}</strong>"));
    assert!(tells_of("two") && tells_of("three") && !tells_of("one") && !tells_of("four"), "{html}");
    // The list says what became of each, and why.
    let path = format!("/api/v1/reminders/runs/{}/mails", run.id);
    let listed = world.send(get(path).basic("admin", PASSWORD)).await.json();
    let mut listed: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| (mail["state"].clone(), mail["reason"].clone(), ids(mail)))
        .collect();
    listed.sort_by_key(|(_, _, tokens)| tokens.clone());
    let mut expected = vec![
        (json!("sent"), json!(null), vec![two.id.to_string(), three.id.to_string()]),
        (json!("skipped"), json!("expired"), vec![one.id.to_string()]),
        (json!("skipped"), json!("deleted"), vec![four.id.to_string()]),
    ];
    expected.sort_by_key(|(_, _, tokens)| tokens.clone());
    assert_eq!(listed, expected);
    assert_eq!(night(&world, "2026-11-24").await, (0, 0), "nobody is told of them any more");
}

/// The tokens of a mail in the API, in its order.
fn ids(mail: &Value) -> Vec<String> {
    let tokens = mail["tokens"].as_array().unwrap();
    tokens.iter().map(|token| token["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_four_thresholds_is_told_of_in_its_own_night() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    world
        .notify(|settings| {
            settings.days = NotificationDays::try_from(60).unwrap();
            settings.further_days = vec![30, 7, 1].try_into().unwrap();
        })
        .await;
    let ann = person(&world, "ann", "ann@example.org").await;
    token(&world, &ann, "ci", "2027-02-01T12:00:00Z").await;
    let (mut day, last): (Date, Date) = ("2026-11-23".parse().unwrap(), "2027-02-03".parse().unwrap());
    let mut nights = Vec::new();
    while day <= last {
        let (planned, skipped) = night(&world, &day.to_string()).await;
        assert_eq!(skipped, 0, "{day}");
        nights.extend((planned > 0).then(|| (day.to_string(), planned)));
        day = day.tomorrow().unwrap();
    }
    // The first nights with no more than 60, 30, 7 days and one day left, and no others.
    let expected = ["2026-12-04", "2027-01-03", "2027-01-26", "2027-02-01"].map(|day| (day.to_owned(), 1));
    assert_eq!(nights, expected);
    let subjects: Vec<_> = server.kept().iter().map(|mail| mail.header("Subject")[0].to_owned()).collect();
    let subject = |left: &str| format!("Your access token \"ci\" expires in {left}");
    assert_eq!(subjects, ["60 days", "30 days", "7 days", "1 day"].map(subject));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_whose_one_o_clock_comes_twice_or_never_sends_each_mail_once() {
    let server = MailServer::start();
    // London leaves 01:00 out in spring and has it twice in autumn; Havana's clock goes from 01:00 back to 00:00.
    for (zone, noon, ends, night) in [
        ("Europe/London", "2026-03-28T12:00:00Z", "2026-04-01T12:00:00Z", "2026-03-29"),
        ("Europe/London", "2026-10-24T12:00:00Z", "2026-10-28T12:00:00Z", "2026-10-25"),
        ("America/Havana", "2026-03-07T12:00:00Z", "2026-03-11T12:00:00Z", "2026-03-08"),
        ("America/Havana", "2026-10-31T12:00:00Z", "2026-11-04T12:00:00Z", "2026-11-01"),
    ] {
        let world = World::configured(&format!("time_zone = '{zone}'")).await;
        let admin = world.user("admin", &["admin"]).await;
        world.mail_server(&admin, "Configuration/MAIL", server.port(Way::Plain)).await;
        world
            .notify(|settings| {
                settings.enabled = true;
                settings.server = Some("Configuration/MAIL".parse().unwrap());
            })
            .await;
        world.clock.set(noon.parse().unwrap());
        assert!(reminders::run_due(&world.state).await.unwrap().is_some(), "the first is noted");
        let ann = person(&world, "ann", "ann@example.org").await;
        token(&world, &ann, "ci", ends).await;
        let before = server.kept().len();
        let mut runs = Vec::new();
        // Somebody looks every ten minutes, until noon of the next day.
        for _ in 0..24 * 6 {
            later(&world, 10);
            runs.extend(reminders::run_due(&world.state).await.unwrap());
            send(&world).await;
        }
        let nights: Vec<_> = runs.iter().map(|run| (run.night.unwrap().to_string(), run.planned)).collect();
        assert_eq!(nights, [(night.to_owned(), 1)], "{zone}");
        assert_eq!(server.kept().len(), before + 1, "{zone} {night}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_with_few_days_left_is_told_of_in_its_first_night() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    assert_eq!(night(&world, "2026-11-23").await, (0, 0));
    // Two days of life, where owners are told seven days before.
    token(&world, &ann, "short", "2026-11-25T10:00:00Z").await;
    assert_eq!(night(&world, "2026-11-24").await, (1, 0));
    assert_eq!(server.kept()[0].recipients, ["ann@example.org"]);
    assert_eq!(night(&world, "2026-11-25").await, (0, 0));
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_67_who_is_not_meant_has_no_mail() {
    let server = MailServer::start();
    let world = world(server.port(Way::Plain)).await;
    let ann = person(&world, "ann", "ann@example.org").await;
    world.token(&ann, NewGrant { name: "for ever", ..NewGrant::default() }).await;
    // The night of the 23rd is at midnight of universal time; seven days later is the last moment that counts.
    token(&world, &ann, "over", "2026-11-22T23:59:59Z").await;
    token(&world, &ann, "later", "2026-11-30T00:00:01Z").await;
    let gone =
        world.token(&ann, NewGrant { expires_at: Some("2026-11-25T00:00:00Z"), ..NewGrant::default() }).await;
    world.delete_token(&gone).await;
    assert_eq!(night(&world, "2026-11-23").await, (0, 1), "`over` is over, which is noted");
    world.notify(|settings| settings.enabled = false).await;
    token(&world, &ann, "soon", "2026-11-26T00:00:00Z").await;
    world.clock.set(one_o_clock("2026-11-24"));
    let run = reminders::run_due(&world.state).await.unwrap().unwrap();
    assert_eq!(run.planned, 0, "switched off");
    send(&world).await;
    let skipped = |mail: &StoredMail| matches!(mail.state, MailState::Skipped(_));
    assert!(server.kept().is_empty() && mails(&world).await.iter().all(skipped));
    world.notify(|settings| settings.enabled = true).await;
    assert_eq!(night(&world, "2026-11-25").await, (2, 0), "`soon`, and `later`, which is near by now");
    assert_eq!(server.kept().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviour_68_without_a_mail_server_a_night_goes_by_and_nobody_meets_an_error() {
    let world = World::configured("time_zone = 'Europe/Berlin'").await;
    let ann = person(&world, "ann", "ann@example.org").await;
    let session = world.session(&ann).await;
    world.notify(|settings| settings.enabled = true).await;
    token(&world, &ann, "soon", "2026-11-26T00:00:00Z").await;
    for day in ["2026-11-22", "2026-11-23", "2026-11-24"] {
        world.clock.set(one_o_clock(day));
        let run = reminders::run_due(&world.state).await.unwrap().unwrap();
        assert_eq!((run.planned, run.skipped), (0, 0), "{day}");
        send(&world).await;
    }
    assert!(mails(&world).await.is_empty(), "nothing waits to be sent later");
    world.clock.set(patgate_testkit::clock::NOON);
    let page = world.open(&session, "/account/tokens").await;
    assert!(page.status() == 200 && page.text().contains("soon"), "{}", page.text());
    let made = crate::common::post("/api/v1/personal-access-tokens").session(&session);
    let made = world.send(made.json(&serde_json::json!({ "tokenNote": "n", "expiresInDays": 7 }))).await;
    assert_eq!(made.status(), 201, "{}", made.text());
}
