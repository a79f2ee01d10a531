//! Who acts in the tests: people with a password, scripts with a token.

use patgate_testkit::curl::{Answer, curl};
use patgate_testkit::servers::patgate::{ADMIN_PASSWORD, Patgate};
use patgate_testkit::servers::postgres::Database;
use serde_json::{Value, json};

pub(crate) const TOKENS: &str = "/api/v1/personal-access-tokens";
pub(crate) const CURRENT: &str = "/api/v1/personal-access-tokens/current";

/// Somebody with a password.
pub(crate) struct Person<'p> {
    patgate: &'p Patgate,
    user: String,
}

/// A token as its owner got it.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// The first administrator.
pub(crate) fn admin(patgate: &Patgate) -> Person<'_> {
    Person::new(patgate, "admin", ADMIN_PASSWORD)
}

/// Somebody of a directory, who may log in. The first sign-in makes the user, whom the administrator can name then.
pub(crate) fn from_directory<'p>(
    patgate: &'p Patgate,
    provider: &str,
    name: &str,
    password: &str,
) -> Person<'p> {
    let person = Person::new(patgate, name, password);
    person.get("/api/v1/session");
    let principals = json!([{ "username": name, "provider": provider }]);
    let role = json!({ "principals": principals, "permissions": ["login"] });
    let made = admin(patgate).send("POST", "/api/v1/roles/people", &role);
    assert_eq!(made.status, 201, "{}", made.text());
    person
}

impl<'p> Person<'p> {
    pub(crate) fn new(patgate: &'p Patgate, name: &str, password: &str) -> Self {
        Self { patgate, user: format!("{name}:{password}") }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        curl(["--insecure", "-u", &self.user, &self.patgate.url_of(path)])
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let (json, body, url) =
            ("Content-Type: application/json", body.to_string(), self.patgate.url_of(path));
        curl(["--insecure", "-u", &self.user, "-X", method, "-H", json, "-d", &body, &url])
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        curl(["--insecure", "-u", &self.user, "-X", "DELETE", &self.patgate.url_of(path)])
    }

    /// A token that carries all permissions and lasts as long as it may.
    pub(crate) fn token(&self, name: &str, application: &str) -> Token {
        self.token_of(&json!({ "tokenNote": name, "application": application }))
    }

    pub(crate) fn token_of(&self, body: &Value) -> Token {
        let answer = self.send("POST", TOKENS, body);
        assert_eq!(answer.status, 201, "{}\n{}", answer.text(), self.patgate.log());
        let text = |field: &str| answer.json()[field].as_str().unwrap().to_owned();
        Token { id: text("id"), text: text("token") }
    }

    pub(crate) fn delete_token(&self, token: &Token) {
        let answer = self.delete(&format!("{TOKENS}/{}", token.id));
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    /// Makes a user with the role of the same name, which holds these permissions.
    pub(crate) fn hire(&self, name: &str, password: &str, permissions: &[&str]) {
        let user = json!({ "username": name, "password": password, "fullName": name, "email": "" });
        let answer = self.send("POST", &format!("/api/v1/users/{name}"), &user);
        assert!((200..300).contains(&answer.status), "{}: {}", answer.status, answer.text());
        let role = json!({ "name": name, "permissions": permissions, "principals": [{ "username": name }] });
        let answer = self.send("POST", &format!("/api/v1/roles/{name}"), &role);
        assert!((200..300).contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
}

/// Asks on one of the ports.
pub(crate) fn ask(patgate: &Patgate, port: usize, path: &str, words: &[&str]) -> Answer {
    let url = format!("{}{path}", patgate.url_of_listener(port));
    curl(words.iter().copied().chain([url.as_str()]))
}

/// Two servers on one database, with the same keys.
pub(crate) fn two_nodes(database: &Database) -> [Patgate; 2] {
    let one = Patgate::with().database_url(database.url()).start();
    let keys = one.data_directory().join("keys");
    let two = Patgate::with().database_url(database.url()).environment("PATGATE_KEYS_FILE", keys).start();
    [one, two]
}

/// The status that a script with this token gets at `/auth`.
pub(crate) fn auth(patgate: &Patgate, token: &str) -> u16 {
    with_bearer(&patgate.url_of("/auth"), token).status
}

/// `curl -H "Authorization: Bearer …" URL`.
pub(crate) fn with_bearer(url: &str, token: &str) -> Answer {
    curl(["--insecure", "-H", &format!("Authorization: Bearer {token}"), url])
}
