//! *Configuration* when there is much: the tree is open down to the page, and shows the beginning of each folder on the way.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{Properties, Value};
use patgate_store::{Actor, Item, NewItem, StoredSecrets};

use super::link;
use crate::common::{Answer, SignedIn, World, post};

pub(super) const FOLDER: &str = "core.Directory";
pub(super) const MAIL: &str = "notification.PatSmtpServer";

impl World {
    /// Makes items of one type at these places.
    pub(super) async fn items(&self, type_name: &str, places: impl IntoIterator<Item = String>) -> Vec<Item> {
        self.items_by("test", type_name, places).await
    }

    /// The same, by whoever is called so.
    pub(super) async fn items_by(
        &self,
        name: &str,
        type_name: &str,
        places: impl IntoIterator<Item = String>,
    ) -> Vec<Item> {
        let new = places.into_iter().map(|place| {
            let text = |text: &str| Value::Text(text.to_owned());
            let of_mail = [
                ("host".to_owned(), text("127.0.0.1")),
                ("port".to_owned(), Value::Integer(1)),
                ("fromAddress".to_owned(), text("patgate@example.org")),
            ];
            NewItem {
                number: ItemNumber::generate(&mut self.state.random.draw()),
                id: place.parse().unwrap(),
                type_name: type_name.to_owned(),
                properties: if type_name == FOLDER { Properties::new() } else { of_mail.into() },
                secrets: StoredSecrets::new(),
            }
        });
        let new: Vec<_> = new.collect();
        let mut change = self.state.change(&Actor::system(name)).await.unwrap();
        let made = change.insert_items(&new).await.unwrap();
        self.commit(change).await;
        made
    }
}

async fn root(world: &World) -> SignedIn {
    let root = world.user("root", &["admin"]).await;
    world.session(&root).await
}

/// The names in the tree, with as many dots as they are deep; the one of the page with an arrow.
fn tree(page: &Answer) -> Vec<String> {
    let tree =
        page.text().split("aria-label=\"Explorer\"><ul>").nth(1).unwrap().split("</nav>").next().unwrap();
    let (mut depth, mut names) = (0_usize, Vec::new());
    for part in tree.split('<').skip(1) {
        match part {
            "ul>" => depth += 1,
            // The last one ends the tree.
            part if part.starts_with("/ul>") => depth = depth.saturating_sub(1),
            part if part.starts_with("a ") => {
                let (attributes, name) = part.split_once('>').unwrap();
                let arrow = if attributes.contains("aria-current=\"page\"") { "→" } else { "" };
                names.push(format!("{}{arrow}{name}", ".".repeat(depth)));
            }
            _ => {}
        }
    }
    names
}

