//! *Reminders* when there is much: many runs, mails of many people, mails about hundreds of tokens.

use patgate_core::expiry::Expiry;
use patgate_store::{MailFilter, RunNote, Seek};
use patgate_testkit::clock::seconds_from_noon;

use super::link;
use super::reminders::{LIST, RUN, expiring, root};
use crate::common::{Answer, IssuedToken, NewGrant, Person, SignedIn, World, get, post};

/// The numbers behind `token-`, in the order in which they stand on a page.
fn numbers(page: &Answer) -> Vec<usize> {
    page.text().split("token-").skip(1).map(|rest| rest[..3].parse().unwrap()).collect()
}

async fn many_expiring(world: &World, owner: &Person, count: usize) -> Vec<IssuedToken> {
    let mut tokens = Vec::new();
    for number in 0..count {
        tokens.push(expiring(world, owner, &format!("token-{number:03}")).await);
    }
    tokens
}

async fn remind(world: &World, root: &Person, digest: bool) {
    world.mail_server(root, "Configuration/MAIL", 25).await;
    world
        .notify(|set| {
            set.enabled = true;
            set.digest = digest;
            set.server = Some("Configuration/MAIL".parse().unwrap());
        })
        .await;
}

#[tokio::test]
async fn the_runs_are_read_page_by_page_the_newest_first() {
    let world = World::new().await;
    let mut runs = Vec::new();
    for number in 0..45 {
        world.clock.set(seconds_from_noon(60 * number));
        let run = world.empty_run(RunNote::SwitchedOff).await;
        runs.push(format!("\"{LIST}/{run}\""));
    }
    runs.reverse();
    let listed = |page: &Answer| {
        let is_at: Vec<_> = (0..45).filter(|at| page.text().contains(&runs[*at])).collect();
        assert!(is_at.is_sorted_by_key(|at| page.text().find(&runs[*at])), "{is_at:?}");
        is_at
    };
    let session = world.session(&world.user("now", &["admin"]).await).await;
    let first = world.open(&session, LIST).await;
    assert_eq!((listed(&first), link(&first, "prev")), ((0..20).collect(), None));
    let second = world.open(&session, &link(&first, "next").unwrap()).await;
    assert_eq!(listed(&second), (20..40).collect::<Vec<_>>());
    let third = world.open(&session, &link(&second, "next").unwrap()).await;
    assert_eq!((listed(&third), link(&third, "next")), ((40..45).collect(), None));
    let back = world.open(&session, &link(&third, "prev").unwrap()).await;
    assert_eq!(listed(&back), listed(&second));
    let beyond = world.open(&session, &format!("{LIST}?after=0.0")).await;
    assert!(beyond.text().contains("This is the end of the list."), "{}", beyond.text());
}

#[tokio::test]
async fn each_run_of_a_page_has_its_own_counts() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let tokens = many_expiring(&world, &ann, 5).await;
    world.run(&ann, &[&tokens[0], &tokens[1]], &[]).await;
    world.fail_mails("550 no").await;
    world.clock.set(seconds_from_noon(60));
    world.empty_run(RunNote::NoServer).await;
    world.clock.set(seconds_from_noon(120));
    world.digest(&ann, &[&tokens[2], &tokens[3]]).await;
    let page = world.open(&session, LIST).await;
    let counts: Vec<Vec<_>> = page
        .text()
        .split("<tr>")
        .skip(2)
        .map(|row| {
            let told = ["Planned", "Sent", "Waiting", "Skipped", "Failed"].map(|name| {
                let cell = row.split(&format!("data-label=\"{name}\" class=\"number\">")).nth(1).unwrap();
                let cell = cell.split("</td>").next().unwrap();
                cell.trim_end_matches("</a>").rsplit('>').next().unwrap().to_owned()
            });
            told.to_vec()
        })
        .collect();
    assert_eq!(counts, [["1", "0", "1", "0", "0"], ["0", "0", "0", "0", "0"], ["2", "0", "0", "0", "2"]]);
}

/// The numbers on each page of a list, and its last page.
async fn walk(world: &World, session: &SignedIn, path: &str) -> (Vec<Vec<usize>>, Answer) {
    let (mut path, mut pages) = (path.to_owned(), Vec::new());
    loop {
        let page = world.open(session, &path).await;
        pages.push(numbers(&page));
        let Some(next) = link(&page, "next") else { return (pages, page) };
        path = next;
    }
}

