//! Scripts of releases that call a configured application, which is a real server: as whom, and what is refused.

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::upstream::Upstream;
use serde_json::{Value, json};

use crate::actors::{Person, admin};
use crate::releases::{log, script, start, wait_for};

/// An application whose orders need a permission of its own; and one without an address.
fn configuration(shop: &Upstream) -> String {
    format!(
        "[[application]]\nname = 'shop'\ntoken_prefix = 'shop'\nurl = '{}/api'\npermissions = ['shop#order']\n\
         [[application.rule]]\npath = '/orders/**'\npermission = 'shop#order'\n\
         [[application.rule]]\npath = '/prices/**'\n\
         [[application]]\nname = 'store'\ntoken_prefix = 'store'\n",
        shop.url()
    )
}

/// What became of a script that runs as somebody with this credential: its lines, or why it failed.
fn run(root: &Person<'_>, text: &str, credential: &Value) -> Result<Vec<String>, String> {
    let release = start(root, &[script(text)], credential);
    let ended = come_to_an_end(root, &release);
    let task = &ended["phases"][0]["tasks"][0];
    match task["status"].as_str() {
        Some("COMPLETED") => Ok(log(root, task)),
        _ => Err(task["statusLine"].as_str().unwrap_or_default().to_owned()),
    }
}

fn come_to_an_end(root: &Person<'_>, release: &str) -> Value {
    let is_over = |now: &Value| ["COMPLETED", "FAILED"].contains(&now["status"].as_str().unwrap_or_default());
    wait_for(root, release, is_over).unwrap()
}

#[test]
fn a_script_calls_an_application_as_the_owner_of_the_token_and_nobody_else() {
    let shop = Upstream::start();
    let patgate = Patgate::with().configuration(configuration(&shop)).start();
    let root = admin(&patgate);
    root.hire(
        "ann",
        "correct horse battery",
        &["release#view", "release#create", "template#create", "shop#order"],
    );
    root.hire("bob", "correct horse battery", &["release#view", "release#create", "template#create"]);
    let ann = Person::new(&patgate, "ann", "correct horse battery");
    let bob = Person::new(&patgate, "bob", "correct horse battery");
    let of = |token: &str| json!({ "scriptUserPassword": token });
    let (every, narrow) = (ann.token("every", "any").text, ann.token("narrow", "release").text);
    let call = "answer = api.post('shop:/orders/7?express=1', {'count': 3})\nprint(answer.status)";
    assert_eq!(run(&root, call, &of(&every)), Ok(vec!["200".to_owned()]));
    let arrived = shop.take_requests();
    let order = &arrived[0];
    assert_eq!(
        (arrived.len(), order.method.as_str(), order.uri.as_str()),
        (1, "POST", "/api/orders/7?express=1")
    );
    assert_eq!(
        (order.header("x-patgate-user"), order.header("x-patgate-token-name")),
        (Some("ann"), Some("every"))
    );
    assert_eq!(serde_json::from_slice::<Value>(&order.body).unwrap(), json!({ "count": 3 }));
    for name in ["authorization", "x-shop-personal-token", "x-release-personal-token", "cookie"] {
        assert_eq!(order.header(name), None, "no credential goes along: {name}");
    }
    let forged = "api.get('shop:/prices', headers={'X-Patgate-User': 'root'})";
    let password = json!({ "scriptUsername": "ann", "scriptUserPassword": "correct horse battery" });
    let bobs = of(&bob.token("every", "any").text);
    for (text, credential, why) in [
        (call, &of(&narrow), "the token is for another application"),
        (call, &bobs, "You do not have shop#order permission"),
        (call, &password, "takes no passwords"),
        ("api.get('shop:/stock')", &of(&every), "no rule of this application covers"),
        ("api.get('shop:/prices/../orders')", &of(&every), "segment"),
        ("api.get('store:/x')", &of(&every), "no application `store` with an address"),
        ("api.get('https://example.org/')", &of(&every), "or of a configured application"),
        (forged, &of(&every), "cannot set the header"),
    ] {
        let failed = run(&root, text, credential).unwrap_err();
        assert!(failed.contains(why), "{text}: {failed}");
    }
    assert!(shop.take_requests().is_empty(), "nothing of it arrived");
    assert_eq!(run(&root, "print(api.get('shop:/prices').status)", &bobs), Ok(vec!["200".to_owned()]));
}
