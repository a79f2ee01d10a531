//! Which application a path belongs to: the path, never the port, decides.

use patgate_core::application::ApplicationSlot;
use patgate_core::verify::Surface;

/// The surface of a path: Deploy under `/deployit` and at `/api/v1/deployit`, every token at its own page, Release
/// elsewhere.
#[must_use]
pub fn of_path(path: &str) -> Surface {
    if path == "/api/v1/personal-access-tokens/current" {
        Surface::Every
    } else if below(path, "/deployit") || below(path, "/api/v1/deployit") {
        Surface::Application(ApplicationSlot::DEPLOY)
    } else {
        Surface::Application(ApplicationSlot::RELEASE)
    }
}

/// Whether a path is this root or stands under it, by whole segments: `/deployitx` is not below `/deployit`.
#[must_use]
pub fn below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_decides() {
        let release = Surface::Application(ApplicationSlot::RELEASE);
        let deploy = Surface::Application(ApplicationSlot::DEPLOY);
        for (path, surface) in [
            ("/api/v1/releases", release),
            ("/api/v1/personal-access-tokens", release),
            ("/api/v1/personal-access-tokens/current", Surface::Every),
            ("/api/v1/deployit", deploy),
            ("/api/v1/deployitx", release),
            ("/deployit/tokens/users", deploy),
            ("/deployit", deploy),
        ] {
            assert_eq!(of_path(path), surface, "{path}");
        }
    }

    #[test]
    fn a_root_ends_at_a_segment() {
        for (path, is_below) in
            [("/deployit", true), ("/deployit/", true), ("/deployitx", false), ("/", false)]
        {
            assert_eq!(below(path, "/deployit"), is_below, "{path}");
        }
    }
}
