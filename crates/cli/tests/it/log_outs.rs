//! A certified identity provider tells a running server who has logged out there.

use patgate_testkit::curl::{Answer, curl};
use patgate_testkit::ports;
use patgate_testkit::servers::oidc::{Certified, SECRET, Visitor};
use patgate_testkit::servers::patgate::{Patgate, Start};
use serde_json::json;

use crate::actors::admin;

/// A server that is this client of the provider, and lets its developers in.
pub(crate) fn stage(start: Start, client: &str, lines: &str) -> (Patgate, Certified) {
    let port = ports::free();
    let file = format!(
        "[[oidc]]\nname = 'company'\nissuer = '{}'\nclient_id = '{client}'\n{lines}\n\
         scopes = ['openid', 'profile', 'email', 'groups']\n",
        Certified::issuer_on(port)
    );
    let patgate = start.configuration(file).start();
    let group = json!({ "username": "developers", "kind": "group", "provider": "company" });
    let role = json!({ "name": "developers", "permissions": ["login"], "principals": [group] });
    let answer = admin(&patgate).send("POST", "/api/v1/roles/developers", &role);
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    let provider = Certified::start(port, &patgate.url(), "company");
    (patgate, provider)
}

/// A browser in which somebody has signed in.
pub(crate) struct Browser {
    visitor: Visitor,
    /// `name=value` of the session's cookie.
    pub(crate) cookie: String,
}

impl Browser {
    pub(crate) fn of(patgate: &Patgate, name: &str) -> Self {
        let begun = curl([&patgate.url_of("/login/external/company")]);
        let way = cookie(&begun, "patgate_sign_in=");
        let visitor = Visitor::new(name, "any password");
        let back = visitor.sign_in(begun.header("location").unwrap(), &patgate.url());
        let arrived = curl(["-H", &format!("Cookie: {way}"), &back]);
        Self { visitor, cookie: cookie(&arrived, "patgate_session=") }
    }

    fn is_signed_in(&self, patgate: &Patgate) -> bool {
        let page = curl(["-H", &format!("Cookie: {}", self.cookie), &patgate.url_of("/account/profile")]);
        assert!([200, 303].contains(&page.status), "{}\n{}", page.text(), patgate.log());
        page.status == 200
    }
}

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer, name: &str) -> String {
    let lines = answer.headers.iter().filter(|(header, _)| header == "set-cookie").map(|(_, line)| line);
    let set = lines.filter_map(|line| line.split(';').next()).find(|set| set.starts_with(name));
    set.unwrap_or_else(|| panic!("no `{name}`: {} {}", answer.status, answer.text())).to_owned()
}

/// Alice has two browsers and bob has one; she logs out at the provider in her first. Who is signed in afterwards.
fn after_her_log_out(patgate: &Patgate, provider: &Certified) -> [bool; 3] {
    let browsers = ["alice", "alice", "bob"].map(|name| Browser::of(patgate, name));
    let are_signed_in = || browsers.each_ref().map(|browser| browser.is_signed_in(patgate));
    assert_eq!(are_signed_in(), [true; 3]);
    // The provider answers when it has told everybody.
    browsers[0].visitor.log_out(&provider.issuer());
    are_signed_in()
}

#[test]
fn a_provider_that_names_the_session_as_well_ends_the_one_in_which_somebody_logged_out() {
    let (patgate, provider) = stage(Patgate::with(), "patgate", &format!("client_secret = '{SECRET}'"));
    let open = after_her_log_out(&patgate, &provider);
    assert_eq!(open, [false, true, true], "{}\n{}", patgate.log(), provider.log());
}

#[test]
fn a_provider_that_names_the_subject_alone_ends_all_sessions_of_who_logged_out() {
    let lines = "client_secret = 'posted'\nclient_auth_method = 'client_secret_post'";
    let (patgate, provider) = stage(Patgate::with(), "patgate-post", lines);
    let open = after_her_log_out(&patgate, &provider);
    assert_eq!(open, [false, false, true], "{}\n{}", patgate.log(), provider.log());
}
