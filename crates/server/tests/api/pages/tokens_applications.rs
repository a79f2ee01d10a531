//! What applications are called on the pages: by the labels of the configuration.

use crate::common::{NewGrant, World, get, post};

const SHOP: &str = "[[application]]\nname = 'shop'\nlabel = 'The <i>shop</i>'\ntoken_prefix = 'shop'\n\
                    [[application]]\nname = 'deploy'\n[[application.rule]]\npath = '/**'\n";
const LABEL: &str = "The &#60;i&#62;shop&#60;/i&#62;";

#[tokio::test]
async fn an_application_is_called_by_its_label_wherever_a_token_is_shown() {
    let world = World::configured(SHOP).await;
    let root = world.user("root", &["admin"]).await;
    let session = world.session(&root).await;
    for page in ["/account/tokens", "/account/tokens/new"] {
        let page = world.open(&session, page).await;
        for (name, label) in [("any", "Any"), ("release", "Release"), ("deploy", "Deploy"), ("shop", LABEL)] {
            let options =
                [format!("value=\"{name}\">{label}<"), format!("value=\"{name}\" selected>{label}<")];
            assert!(options.iter().any(|option| page.text().contains(option)), "{name}: {}", page.text());
        }
    }
    let token =
        world.token(&root, NewGrant { name: "till", application: "shop", ..NewGrant::default() }).await;
    let (id, cell) = (token.id, format!("<td data-label=\"Application\">{LABEL}</td>"));
    let pages = ["/account/tokens", "/admin/tokens", "/settings/preview?maximum=30"].map(str::to_owned);
    for path in pages.into_iter().chain([format!("/admin/tokens/delete?id={id}")]) {
        let page = world.open(&session, &path).await;
        assert!(page.text().contains(&cell), "{path}: {}", page.text());
    }
    for path in [format!("/account/tokens/{id}/delete"), format!("/admin/tokens/{id}")] {
        let page = world.open(&session, &path).await;
        assert!(
            page.text().contains(&format!("<dt>Application</dt><dd>{LABEL}</dd>")),
            "{path}: {}",
            page.text()
        );
    }
    let form = world.open(&session, "/account/tokens/new").await;
    let id = form.text().split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [
        ("form", id),
        ("name", "by hand"),
        ("application", "shop"),
        ("expiration", "30"),
        ("permissions", "all"),
    ];
    let made = world.send(post("/account/tokens/new").submit(&session, &fields)).await;
    assert!(made.text().contains(&format!("<dt>Application</dt><dd>{LABEL}</dd>")), "{}", made.text());
    // Programs read its name.
    let listed = world.send(get("/api/v1/personal-access-tokens").session(&session)).await;
    assert!(
        listed.json().as_array().unwrap().iter().all(|token| token["application"] == "shop"),
        "{}",
        listed.json()
    );
}

#[tokio::test]
async fn a_token_of_an_application_that_is_configured_no_longer_shows_its_name() {
    let world = World::configured(SHOP).await;
    let ann = world.user("ann", &["login"]).await;
    world.token(&ann, NewGrant { application: "shop", ..NewGrant::default() }).await;
    let session = world.session(&ann).await;
    let world = World::in_folder(world.close().await, "").await;
    let page = world.open(&session, "/account/tokens").await;
    assert!(page.text().contains("<td data-label=\"Application\">shop</td>"), "{}", page.text());
    assert!(!page.text().contains("<option value=\"shop\""), "{}", page.text());
}