#[tokio::test]
async fn a_long_list_of_mails_is_read_page_by_page() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let tokens = many_expiring(&world, &ann, 40).await;
    let run = world.run(&ann, &tokens.iter().collect::<Vec<_>>(), &[]).await;
    let (pages, last) = walk(&world, &session, &format!("{LIST}/{run}?state=waiting")).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20]);
    // And back.
    let first = world.open(&session, &link(&last, "prev").unwrap()).await;
    assert_eq!((numbers(&first), link(&first, "prev")), (pages[0].clone(), None));
    let mut all = pages.concat();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_mail_about_many_tokens_has_a_page_that_names_them_all() {
    let world = World::new().await;
    let (_, session) = root(&world).await;
    let ann = world.user("ann", &["login"]).await;
    let tokens = many_expiring(&world, &ann, 45).await;
    let run = world.digest(&ann, &tokens.iter().collect::<Vec<_>>()).await;
    let failed = world.fail_mails(&format!("550 {}", "no such mailbox ".repeat(100))).await[0];
    let path = format!("{LIST}/mails/{failed}");
    let list = world.open(&session, &format!("{LIST}/{run}")).await;
    assert_eq!(numbers(&list), [0, 1], "a list names the first of them");
    assert!(list.text().contains(&format!(r#"<a href="{path}">and 43 more</a>"#)), "{}", list.text());
    assert!(list.text().matches("no such mailbox").count() < 20, "{}", list.text());
    let first = world.open(&session, &path).await;
    for words in [
        "<h1>Mail to ann</h1>",
        "45 tokens",
        "ann@example.org",
        r#"<span class="pill-text">Failed</span>"#,
        &format!(r#"href="{path}/retry""#),
        &format!(r#"<a href="{LIST}/{run}">All mails</a>"#),
        &format!(r#"<a href="/admin/tokens/{}">token-000</a>"#, tokens[0].id),
        r#"data-label="Days before it expires" class="number">7<"#,
    ] {
        assert!(first.text().contains(words), "{words}: {}", first.text());
    }
    assert_eq!(first.text().matches("no such mailbox").count(), 100, "the whole of what was said");
    assert_eq!((numbers(&first), link(&first, "prev")), ((0..20).collect(), None));
    let second = world.open(&session, &link(&first, "next").unwrap()).await;
    assert_eq!(numbers(&second), (20..40).collect::<Vec<_>>());
    let third = world.open(&session, &link(&second, "next").unwrap()).await;
    assert_eq!((numbers(&third), link(&third, "next")), ((40..45).collect(), None));
    let back = world.open(&session, &link(&third, "prev").unwrap()).await;
    assert_eq!(numbers(&back), numbers(&second));
    // A deleted token keeps its name there.
    world.delete_token(&tokens[0]).await;
    assert_eq!(numbers(&world.open(&session, &path).await)[0], 0);
    let clerk = world.user("clerk", &["login", "security#edit"]).await;
    let clerk = world.session(&clerk).await;
    assert_eq!(world.open(&clerk, &path).await.status(), 403, "a mail names other people's tokens");
    assert_eq!(world.open(&session, &format!("{LIST}/mails/00000000000")).await.status(), 404);
}

#[tokio::test]
async fn a_long_preview_goes_on_and_the_run_names_who_pressed_the_button() {
    let world = World::new().await;
    let (root, session) = root(&world).await;
    remind(&world, &root, false).await;
    let ann = world.user("ann", &["login"]).await;
    many_expiring(&world, &ann, 45).await;
    let first = world.open(&session, RUN).await;
    assert!(!first.text().contains("From the beginning"), "{}", first.text());
    let (pages, last) = walk(&world, &session, RUN).await;
    for page in [&first, &last] {
        assert!(page.text().contains("45 mails would be sent"), "{}", page.text());
    }
    assert!(last.text().contains("From the beginning"), "{}", last.text());
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    let mut all = pages.concat();
    all.sort_unstable();
    assert_eq!(all, (0..45).collect::<Vec<_>>(), "each stands on one page");
    let run = world.send(post(RUN).submit(&session, &[])).await;
    let page = world.open(&session, run.header("location")).await;
    assert!(page.text().contains("By hand, by root"), "{}", page.text());
    assert!(world.open(&session, LIST).await.text().contains("By hand, by root"));
    let log = world.open(&session, "/admin/audit?action=reminder_run.start").await;
    assert!(log.text().contains("Reminders run"), "{}", log.text());
}

#[tokio::test]
async fn a_preview_names_the_first_token_of_a_mail_and_leads_to_all() {
    let world = World::new().await;
    let (root, session) = root(&world).await;
    remind(&world, &root, true).await;
    let ann = world.user("ann", &["login"]).await;
    many_expiring(&world, &ann, 30).await;
    let page = world.open(&session, RUN).await;
    assert!(page.text().contains("1 mail would be sent"), "{}", page.text());
    assert_eq!(numbers(&page).len(), 1, "{}", page.text());
    let all = "/admin/tokens?owner=ann&amp;expiring=7";
    assert!(page.text().contains(&format!(r#"<a href="{all}">and 29 more</a>"#)), "{}", page.text());
    let listed = world.open(&session, &all.replace("&amp;", "&")).await;
    assert!(listed.text().contains("token-0") && link(&listed, "next").is_some(), "{}", listed.text());
    // The API names them all.
    let token = world.token(&root, NewGrant { application: "any", ..NewGrant::default() }).await;
    let call = get("/api/v1/reminders/preview").token(&token);
    let told = world.send(call).await.json();
    assert_eq!(told["mails"][0]["tokens"].as_array().unwrap().len(), 30);
    world.send(post(RUN).submit(&session, &[])).await;
    let mails = world.state.store.mails(&MailFilter::default(), &Seek::Start, 9).await.unwrap();
    assert_eq!(mails.iter().map(|mail| mail.tokens.len()).collect::<Vec<_>>(), [30]);
}

#[tokio::test]
async fn of_very_many_tokens_the_preview_looks_at_a_thousand_and_the_run_at_all() {
    let world = World::new().await;
    let (root, session) = root(&world).await;
    remind(&world, &root, false).await;
    let ann = world.user("ann", &["login"]).await;
    let mut change = world.change().await;
    for number in 0..1_001 {
        let (mut grant, digest) = world.grant_of(ann.id);
        let hour = if number == 0 { 11 } else { 12 };
        grant.expires_at = Expiry::at(format!("2026-05-08T{hour}:00:00Z").parse().unwrap()).unwrap();
        grant.name = if number == 0 { "ends first" } else { "one of many" }.parse().unwrap();
        change.insert_grant(&grant, world.state.index.keys().newest().id(), &digest).await.unwrap();
    }
    world.commit(change).await;
    let first = world.open(&session, RUN).await;
    for words in
        ["At least 1000 mails would be sent", "Only a part of the tokens that end soon", "one of many"]
    {
        assert!(first.text().contains(words), "{words}: {}", first.text());
    }
    assert!(!first.text().contains("ends first") && !first.text().contains("Look at the first tokens again"));
    let next = world.open(&session, &link(&first, "next").unwrap()).await;
    assert!(next.text().contains("At least 1000 mails would be sent"), "{}", next.text());
    let further = next.text().split("href=\"").find(|rest| rest.starts_with("/admin/reminders/run?from="));
    let further = further.unwrap().split('"').next().unwrap().to_owned();
    let last = world.open(&session, &further).await;
    for words in ["At least 1 mail would be sent", "ends first", "Look at the first tokens again"] {
        assert!(last.text().contains(words), "{words}: {}", last.text());
    }
    assert!(!last.text().contains("one of many") && !last.text().contains("Look at more tokens"));
    // Who may not see other people's tokens is told the same numbers.
    let clerk = world.user("clerk", &["login", "security#edit"]).await;
    let clerk = world.session(&clerk).await;
    let told = world.open(&clerk, &further).await;
    for words in ["At least 1 mail would be sent", "<code>token#view_all</code>"] {
        assert!(told.text().contains(words), "{words}: {}", told.text());
    }
    let token = world.token(&root, NewGrant { application: "any", ..NewGrant::default() }).await;
    let whole = world.send(get("/api/v1/reminders/preview").token(&token)).await.json();
    assert_eq!(whole["planned"], 1_001, "the API counts all");
    let run = world.send(post(RUN).submit(&session, &[])).await;
    let page = world.open(&session, run.header("location")).await;
    assert!(page.text().contains("<dt>Planned</dt><dd>1001</dd>"), "{}", page.text());
}
