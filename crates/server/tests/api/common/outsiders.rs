//! People from outside, and how they come in.

use patgate_core::provider::ProviderName;
use patgate_core::user::Origin;
use patgate_server::provider::Person as Claims;
use patgate_server::service::sign_in::Arrival;

use super::World;

/// What a provider says of somebody at a sign-in.
pub(crate) fn claims(name: &str, groups: &[&str]) -> Claims {
    Claims {
        subject: format!("key-{name}"),
        username: name.to_owned(),
        full_name: String::new(),
        email: String::new(),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    }
}

/// A sign-in that began just now, and about which the provider was asked just now.
pub(crate) fn arrival<'a>(
    world: &World,
    origin: Origin,
    provider: &'a ProviderName,
    person: &'a Claims,
) -> Arrival<'a> {
    let (now, address) = (world.clock.now(), "192.0.2.7".parse().unwrap());
    Arrival { origin, provider, person, begun: now, asked: now, address, refresh_token: None }
}
