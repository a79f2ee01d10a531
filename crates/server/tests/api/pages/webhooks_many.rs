//! *Webhooks and Events* when there are many endpoints, wherever they are: page by page, with the newest request of each.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::Value;
use patgate_store::{Item, NewItem, StoredSecrets};

use super::configuration_tree::FOLDER;
use crate::common::{Answer, SignedIn, World};

const LIST: &str = "/configuration/webhooks";

impl World {
    /// Makes webhook endpoints at these places; the addresses that are called end with these texts.
    pub(super) async fn hooks(&self, places: impl IntoIterator<Item = (String, String)>) -> Vec<Item> {
        let new = places.into_iter().map(|(place, path)| {
            let properties = [
                ("enabled", Value::Boolean(true)),
                ("path", Value::Text(path)),
                ("authentication", Value::Text("none".to_owned())),
                ("requestRetention", Value::Integer(100)),
                ("action", Value::Text("keep".to_owned())),
            ];
            NewItem {
                number: ItemNumber::generate(&mut self.state.random.draw()),
                id: place.parse().unwrap(),
                type_name: "events.PostWebhookEndpoint".to_owned(),
                properties: properties.map(|(name, value)| (name.to_owned(), value)).into(),
                secrets: StoredSecrets::new(),
            }
        });
        let new: Vec<_> = new.collect();
        let mut change = self.change().await;
        let made = change.insert_items(&new).await.unwrap();
        self.commit(change).await;
        made
    }
}

/// Whether each of these rows of a page has a last request, from the first on.
fn last_requests(page: &Answer) -> Vec<bool> {
    let cells = page.text().split("data-label=\"Last request\">").skip(1);
    cells.map(|cell| cell.starts_with("<time")).collect()
}

/// The address to which a page leads.
fn link(page: &Answer, rel: &str) -> Option<String> {
    let link = page.text().split(&format!("rel=\"{rel}\" href=\"")).nth(1)?;
    Some(link.split('"').next().unwrap().replace("&#38;", "&"))
}

async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

#[tokio::test]
async fn endpoints_are_read_page_by_page_with_the_newest_request_of_each() {
    let world = World::new().await;
    let session = root(&world).await;
    // The list goes by places, of which this one is the first of all.
    let things = world.webhook_things().await;
    let folder = format!("Configuration/{}", "deep ".repeat(15).trim_end());
    world.items(FOLDER, [folder.clone()]).await;
    let places = (0..44).map(|number| (format!("{folder}/hook {number:02}"), format!("path-{number:02}")));
    let made = world.hooks(places.collect::<Vec<_>>()).await;
    let first = world.open(&session, LIST).await;
    assert_eq!(last_requests(&first), [&[true][..], &[false; 19]].concat(), "{}", first.text());
    let next = link(&first, "next").unwrap();
    assert_eq!(next, format!("{LIST}?after={}", made[18].number), "a place is named by a number");
    let second = world.open(&session, &next).await;
    assert!(second.text().contains(">hook 19</a>") && second.text().contains(">hook 38</a>"));
    assert_eq!(last_requests(&second), [false; 20]);
    let third = world.open(&session, &link(&second, "next").unwrap()).await;
    assert!(third.text().contains(">hook 43</a>") && link(&third, "next").is_none(), "{}", third.text());
    let back = world.open(&session, &link(&third, "prev").unwrap()).await;
    assert_eq!(link(&back, "next"), link(&second, "next"));
    let back = world.open(&session, &link(&back, "prev").unwrap()).await;
    assert!(back.text().contains(&format!("{LIST}/{}\"", things.endpoint)) && link(&back, "prev").is_none());
    // Behind an endpoint that is gone meanwhile, one begins again.
    let gone = world.open(&session, &format!("{LIST}?after={}", ItemNumber::from_i64(1))).await;
    assert_eq!((link(&gone, "prev"), link(&gone, "next")), (None, Some(next)));
    // Who may not read logs sees no requests.
    let viewer = world.user("viewer", &["login", "config#view"]).await;
    let viewer = world.session(&viewer).await;
    let page = world.open(&viewer, LIST).await;
    assert!(page.text().contains(">hook 00</a>") && last_requests(&page).is_empty(), "{}", page.text());
}
