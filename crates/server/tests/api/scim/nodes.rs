//! What a provider says to one node holds on the others.

use patgate_testkit::servers::postgres::Database;
use serde_json::json;

use super::person;
use crate::common::{IssuedToken, Provisioner, TWO_PROVIDERS, World, get};

/// More than are read at once anywhere.
const MANY: usize = 1_000;

async fn passing(node: &World, tokens: &[IssuedToken]) -> usize {
    let mut passing = 0;
    for token in tokens {
        let call = get("/auth").header("authorization", &format!("Bearer {}", token.text));
        passing += usize::from(node.send(call).await.status() == 200);
    }
    passing
}

#[tokio::test(flavor = "multi_thread")]
async fn one_word_ends_a_thousand_tokens_on_every_node_and_one_brings_them_back() {
    let database = tokio::task::spawn_blocking(Database::create).await.unwrap();
    let shared = format!("database_url = \"{}\"\n", database.url());
    let one = World::configured(&format!("{shared}{TWO_PROVIDERS}")).await;
    let keys = one.state.data_dir.join("keys");
    let file = format!("{shared}keys_file = '{}'\n{TWO_PROVIDERS}", keys.display());
    let two = World::in_folder(tempfile::tempdir().unwrap(), &file).await;
    let corp = Provisioner::of(&one, "corp").await;
    let (ann, bob) = (corp.user("ann").await, corp.user("bob").await);
    let anns = one.tokens(&person(&one, &ann).await, MANY).await;
    let bobs = one.tokens(&person(&one, &bob).await, 1).await;
    let hear = async || {
        let last = one.state.store.last_sequence().await.unwrap();
        two.state.node.apply_own(last).await.unwrap();
    };
    hear().await;
    for (is_active, expected) in [(true, MANY), (false, 0), (true, MANY)] {
        let path = format!("/Users/{ann}");
        let before = one.state.store.last_sequence().await.unwrap();
        let operation = json!([{ "op": "replace", "path": "active", "value": is_active }]);
        let answer = corp.patch(&path, &operation).await;
        assert_eq!((answer.status(), &answer.json()["active"]), (200, &json!(is_active)));
        // The node that answered refuses them at once; the other as soon as it has heard of the one change of one user.
        assert_eq!(passing(&one, &anns).await, expected);
        let changes = one.state.store.changes_after(before, 10_000).await.unwrap();
        assert!(changes.len() <= 2, "it does not depend on the number of tokens: {changes:?}");
        hear().await;
        assert_eq!(passing(&two, &anns).await, expected);
        assert_eq!((passing(&one, &bobs).await, passing(&two, &bobs).await), (1, 1));
    }
}
