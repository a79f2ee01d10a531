//! SCIM with a real provisioner: canaille tells of its people by itself, through an nginx that puts the token in.

use patgate_testkit::servers::nginx::Nginx;
use patgate_testkit::servers::oidc::Canaille;
use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::{curl, ports};
use serde_json::{Value, json};

use crate::actors::{Person, Token, admin, auth};

const PASSWORD: &str = "correct horse battery";

/// A server with a provider whose SCIM client is `robot`, and the robot's token.
fn patgate() -> (Patgate, Token) {
    let file = "[[oidc]]\nname = 'company'\nissuer = 'http://localhost:9'\nclient_id = 'patgate'\nscim_user = 'robot'\n";
    let patgate = Patgate::with().configuration(file).start();
    let root = admin(&patgate);
    let made = |method: &str, path: &str, body: &Value| {
        let answer = root.send(method, path, body);
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
    };
    made("POST", "/api/v1/users/robot", &json!({ "fullName": "Robot", "password": PASSWORD }));
    let robot = json!({ "name": "robots", "permissions": ["scim#provision"], "principals": [{ "username": "robot" }] });
    made("POST", "/api/v1/roles/robots", &robot);
    let group = json!({ "username": "developers", "kind": "group", "provider": "company" });
    let developers = json!({ "name": "developers", "permissions": ["release#view"], "principals": [group] });
    made("POST", "/api/v1/roles/developers", &developers);
    let token = Person::new(&patgate, "robot", PASSWORD).token("provisioning", "any");
    (patgate, token)
}

#[test]
fn a_provisioner_tells_of_its_people_and_of_each_change() {
    let (patgate, token) = patgate();
    let nginx = Nginx::start(|port| {
        format!(
            "server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {}; \
             proxy_set_header Authorization \"Bearer {}\"; proxy_set_header Host $http_host; }} }}",
            patgate.url(),
            token.text
        )
    });
    let company =
        Canaille::provisioning(ports::free(), &format!("http://localhost:{}/scim/v2", nginx.port()));
    let listed = |kind: &str, query: &str| {
        let answer = curl::get(&format!("{}/scim/v2/{kind}?{query}", nginx.url()));
        assert_eq!(answer.status, 200, "{}\n{}", answer.text(), company.log());
        answer.json()
    };
    let user =
        |name: &str| listed("Users", &format!("filter=userName%20eq%20%22{name}%22"))["Resources"][0].take();
    let users = listed("Users", "");
    assert_eq!(users["totalResults"], 3, "{users}\n{}", patgate.log());
    let alice = user("alice");
    assert_eq!(alice["displayName"], "Alice Test");
    assert_eq!(alice["emails"][0]["value"], "alice@example.org");
    assert_eq!((&alice["externalId"], &alice["active"]), (&json!("u-alice"), &json!(true)));
    assert_eq!(user("carol")["active"], false);
    let groups = |user: &Value| -> Vec<String> {
        let groups = user["groups"].as_array().unwrap();
        groups.iter().map(|group| group["display"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(groups(&alice), ["admins", "developers"]);
    assert_eq!(listed("Groups", "")["totalResults"], 2);

    company.run(&["set", "user", "bob", "--formatted-name", "Bob Lee"]);
    assert_eq!(user("bob")["displayName"], "Bob Lee");
    let made =
        patgate.run(["token", "create", "--owner", "bob", "--name", "nightly", "--application", "any"]);
    let bobs = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    assert_eq!(auth(&patgate, &bobs), 200, "{}", String::from_utf8_lossy(&made.stderr));
    company.lock("bob");
    assert_eq!(auth(&patgate, &bobs), 401, "{}\n{}", company.log(), patgate.log());
    let bob = user("bob");
    assert_eq!((&bob["active"], &bob["displayName"]), (&json!(false), &json!("Bob Lee")));
    company.run(&["set", "group", "admins", "--members", "u-alice", "--members", "u-bob"]);
    assert_eq!(groups(&user("bob")), ["admins", "developers"]);
    let log = patgate.log();
    assert!(!log.contains(&token.text), "the token is in the log");
}
