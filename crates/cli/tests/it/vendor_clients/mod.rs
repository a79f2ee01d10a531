//! The vendors' own clients, as customers use them: unmodified, over HTTP, against the program.

mod deploy;
mod release;

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::vendor::Client;

use crate::actors::Token;

/// Runs one of the scripts of a client.
fn script(client: Client, patgate: &Patgate, name: &str, token: &Token, more: &[&str]) {
    let (script, at) = match client {
        Client::Deploy => (include_str!("deploy.py"), patgate.ports()[0].to_string()),
        Client::Release => (include_str!("release.py"), patgate.url()),
        Client::ReleaseSdk => (include_str!("sdk.py"), patgate.url()),
    };
    let mut arguments = vec![at.as_str(), &token.text];
    if client != Client::ReleaseSdk {
        arguments.insert(0, name);
    }
    arguments.extend(more);
    let printed = client.run(script, &arguments);
    assert!(!printed.contains(&token.text[4..]), "{printed}");
}
