//! The documented configuration of nginx, with the addresses that its head says are to be set.

use patgate_testkit::servers::patgate::Patgate;
use patgate_testkit::upstream::Upstream;

const RECIPE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/recipes/nginx/patgate.conf"));

/// nginx on this port asks Patgate, and leads to the application.
pub(crate) fn recipe(port: u16, patgate: &Patgate, upstream: &Upstream) -> String {
    let text = set(RECIPE, "127.0.0.1:5516", &format!("127.0.0.1:{}", patgate.ports()[0]));
    let text = set(&text, "127.0.0.1:8080", &upstream.address().to_string());
    set(&text, "127.0.0.1:8000", &format!("127.0.0.1:{port}"))
}

/// The same with something else in a place that must be there.
pub(crate) fn set(recipe: &str, from: &str, to: &str) -> String {
    assert!(recipe.contains(from), "the recipe has no `{from}` to set");
    recipe.replace(from, to)
}
