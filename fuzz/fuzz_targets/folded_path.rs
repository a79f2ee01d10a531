//! Of any path only the slashes are written in another way, the query stays, and what is folded is not folded again.
#![no_main]

use http::{Method, Uri};
use patgate_fuzz::api::folded;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(uri) = text.parse::<Uri>() else { return };
    for method in [Method::GET, Method::POST] {
        let Some(folded_once) = folded(&method, &uri) else { continue };
        assert_eq!(folded(&method, &folded_once).unwrap_or_else(|| folded_once.clone()), folded_once);
        assert_eq!(folded_once.query(), uri.query());
        // These two lose a slash.
        if !uri.path().starts_with("/deployit/security/user/") {
            assert_eq!(with_slashes(&folded_once), with_slashes(&uri));
        }
    }
});

fn with_slashes(uri: &Uri) -> String {
    uri.path().replace("%2F", "/")
}
