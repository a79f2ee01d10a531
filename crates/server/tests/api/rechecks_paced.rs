//! Re-checks no faster than `recheck.people_per_second` allows. Who is told to stop asks about nobody after the first rest,
//! so that one call asks about those of one second.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use patgate_core::user::Origin;
use patgate_server::service::confirmations::{ask_directories, ask_providers};
use patgate_testkit::servers::fake_directory::{BIND, FakeDirectory, SEARCH, entry, message, result};
use patgate_testkit::servers::fake_http::{FakeHttp, Reply};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::common::World;
use crate::rechecks_in_vain::owner_from;

/// Rates, how many are due, and how many are asked about in each of the first seconds.
const TRIALS: [(u32, u32, [u32; 3]); 3] = [(1, 3, [1, 1, 1]), (2, 5, [2, 2, 1]), (7, 5, [5, 0, 0])];

fn recheck(people_per_second: u32) -> String {
    format!("[recheck]\ninterval_minutes = 1\npeople_per_second = {people_per_second}\n")
}

/// A directory that knows the users 0 to 9, and those of whom it was asked.
fn directory() -> (FakeDirectory, Arc<Mutex<BTreeSet<u8>>>) {
    let asked = Arc::<Mutex<BTreeSet<u8>>>::default();
    let noted = Arc::clone(&asked);
    let directory = FakeDirectory::start(move |request| {
        let id = request.id;
        let asks_for = |text: &[u8]| request.bytes.windows(text.len()).any(|bytes| bytes == text);
        match request.tag {
            BIND => Some(message(id, 0x61, &result(0))),
            SEARCH => {
                let named = |number: &u8| asks_for(format!("key-user{number}").as_bytes());
                let person = |number: u8| {
                    let (name, key) = (format!("user{number}"), format!("key-user{number}"));
                    let facts = [("uid", name.as_bytes()), ("entryUUID", key.as_bytes())];
                    message(id, 0x64, &entry(&format!("uid={name},dc=x"), &facts))
                };
                let numbers: Vec<_> = (0..10).filter(named).collect();
                noted.lock().unwrap().extend(&numbers);
                let found = numbers.into_iter().map(person);
                Some(found.chain([message(id, 0x65, &result(0))]).collect::<Vec<_>>().concat())
            }
            _ => None,
        }
    });
    (directory, asked)
}

/// So many owners of tokens, about whom a provider is to be asked now.
async fn owners(world: &World, origin: Origin, count: u32) {
    for number in 0..count {
        let token = (origin == Origin::Sso).then(|| format!("refresh-{number}"));
        owner_from(world, origin, &format!("user{number}"), token.as_deref()).await;
    }
    world.clock.set(world.clock.now() + SignedDuration::from_secs(61));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_asked_in_a_second_about_no_more_people_than_may_be() {
    let told_to_stop = CancellationToken::new();
    told_to_stop.cancel();
    for (rate, due, seconds) in TRIALS {
        let (directory, asked) = directory();
        let file = format!(
            "{}[[ldap]]\nname = 'company'\nurls = ['{}']\nallow_clear_text = true\nuser_search_base = 'dc=x'\n\
             manager_dn = 'cn=m'\nmanager_password = 'secret'\nrecheck_confirms = true\n",
            recheck(rate),
            directory.url()
        );
        let world = World::configured(&file).await;
        owners(&world, Origin::Ldap, due).await;
        for expected in seconds {
            let before = asked.lock().unwrap().len();
            ask_directories(&world.state, &told_to_stop).await.unwrap();
            let now = asked.lock().unwrap().len() - before;
            assert_eq!(now, expected as usize, "{due} due at {rate} a second");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_provider_is_asked_in_a_second_about_no_more_people_than_may_be() {
    let told_to_stop = CancellationToken::new();
    told_to_stop.cancel();
    for (rate, due, seconds) in TRIALS {
        let provider = FakeHttp::start(move |url, path| match path {
            // An answer that counts: it does not confirm them now.
            "/token" => Reply::text(400, json!({ "error": "invalid_grant" }).to_string()),
            "/keys" => Reply::json(&json!({ "keys": [] })),
            _ => Reply::json(&crate::sso::document(url)),
        });
        let table = crate::sso::table("company", &provider.url(), "patgate", "");
        let world = World::configured(&format!("{}{table}", recheck(rate))).await;
        owners(&world, Origin::Sso, due).await;
        let asked = || {
            let requests = provider.requests();
            let shown = requests.iter().filter(|(path, _)| path == "/token");
            shown.map(|(_, form)| form.clone()).collect::<BTreeSet<_>>().len()
        };
        for expected in seconds {
            let before = asked();
            ask_providers(&world.state, &told_to_stop).await.unwrap();
            assert_eq!(asked() - before, expected as usize, "{due} due at {rate} a second");
        }
    }
}
