//! Single sign-on at real identity providers: oidc-provider, which is certified, and oauth2-mock-server, which lies.

mod again;
mod attacks;
mod bearer;
mod clients;
mod direct;
mod flow;
mod liar;
mod log_outs;
mod outages;
mod proxy;

use patgate_core::user::User;
use patgate_testkit::clock::today;
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Certified, SECRET, Visitor};
use serde_json::{Value, json};

use crate::common::{Answer, World, get};

/// Where the servers of these tests are, which have no sockets.
pub(crate) const BASE: &str = "http://127.0.0.1:5516";

/// A server, and a provider that it calls `company`.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) provider: Certified,
}

impl Stage {
    /// With the client `patgate`, and these lines more in its table.
    pub(crate) async fn build(lines: &str) -> Self {
        Self::with_client("patgate", &format!("client_secret = '{SECRET}'\n{lines}")).await
    }

    /// With another client.
    pub(crate) async fn with_client(client: &str, lines: &str) -> Self {
        let port = ports::free();
        let world = world(&table("company", &Certified::issuer_on(port), client, lines)).await;
        Self { world, provider: Certified::start(port, BASE, "company") }
    }

    /// Somebody goes to the provider from a new browser and comes back: the address they come back to, and the cookie.
    pub(crate) async fn visit(&self, name: &str, next: &str) -> (String, String) {
        let (location, cookie) = begin(&self.world, "company", next).await;
        let back = Visitor::new(name, "any password").sign_in(&location, BASE);
        (back, cookie)
    }

    /// Somebody signs in from a new browser.
    pub(crate) async fn sign_in(&self, name: &str) -> Answer {
        let (back, cookie) = self.visit(name, "").await;
        come_back(&self.world, &back, &cookie).await
    }
}

/// What a provider with this URL says of itself.
pub(crate) fn document(url: &str) -> Value {
    json!({
        "issuer": url, "authorization_endpoint": format!("{url}/sign-in"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
    })
}

/// A server of today with the people of the provider's group `developers` let in.
pub(crate) async fn world(file: &str) -> World {
    let world = World::configured(file).await;
    world.clock.set(today());
    world.let_in("developers", "company").await;
    world
}

/// A provider's table in the configuration. Re-checks confirm, unless the lines say something else.
pub(crate) fn table(name: &str, issuer: &str, client: &str, lines: &str) -> String {
    let confirms = if lines.contains("recheck_confirms") { "" } else { "recheck_confirms = true\n" };
    format!(
        "[[oidc]]\nname = '{name}'\nissuer = '{issuer}'\nclient_id = '{client}'\n{confirms}\
         scopes = ['openid', 'profile', 'email', 'groups', 'offline_access']\n{lines}\n"
    )
}

/// The way to a provider: where the browser goes, and the cookie that it keeps.
pub(crate) async fn begin(world: &World, name: &str, next: &str) -> (String, String) {
    let answer = world.send(get(format!("/login/external/{name}?next={next}"))).await;
    assert_eq!(answer.status(), 303, "{}", answer.shown());
    let cookie = answer.header("set-cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"), "{cookie}");
    (answer.header("location").to_owned(), cookie.split(';').next().unwrap().to_owned())
}

/// The way back, with a cookie.
pub(crate) async fn come_back(world: &World, back: &str, cookie: &str) -> Answer {
    let path = back.strip_prefix(BASE).unwrap();
    world.send(get(path).header("cookie", cookie)).await
}

impl Answer {
    /// The cookies that it sets, whole.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.all("set-cookie")
    }

    /// `name=value` of the session that was opened.
    pub(crate) fn session_cookie(&self) -> Option<String> {
        let cookies = self.cookies();
        let session = cookies.iter().find(|line| line.starts_with("patgate_session="))?;
        Some(session.split(';').next()?.to_owned())
    }

    /// The page of a refused sign-in, without the number under which the log has the reason; panics when it was not
    /// refused, or not like every other.
    pub(crate) fn assert_refused(&self) -> String {
        let text = self.text();
        assert_eq!(self.status(), 403, "{}", self.shown());
        assert!(self.session_cookie().is_none() && text.contains("You are not signed in"), "{text}");
        assert!(text.contains("an administrator finds the reason in the log under "), "{text}");
        let forgets = |line: &String| line.starts_with("patgate_sign_in=;") && line.ends_with("Max-Age=0");
        assert!(self.cookies().iter().any(forgets));
        let (before, behind) = text.split_once("in the log under ").unwrap();
        let number = behind.chars().take_while(char::is_ascii_digit).count();
        assert!(number > 0, "{text}");
        format!("{before}in the log under …{}", &behind[number..])
    }
}

impl World {
    /// The user of this name, if there is one.
    pub(crate) async fn found(&self, name: &str) -> Option<User> {
        self.state.store.user_by_name(&name.parse().unwrap()).await.unwrap()
    }
}