fn rows(page: &Answer) -> Vec<String> {
    let rows = page.text().split("<th scope=\"row\" data-label=\"Name\"><a href=\"").skip(1);
    rows.map(|row| row.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_tree_is_open_down_to_the_page_and_closed_elsewhere() {
    let world = World::new().await;
    let root = root(&world).await;
    let place = |path: &str| format!("Configuration/{path}");
    let folders = world.items(FOLDER, ["Mail", "Mail/Old", "Other"].map(place)).await;
    let mails = world.items(MAIL, ["Mail/one", "Mail/Old/two", "Other/three", "zero"].map(place)).await;
    let at = async |item: &Item| tree(&world.open(&root, &format!("/configuration/{}", item.number)).await);
    let top = tree(&world.open(&root, "/configuration").await);
    assert_eq!(top, ["→Configuration", ".Mail", ".Other", ".zero"]);
    assert_eq!(
        at(&folders[0]).await,
        ["Configuration", ".→Mail", "..Old", "..one", ".Other", ".zero"],
        "what is in the folder of the page"
    );
    assert_eq!(
        at(&mails[1]).await,
        ["Configuration", ".Mail", "..Old", "...→two", "..one", ".Other", ".zero"]
    );
    // The form of a new item stands at the root.
    let new =
        world.open(&root, &format!("/configuration/new?type={MAIL}&folder={}", folders[1].number)).await;
    assert_eq!(tree(&new), top);
    assert!(new.text().contains("<option value=\"Configuration/Mail/Old\" selected>"), "{}", new.text());
    let menu = world.open(&root, &format!("/configuration/{}", folders[1].number)).await;
    assert!(menu.text().contains(&format!("&amp;folder={}\"", folders[1].number)), "{}", menu.text());
    for wrong in [mails[0].number.to_string(), "00000000000".to_owned()] {
        let page = world.open(&root, &format!("/configuration/new?type={MAIL}&folder={wrong}")).await;
        assert_eq!(page.status(), 404, "no folder");
    }
}

#[tokio::test]
async fn of_a_full_folder_the_tree_shows_the_beginning_and_the_list_has_pages_both_ways() {
    let world = World::new().await;
    let root = root(&world).await;
    let places = (0..45).map(|number| format!("Configuration/Item {number:02}"));
    let items = world.items(MAIL, places).await;
    let first = world.open(&root, "/configuration").await;
    let names = |numbers: std::ops::Range<usize>| {
        numbers.map(|number| format!("Item {number:02}")).collect::<Vec<_>>()
    };
    assert_eq!((rows(&first), link(&first, "prev")), (names(0..20), None));
    let shown = tree(&first);
    assert_eq!(
        (shown.len(), shown[20].as_str(), shown[21].as_str()),
        (22, ".Item 19", ".More in Configuration")
    );
    let second = world.open(&root, &link(&first, "next").unwrap()).await;
    let third = world.open(&root, &link(&second, "next").unwrap()).await;
    assert_eq!((rows(&third), link(&third, "next")), (names(40..45), None));
    let back = world.open(&root, &link(&third, "prev").unwrap()).await;
    assert_eq!((rows(&back), rows(&second)), (names(20..40), names(20..40)));
    // The item of the page stands in the tree wherever it is.
    for number in [3, 20, 44] {
        let shown = tree(&world.open(&root, &format!("/configuration/{}", items[number].number)).await);
        assert!(shown.contains(&format!(".→Item {number:02}")), "{shown:?}");
        assert_eq!(shown.last().unwrap(), ".More in Configuration");
    }
    let few = World::new().await;
    let session = self::root(&few).await;
    let items = few.items(MAIL, (0..21).map(|number| format!("Configuration/Item {number:02}"))).await;
    let page = few.open(&session, &format!("/configuration/{}", items[20].number)).await;
    assert_eq!(tree(&page).last().unwrap(), ".→Item 20", "then there are no more");
}

#[tokio::test]
async fn where_there_are_too_many_folders_to_choose_from_the_path_is_typed() {
    let world = World::new().await;
    let root = root(&world).await;
    let folders = world.items(FOLDER, (0..50).map(|number| format!("Configuration/F{number:02}"))).await;
    let path = format!("/configuration/new?type={MAIL}&folder={}", folders[7].number);
    let page = world.open(&root, &path).await;
    assert!(page.text().contains("<option value=\"Configuration/F07\" selected>"), "{}", page.text());
    world.items(FOLDER, ["Configuration/F50".to_owned()]).await;
    let page = world.open(&root, &path).await;
    assert!(
        page.text().contains("id=\"folder\" name=\"folder\" type=\"text\" value=\"Configuration/F07\""),
        "{}",
        page.text()
    );
    let fields = [("type", FOLDER), ("sent", "yes"), ("folder", "Configuration/none"), ("name", "New")];
    let wrong = world.send(post("/configuration/new").submit(&root, &fields)).await;
    assert_eq!(wrong.status(), 400, "{}", wrong.text());
    assert!(
        wrong.text().contains("id=\"folder-error\"") && wrong.text().contains("value=\"Configuration/none\"")
    );
    let fields = fields
        .map(|(name, value)| if name == "folder" { (name, "configuration/f07") } else { (name, value) });
    let made = world.send(post("/configuration/new").submit(&root, &fields)).await;
    assert_eq!(made.status(), 303, "{}", made.text());
    let there = world.state.store.item(&"Configuration/F07/New".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(there.id.as_str(), "Configuration/F07/New", "the folder is called as it is called");
}

#[tokio::test]
async fn where_there_are_too_many_mail_servers_to_choose_from_the_path_is_typed() {
    let world = World::new().await;
    let root = root(&world).await;
    world.items(MAIL, (0..10).map(|number| format!("Configuration/M{number:02}"))).await;
    let page = world.open(&root, "/settings/notifications").await;
    assert!(page.text().contains("<option value=\"Configuration/M09\">"), "{}", page.text());
    world.items(MAIL, ["Configuration/M10".to_owned()]).await;
    world.notify(|set| set.server = Some("Configuration/M10".parse().unwrap())).await;
    let page = world.open(&root, "/settings/notifications").await;
    let field = "id=\"server\" name=\"server\" type=\"text\" value=\"Configuration/M10\"";
    assert!(page.text().contains(field), "{}", page.text());
    assert!(!page.text().contains("There is no mail server yet"), "{}", page.text());
}
